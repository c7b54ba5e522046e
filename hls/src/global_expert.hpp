// SPDX-License-Identifier: Apache-2.0
/// Global expert behind the tap (power domain PD_GE): its frozen tail and the class.
///
/// When the image is gated, it first waits for the gate's decision: the tail is not started for an image that a local
/// expert answers, and the features that were kept for it are dropped.
#pragma once

#include "arg_max.hpp"
#include "compiler.hpp"
#include "image_plan.hpp"
#include "layers.hpp"

namespace accel {

inline void answer_global(Channel<LogitBeat>& logits, hls::stream<ap_uint<8> >& answer) {
  answer.write(arg_max<kClasses, LogitBeat>(logits).index);
}

inline void global_expert_layers(Channel<FeatureBeat>& features, hls::stream<ap_uint<8> >& answer) {
  ACCEL_DATAFLOW
  Channel<LogitBeat> logits ACCEL_NAMED("ge_logits");
  ACCEL_PRAGMA(STREAM variable = logits depth = 4)
  ge_tail(features, logits);
  answer_global(logits, answer);
}

inline void global_expert(const Settings settings, hls::stream<ap_uint<4> >& decision,
                          Channel<FeatureBeat>& features, hls::stream<ap_uint<8> >& answer) {
  const Plan plan = image_plan(settings);
  if (!plan.use_ge) return;
  if (plan.gated && decision.read() != 0) {
    for (unsigned i = 0; i < kFeatureBeats; i++) {
      ACCEL_PIPELINE
      features.read();
    }
  } else {
    global_expert_layers(features, answer);
  }
}

}  // namespace accel
