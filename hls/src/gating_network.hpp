// SPDX-License-Identifier: Apache-2.0
/// Gating network (power domain PD_GN): which expert answers an image.
///
/// Pooling to m x m, optionally the local experts' confidences behind the pooled features, an optional hidden layer,
/// and one logit an expert, generic first. All weights are loaded at run time.
///
/// Formula: with the largest local logit (lowest index on a tie), local expert i answers when its logit minus the generic
/// one exceeds theta, otherwise the GE. A tie goes to the GE. The gate is binary: experts are not weighed.
/// Initiation interval: that of the slower dense layer.
#pragma once

#include "dense.hpp"
#include "local_expert.hpp"
#include "network.hpp"
#include "weight_bank.hpp"

namespace accel {

typedef Beat<GateOut::output_t, GateOut::kPe> GateLogitBeat;

struct GateBanks {
#if ACCEL_GATE_HIDDEN
  WeightBanks<GateHidden, kBanks> hidden;
#endif
  WeightBanks<GateOut, kBanks> out;

  void write(const WeightWrite& request) {
#pragma HLS INLINE
    if (request.layer == kLayerGateOut) out.write(request);
#if ACCEL_GATE_HIDDEN
    if (request.layer == kLayerGateHidden) hidden.write(request);
#endif
  }
};

/// The first gate layer's words: pooled features, then the confidences, padded with zeros to whole words.
template <class Layer>
void append_confidence(hls::stream<FeatureBeat>& pooled, hls::stream<Confidence> (&confidence)[kLocalExperts],
                       hls::stream<Beat<typename Layer::input_t, Layer::kSimd> >& words) {
  const unsigned kExtraWords = Layer::kWords - kGatePooled / Layer::kSimd;
  stream_width<kGatePooled>(pooled, words);
  if (kConfidence) {
    ap_uint<kFeatureBits> extra[(kExtraWords + 1) * Layer::kSimd];
#pragma HLS ARRAY_PARTITION variable = extra complete
    for (unsigned i = 0; i < (kExtraWords + 1) * Layer::kSimd; i++) {
#pragma HLS UNROLL
      extra[i] = 0;
    }
    for (unsigned e = 0; e < kLocalExperts; e++) {
#pragma HLS UNROLL
      const Confidence c = confidence[e].read();
      extra[2 * e] = c.top;
      extra[2 * e + 1] = c.margin;
    }
    for (unsigned w = 0; w < kExtraWords; w++) {
#pragma HLS PIPELINE II = 1
      Beat<typename Layer::input_t, Layer::kSimd> word;
      for (unsigned lane = 0; lane < Layer::kSimd; lane++) {
#pragma HLS UNROLL
        word[lane] = from_raw<typename Layer::input_t>(extra[w * Layer::kSimd + lane]);
      }
      words.write(word);
    }
  }
}

/// 0 for the GE, i for local expert i - 1.
inline void decide(const ap_int<kThetaBits> theta, hls::stream<GateLogitBeat>& logits,
                   hls::stream<ap_uint<4> >& decision) {
  typedef ap_int<GateOut::output_t::width> logit_t;
  const unsigned kBeats = (kLocalExperts + 1) / GateOut::kPe;
  logit_t generic = 0;
  logit_t best = 0;
  ap_uint<4> best_index = 0;
  GateLogitBeat beat;
  for (unsigned b = 0; b < kBeats; b++) {
    for (unsigned lane = 0; lane < GateOut::kPe; lane++) {
#pragma HLS PIPELINE II = 1
      if (lane == 0) beat = logits.read();
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
                        hls::stream<FeatureBeat>& features, hls::stream<Confidence> (&confidence)[kLocalExperts],
                        hls::stream<ap_uint<4> >& decision) {
#pragma HLS DATAFLOW
  hls::stream<FeatureBeat> pooled("gate_pooled");
  hls::stream<GateLogitBeat> logits("gate_logits");
  const BankView<GateOut, kBanks> out_weights = {memory.out, bank};
  ACCEL_GATE_POOL<GatePool>(features, pooled);
  TAP(kTapGatePool, pooled);
#if ACCEL_GATE_HIDDEN
  hls::stream<Beat<GateHidden::input_t, GateHidden::kSimd> > words("gate_words");
  hls::stream<Beat<GateHidden::output_t, GateHidden::kPe> > hidden("gate_hidden");
#pragma HLS STREAM variable = hidden depth = GateHidden::kFolds
  const BankView<GateHidden, kBanks> hidden_weights = {memory.hidden, bank};
  append_confidence<GateHidden>(pooled, confidence, words);
  matrix_vector<GateHidden>(words, hidden, hidden_weights);
  TAP(kTapGateHidden, hidden);
  dense<GateOut>(hidden, logits, out_weights);
#else
  hls::stream<Beat<GateOut::input_t, GateOut::kSimd> > words("gate_words");
  append_confidence<GateOut>(pooled, confidence, words);
  matrix_vector<GateOut>(words, logits, out_weights);
#endif
  TAP(kTapGateOut, logits);
  decide(theta, logits, decision);
}

/// The decision goes to whoever needs it: the mux always, the GE and the power enables when they wait for it.
inline void gating_network(GateBanks& memory, const Settings settings, hls::stream<WeightWrite>& writes,
                           hls::stream<FeatureBeat>& features, hls::stream<Confidence> (&confidence)[kLocalExperts],
                           hls::stream<ap_uint<4> >& to_mux, hls::stream<ap_uint<4> >& to_ge,
                           hls::stream<ap_uint<4> >& to_power) {
  const Plan plan = make_plan<kLocalExperts>(settings);
  take_writes<kMaxWrites>(writes, memory);
  if (plan.use_gate) {
    hls::stream<ap_uint<4> > decision("decision");
#pragma HLS STREAM variable = decision depth = 2
    gate_layers(memory, settings.bank, settings.theta, features, confidence, decision);
    const ap_uint<4> expert = decision.read();
    to_mux.write(expert);
    if (plan.gated) {
      to_ge.write(expert);
      to_power.write(expert);
    }
  }
}

}  // namespace accel
