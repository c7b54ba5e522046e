// SPDX-License-Identifier: Apache-2.0
/// What happens to an image, in a build that learns also when it is a labelled one.
///
/// A learned image is computed with the bank that learns and answered by the local expert that learns, never by the GE.
/// Beside that expert run those whose confidences the gate needs, and the gate, if the gate learns. It learns where it
/// could decide: in the MoE modes, with all experts enabled.
#pragma once

#include "compiler.hpp"
#include "interface.hpp"
#include "network.hpp"

namespace accel {

#if ACCEL_LEARN
/// What a labelled image does. The same function of the settings in every process, as the plan is.
struct Lesson {
  bool learned;
  bool refused;  // it should have been learned and could not be: it is an ordinary image
  bool local;    // the local expert learns it
  bool gate;     // the gate learns it
};

/// `ordinary`: what the settings make of an image without a label.
inline Lesson make_lesson(const Settings& settings, const Plan& ordinary) {
  ACCEL_INLINE
  const Learning& learning = settings.learning;
  const bool moe = settings.mode == kModeMoeParallel || settings.mode == kModeMoeGated;
  const bool asked = ordinary.image && learning.labelled[0] && (learning.local[0] || learning.gate[0]);
  const bool bank_ok = learning.bank < kBanks && settings.bank_valid[learning.bank];
  const bool expert_ok = learning.expert < kLocalExperts && settings.le_enable[learning.expert];
  const bool possible = (moe || settings.mode == kModeLeOnly) && bank_ok && expert_ok && learning.label < kClasses;
  const ap_uint<kMaxLocalExperts> everyone = (1u << kLocalExperts) - 1;
  const bool all_enabled = settings.ge_enable[0] && (everyone & ~settings.le_enable) == 0;
  Lesson lesson;
  lesson.learned = asked && possible;
  lesson.refused = asked && !possible;
  lesson.local = lesson.learned && learning.local[0] && learning.own[0];
  lesson.gate = lesson.learned && learning.gate[0] && moe && all_enabled;
  return lesson;
}

inline Lesson make_lesson(const Settings& settings) {
  ACCEL_INLINE
  return make_lesson(settings, make_plan<kLocalExperts>(settings));
}
#endif

inline Plan image_plan(const Settings& settings) {
  ACCEL_INLINE
  Plan plan = make_plan<kLocalExperts>(settings);
#if ACCEL_LEARN
  const Lesson lesson = make_lesson(settings, plan);
  if (lesson.learned) {
    plan.learned = true;
    plan.bank = settings.learning.bank;
    plan.use_ge = plan.gated = plan.no_bank = false;
    plan.use_gate = lesson.gate;
    if (settings.mode == kModeLeOnly) plan.disabled = false;
    plan.use_le = 0;
    if (lesson.gate && kConfidence) plan.use_le = (1u << kLocalExperts) - 1;
    plan.use_le[settings.learning.expert] = 1;
    plan.expert = settings.learning.expert + 1;
  }
#endif
  return plan;
}

}  // namespace accel
