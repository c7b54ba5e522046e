// SPDX-License-Identifier: Apache-2.0
/// Gating network (power domain PD_GN): which expert answers an image.
///
/// Pooling to m x m, optionally the local experts' confidences behind the pooled features, an optional hidden layer,
/// and one logit an expert, generic first. All weights are loaded at run time.
///
/// Formula: with the largest local logit (lowest index on a tie), local expert i answers when its logit minus the generic
/// one exceeds theta, otherwise the GE. A tie goes to the GE. The gate is binary: experts are not weighed.
/// In a build that learns (ACCEL_LEARN), the first layer's weights move behind a labelled image; its decision is not used.
/// Initiation interval: that of the slower dense layer.
#pragma once

#include "compiler.hpp"
#include "dense.hpp"
#include "image_plan.hpp"
#include "local_expert.hpp"
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

#if ACCEL_GATE_HIDDEN
typedef GateHidden GateFirst;
#else
typedef GateOut GateFirst;
#endif
typedef Beat<GateFirst::input_t, GateFirst::kSimd> GateInputBeat;
typedef Beat<GateFirst::output_t, GateFirst::kPe> GateFirstBeat;
typedef Beat<GateOut::output_t, GateOut::kPe> GateLogitBeat;

struct GateBanks {
#if ACCEL_GATE_HIDDEN
  WeightBanks<GateHidden, kBanks> hidden;
#endif
  WeightBanks<GateOut, kBanks> out;

  void write(const WeightWrite& request) {
    ACCEL_INLINE
    if (request.layer == kLayerGateOut) out.write(request);
#if ACCEL_GATE_HIDDEN
    if (request.layer == kLayerGateHidden) hidden.write(request);
#endif
  }
#if ACCEL_LEARN

  /// The chunk at a write's address.
  ap_uint<32> read(const WeightWrite& request) const {
    ACCEL_INLINE
#if ACCEL_GATE_HIDDEN
    if (request.layer == kLayerGateHidden) return hidden.read(request);
#endif
    return out.read(request);
  }
#endif
};

/// What learning needs of an image behind its answer; nothing in a build that does not learn.
struct GateKept {
#if ACCEL_LEARN
  bool wanted;
  Channel<GateInputBeat> inputs;  // of the first layer
  Channel<GateLogitBeat> logits;
#if ACCEL_GATE_HIDDEN
  Channel<GateFirstBeat> hidden;
#endif
#endif
};

/// The first layer, which may learn.
inline void gate_first(const GateBanks& memory, const ap_uint<kBankBits> bank, Channel<GateInputBeat>& words,
                       GateKept& kept, Channel<GateFirstBeat>& out) {
  ACCEL_DATAFLOW
#if ACCEL_GATE_HIDDEN
  const BankView<GateHidden, kBanks> weights = {memory.hidden, bank};
#else
  const BankView<GateOut, kBanks> weights = {memory.out, bank};
#endif
#if ACCEL_LEARN
  Channel<GateInputBeat> inputs ACCEL_NAMED("gate_inputs");
  ACCEL_PRAGMA(STREAM variable = inputs depth = 4)
  keep<GateFirst::kWords>(kept.wanted, words, inputs, kept.inputs);
#if ACCEL_GATE_HIDDEN
  Channel<GateFirstBeat> values ACCEL_NAMED("gate_values");
  ACCEL_PRAGMA(STREAM variable = values depth = 4)
  matrix_vector<GateFirst>(inputs, values, weights);
  keep<GateFirst::kFolds>(kept.wanted, values, out, kept.hidden);
#else
  matrix_vector<GateFirst>(inputs, out, weights);
#endif
#else
  matrix_vector<GateFirst>(words, out, weights);
#endif
}

/// The confidences as words of the first gate layer, padded with zeros to whole words.
template <class Layer>
void confidence_words(const Confidence (&confidence)[kLocalExperts],
                      Channel<Beat<typename Layer::input_t, Layer::kSimd> >& words) {
  typedef Beat<typename Layer::input_t, Layer::kSimd> word_t;
  const unsigned kExtraWords = Layer::kWords - kGatePooled / Layer::kSimd;
  ap_uint<kFeatureBits> extra[(kExtraWords + 1) * Layer::kSimd];
  ACCEL_PRAGMA(ARRAY_PARTITION variable = extra complete)
  ACCEL_UNROLL_BEFORE
  for (unsigned i = 0; i < (kExtraWords + 1) * Layer::kSimd; i++) {
    ACCEL_UNROLL_INSIDE
    extra[i] = 0;
  }
  ACCEL_UNROLL_BEFORE
  for (unsigned e = 0; e < kLocalExperts; e++) {
    ACCEL_UNROLL_INSIDE
    extra[2 * e] = confidence[e].top;
    extra[2 * e + 1] = confidence[e].margin;
  }
  for (unsigned w = 0; w < kExtraWords; w++) {
    ACCEL_PIPELINE
    word_t word;
    ACCEL_UNROLL_BEFORE
    for (unsigned lane = 0; lane < Layer::kSimd; lane++) {
      ACCEL_UNROLL_INSIDE
      word[lane] = from_raw<typename Layer::input_t>(extra[w * Layer::kSimd + lane]);
    }
    send(words, word);
  }
}

