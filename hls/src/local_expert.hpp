// SPDX-License-Identifier: Apache-2.0
/// Local expert (power domain PD_LE): pooling to n x n, an optional hidden layer, a dense layer, with run-time weights.
///
/// Gives the class, and for the gate the confidence: top logit and margin to the second one, requantised to a feature's
/// width. Initiation interval: that of the slower dense layer.
/// In a build that learns (ACCEL_LEARN), the output layer's weights move behind the answer to a labelled image.
/// Does not: run for an image whose plan does not name it; it only takes the weight writes then.
#pragma once

#include "arg_max.hpp"
#include "compiler.hpp"
#include "dense.hpp"
#include "image_plan.hpp"
#include "network.hpp"
#include "runtime_layer.hpp"
#include "weight_bank.hpp"
#if ACCEL_LEARN
#include "keep.hpp"
#include "lfsr.hpp"
#include "move_rows.hpp"
#include "rival.hpp"
#endif

namespace accel {

/// The gate's confidence inputs of one local expert, as integers.
struct Confidence {
  ap_uint<kFeatureBits> top;
  ap_uint<kFeatureBits> margin;

  typedef ap_uint<2 * kFeatureBits> word_t;

  word_t to_word() const {
    ACCEL_INLINE
    return (word_t(margin) << kFeatureBits) | word_t(top);
  }

  static Confidence from_word(const word_t& word) {
    ACCEL_INLINE
    Confidence confidence;
    confidence.top = word;
    confidence.margin = word >> kFeatureBits;
    return confidence;
  }
};

#if ACCEL_LE_HIDDEN
typedef LeOut LeLast;
#else
typedef Le LeLast;
#endif

struct LeBanks {
#if ACCEL_LE_HIDDEN
  WeightBanks<LeHidden, kBanks> hidden;
#endif
  WeightBanks<LeLast, kBanks> out;

  void write(const WeightWrite& request) {
    ACCEL_INLINE
#if ACCEL_LE_HIDDEN
    if (request.layer >= kLayerLocalHidden) {
      hidden.write(request);
    } else {
      out.write(request);
    }
#else
    if (request.layer < kLayerLocalHidden) out.write(request);
#endif
  }
#if ACCEL_LEARN