/// The first gate layer's words: pooled features, then the confidences.
template <class Layer>
void append_confidence(Channel<FeatureBeat>& pooled, Channel<Confidence> (&confidence)[kLocalExperts],
                       Channel<Beat<typename Layer::input_t, Layer::kSimd> >& words) {
  stream_width<kGatePooled, FeatureBeat, Beat<typename Layer::input_t, Layer::kSimd> >(pooled, words);
  if (kConfidence) {
    Confidence all[kLocalExperts];
    ACCEL_UNROLL_BEFORE
    for (unsigned e = 0; e < kLocalExperts; e++) {
      ACCEL_UNROLL_INSIDE
      all[e] = receive<Confidence>(confidence[e]);
    }
    confidence_words<Layer>(all, words);
  }
}

/// 0 for the GE, i for local expert i - 1.
inline void decide(const ap_int<kThetaBits> theta, Channel<GateLogitBeat>& logits,
                   hls::stream<ap_uint<4> >& decision) {
  typedef ap_int<GateOut::output_t::width> logit_t;
  const unsigned kBeats = (kLocalExperts + 1) / GateOut::kPe;
  logit_t generic = 0;
  logit_t best = 0;
  ap_uint<4> best_index = 0;
  GateLogitBeat beat;
  for (unsigned b = 0; b < kBeats; b++) {
    for (unsigned lane = 0; lane < GateOut::kPe; lane++) {
      ACCEL_PIPELINE
      if (lane == 0) beat = receive<GateLogitBeat>(logits);
      const logit_t logit = raw(beat[lane]);
      const unsigned index = b * GateOut::kPe + lane;
      if (index == 0) {
        generic = logit;
      } else if (index == 1 || logit > best) {
        best = logit;
        best_index = index;
      }
    }
  }
  decision.write(best - generic > theta ? best_index : ap_uint<4>(0));
}

inline void gate_layers(const GateBanks& memory, const ap_uint<kBankBits> bank, const ap_int<kThetaBits> theta,
                        Channel<FeatureBeat>& features, Channel<Confidence> (&confidence)[kLocalExperts],
                        GateKept& kept, hls::stream<ap_uint<4> >& decision) {
  ACCEL_DATAFLOW
  Channel<FeatureBeat> pooled ACCEL_NAMED("gate_pooled");
  Channel<GateLogitBeat> logits ACCEL_NAMED("gate_logits");
  Channel<GateInputBeat> words ACCEL_NAMED("gate_words");
  ACCEL_GATE_POOL<GatePool>(features, pooled);
  TAP(kTapGatePool, pooled);
  append_confidence<GateFirst>(pooled, confidence, words);
#if ACCEL_GATE_HIDDEN
  Channel<GateFirstBeat> hidden ACCEL_NAMED("gate_hidden");
  ACCEL_PRAGMA(STREAM variable = hidden depth = GateHidden::kFolds)
  const BankView<GateOut, kBanks> out_weights = {memory.out, bank};
  gate_first(memory, bank, words, kept, hidden);
  TAP(kTapGateHidden, hidden);
  dense<GateOut>(hidden, logits, out_weights);
#else
  gate_first(memory, bank, words, kept, logits);
#endif
  TAP(kTapGateOut, logits);
#if ACCEL_LEARN
  Channel<GateLogitBeat> to_decide ACCEL_NAMED("gate_to_decide");
  ACCEL_PRAGMA(STREAM variable = to_decide depth = 4)
  keep<GateOut::kFolds>(kept.wanted, logits, to_decide, kept.logits);
  decide(theta, to_decide, decision);
#else
  decide(theta, logits, decision);
#endif
}