  /// The chunk at a write's address.
  ap_uint<32> read(const WeightWrite& request) const {
    ACCEL_INLINE
#if ACCEL_LE_HIDDEN
    if (request.layer >= kLayerLocalHidden) return hidden.read(request);
#endif
    return out.read(request);
  }
#endif
};
typedef Beat<LeLast::input_t, LeLast::kSimd> LeInputBeat;
typedef Beat<LeLast::output_t, LeLast::kPe> LeLogitBeat;

/// What learning needs of an image behind its answer; nothing in a build that does not learn.
struct LeKept {
#if ACCEL_LEARN
  bool wanted;
  Channel<LeInputBeat> inputs;  // of the output layer
  Channel<LeLogitBeat> logits;
#endif
};

/// Class and confidence from the logits.
inline void answer_local(const bool to_gate, Channel<LeLogitBeat>& logits, hls::stream<ap_uint<8> >& answer,
                         Channel<Confidence>& confidence) {
  const Best<LeLast::output_t::width> best = arg_max<kClasses, LeLogitBeat>(logits);
  answer.write(best.index);
  if (to_gate) {
    const ap_int<LeLast::output_t::width + 1> margin = best.top - best.second;
    Confidence c;
    c.top = requantize<kFeatureBits, kConfidenceShift>(best.top);
    c.margin = requantize<kFeatureBits, kConfidenceShift>(margin);
    send(confidence, c);
  }
}

/// The output layer, which may learn.
template <class InBeat>
void local_output(const LeBanks& memory, const ap_uint<kBankBits> bank, Channel<InBeat>& in, LeKept& kept,
                  Channel<LeLogitBeat>& logits) {
  ACCEL_DATAFLOW
  const BankView<LeLast, kBanks> weights = {memory.out, bank};
#if ACCEL_LEARN
  Channel<LeInputBeat> words ACCEL_NAMED("le_words");
  ACCEL_PRAGMA(STREAM variable = words depth = 4)
  Channel<LeInputBeat> inputs ACCEL_NAMED("le_inputs");
  ACCEL_PRAGMA(STREAM variable = inputs depth = 4)
  Channel<LeLogitBeat> sums ACCEL_NAMED("le_sums");
  ACCEL_PRAGMA(STREAM variable = sums depth = 4)
  stream_width<LeLast::kInputs, InBeat, LeInputBeat>(in, words);
  keep<LeLast::kWords>(kept.wanted, words, inputs, kept.inputs);
  matrix_vector<LeLast>(inputs, sums, weights);
  keep<LeLast::kFolds>(kept.wanted, sums, logits, kept.logits);
#else
  dense<LeLast>(in, logits, weights);
#endif
}

inline void local_expert_layers(const LeBanks& memory, const ap_uint<kBankBits> bank, const unsigned index,
                                const bool to_gate, Channel<FeatureBeat>& features,
                                LeKept& kept, hls::stream<ap_uint<8> >& answer,
                                Channel<Confidence>& confidence) {
  ACCEL_DATAFLOW
  Channel<FeatureBeat> pooled ACCEL_NAMED("le_pooled");
  Channel<LeLogitBeat> logits ACCEL_NAMED("le_logits");
  ACCEL_PRAGMA(STREAM variable = logits depth = 4)
  ACCEL_LE_POOL<LePool>(features, pooled);
  TAP_IF(index == 0, kTapLePool, pooled);  // the same for all of them
#if ACCEL_LE_HIDDEN
  // All units of an image come within a few cycles; they wait here for the output layer, not in the hidden one.
  typedef Beat<LeHidden::output_t, LeHidden::kPe> hidden_beat_t;
  Channel<hidden_beat_t> hidden ACCEL_NAMED("le_hidden");
  ACCEL_PRAGMA(STREAM variable = hidden depth = LeHidden::kFolds)
  const BankView<LeHidden, kBanks> hidden_weights = {memory.hidden, bank};
  dense<LeHidden>(pooled, hidden, hidden_weights);
  TAP(kTapLe + kLeLayers * index, hidden);
  local_output<hidden_beat_t>(memory, bank, hidden, kept, logits);
#else
  local_output<FeatureBeat>(memory, bank, pooled, kept, logits);
#endif
  TAP(kTapLe + kLeLayers * index + kLeLayers - 1, logits);
  answer_local(to_gate, logits, answer, confidence);
}

#if ACCEL_LEARN
/// The label's row moves towards the image and its rival's away, if the label's logit is not far enough above.
inline HeadLesson learn_local(LeBanks& memory, const Learning& learning, const Dither& start, LeKept& kept) {
  const Rival rival = find_rival<kClasses, LeLogitBeat>(kept.logits, learning.label, learning.local_margin);
  HeadLesson lesson = {rival.within, 0};
  if (rival.within) {
    const Directions<LeLast> directions = one_against_one<LeLast>(learning.label, rival.index);
    lesson.lost = move_rows(memory.out, learning.bank, directions, kept.inputs, learning.local_shift, start);
  } else {
    drop<LeLast::kWords>(kept.inputs);
  }
  return lesson;
}
#endif

inline void local_expert(LeBanks& memory, const Settings settings, const unsigned index,
                         Channel<WeightWrite>& writes, Channel<FeatureBeat>& features,
#if ACCEL_LEARN
                         hls::stream<Dither>& dither, Channel<HeadLesson>& lesson,
#endif
                         hls::stream<ap_uint<8> >& answer, Channel<Confidence>& confidence) {
  const Plan plan = image_plan(settings);
  take_writes<kMaxWrites>(writes, memory);
  if (plan.use_le[index]) {
    LeKept kept;
#if ACCEL_LEARN
    ACCEL_PRAGMA(STREAM variable = kept.inputs depth = LeLast::kWords)
    ACCEL_PRAGMA(STREAM variable = kept.logits depth = LeLast::kFolds)
    kept.wanted = make_lesson(settings).local && settings.learning.expert == index;
#endif
    local_expert_layers(memory, plan.bank, index, plan.use_gate && kConfidence, features, kept, answer, confidence);
#if ACCEL_LEARN
    if (kept.wanted) send(lesson, learn_local(memory, settings.learning, dither.read(), kept));
#endif
  }
}

}  // namespace accel