#if ACCEL_LEARN
#if ACCEL_GATE_HIDDEN
/// A hidden unit goes where it helps the target against its rival; one at either end of its range would not follow.
inline Directions<GateHidden> pulls(const GateBanks& memory, const ap_uint<kBankBits> bank, const ap_uint<8>& target,
                                    const ap_uint<8>& rival, Channel<GateFirstBeat>& hidden) {
  typedef ap_uint<GateHidden::output_t::width> value_t;
  const value_t full = ~value_t(0);
  const BankView<GateOut, kBanks> weights = {memory.out, bank};
  Directions<GateHidden> directions;
  for (unsigned fold = 0; fold < GateHidden::kFolds; fold++) {
    ACCEL_PRAGMA(PIPELINE)
    const GateFirstBeat beat = receive<GateFirstBeat>(hidden);
    ACCEL_UNROLL_BEFORE
    for (unsigned pe = 0; pe < GateHidden::kPe; pe++) {
      ACCEL_UNROLL_INSIDE
      const unsigned unit = fold * GateHidden::kPe + pe;
      const value_t value = raw(beat[pe]);
      const GateOut::weight_t up = weights.at(target.to_uint(), unit);
      const GateOut::weight_t down = weights.at(rival.to_uint(), unit);
      const bool follows = value != 0 && value != full;
      directions.row[fold][pe] = !follows || up == down ? 0 : up > down ? 1 : -1;
    }
  }
  return directions;
}
#endif

/// An own image is the learning expert's, a generic one the GE's: its row must be far enough above the best other one.
inline HeadLesson learn_gate(GateBanks& memory, const Learning& learning, const Dither& start, GateKept& kept) {
  const bool own = learning.own[0];
  const ap_uint<8> target = own ? ap_uint<8>(learning.expert + 1) : ap_uint<8>(0);
  const ap_uint<kMarginBits> margin = own ? learning.own_margin : learning.generic_margin;
  const Rival rival = find_rival<kLocalExperts + 1, GateLogitBeat>(kept.logits, target, margin);
  HeadLesson lesson = {rival.within, 0};
#if ACCEL_GATE_HIDDEN
  const Directions<GateFirst> directions = pulls(memory, learning.bank, target, rival.index, kept.hidden);
  WeightBanks<GateFirst, kBanks>& weights = memory.hidden;
#else
  const Directions<GateFirst> directions = one_against_one<GateFirst>(target, rival.index);
  WeightBanks<GateFirst, kBanks>& weights = memory.out;
#endif
  if (rival.within) {
    lesson.lost = move_rows(weights, learning.bank, directions, kept.inputs, learning.gate_shift, start);
  } else {
    drop<GateFirst::kWords>(kept.inputs);
  }
  return lesson;
}
#endif

/// The decision goes to whoever needs it: the mux always, the GE and the power enables when they wait for it; that on a
/// learned image to nobody.
inline void gating_network(GateBanks& memory, const Settings settings, Channel<WeightWrite>& writes,
                           Channel<FeatureBeat>& features, Channel<Confidence> (&confidence)[kLocalExperts],
#if ACCEL_LEARN
                           hls::stream<Dither>& dither, Channel<HeadLesson>& lesson,
#endif
                           hls::stream<ap_uint<4> >& to_mux, hls::stream<ap_uint<4> >& to_ge,
                           hls::stream<ap_uint<4> >& to_power) {
  const Plan plan = image_plan(settings);
  take_writes<kMaxWrites>(writes, memory);
  if (plan.use_gate) {
    hls::stream<ap_uint<4> > decision ACCEL_NAMED("decision");
    ACCEL_PRAGMA(STREAM variable = decision depth = 2)
    GateKept kept;
#if ACCEL_LEARN
    ACCEL_PRAGMA(STREAM variable = kept.inputs depth = GateFirst::kWords)
    ACCEL_PRAGMA(STREAM variable = kept.logits depth = GateOut::kFolds)
#if ACCEL_GATE_HIDDEN
    ACCEL_PRAGMA(STREAM variable = kept.hidden depth = GateHidden::kFolds)
#endif
    kept.wanted = plan.learned;
#endif
    gate_layers(memory, plan.bank, settings.theta, features, confidence, kept, decision);
    const ap_uint<4> expert = decision.read();
    if (!plan.learned) to_mux.write(expert);
    if (plan.gated) {
      to_ge.write(expert);
      to_power.write(expert);
    }
#if ACCEL_LEARN
    if (kept.wanted) send(lesson, learn_gate(memory, settings.learning, dither.read(), kept));
#endif
  }
}

}  // namespace accel
