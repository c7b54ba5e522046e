// SPDX-License-Identifier: Apache-2.0
/// Local expert (power domain PD_LE): pooling to n x n, an optional hidden layer, a dense layer, with run-time weights.
///
/// Gives the class, and for the gate the confidence: top logit and margin to the second one, requantised to a feature's
/// width. Initiation interval: that of the slower dense layer.
/// Does not: run for an image whose plan does not name it; it only takes the weight writes then.
#pragma once

#include "arg_max.hpp"
#include "dense.hpp"
#include "network.hpp"
#include "weight_bank.hpp"

namespace accel {

/// The gate's confidence inputs of one local expert, as integers.
struct Confidence {
  ap_uint<kFeatureBits> top;
  ap_uint<kFeatureBits> margin;
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
#pragma HLS INLINE
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
};
typedef Beat<LeLast::output_t, LeLast::kPe> LeLogitBeat;

/// Class and confidence from the logits.
inline void answer_local(const bool to_gate, hls::stream<LeLogitBeat>& logits, hls::stream<ap_uint<8> >& answer,
                         hls::stream<Confidence>& confidence) {
  const Best<LeLast::output_t::width> best = arg_max<kClasses>(logits);
  answer.write(best.index);
  if (to_gate) {
    const ap_int<LeLast::output_t::width + 1> margin = best.top - best.second;
    Confidence c;
    c.top = requantize<kFeatureBits, kConfidenceShift>(best.top);
    c.margin = requantize<kFeatureBits, kConfidenceShift>(margin);
    confidence.write(c);
  }
}

inline void local_expert_layers(const LeBanks& memory, const ap_uint<kBankBits> bank, const unsigned index,
                                const bool to_gate, hls::stream<FeatureBeat>& features,
                                hls::stream<ap_uint<8> >& answer, hls::stream<Confidence>& confidence) {
#pragma HLS DATAFLOW
  hls::stream<FeatureBeat> pooled("le_pooled");
  hls::stream<LeLogitBeat> logits("le_logits");
#pragma HLS STREAM variable = logits depth = 4
  const BankView<LeLast, kBanks> weights = {memory.out, bank};
  ACCEL_LE_POOL<LePool>(features, pooled);
  TAP_IF(index == 0, kTapLePool, pooled);  // the same for all of them
#if ACCEL_LE_HIDDEN
  // All units of an image come within a few cycles; they wait here for the output layer, not in the hidden one.
  hls::stream<Beat<LeHidden::output_t, LeHidden::kPe> > hidden("le_hidden");
#pragma HLS STREAM variable = hidden depth = LeHidden::kFolds
  const BankView<LeHidden, kBanks> hidden_weights = {memory.hidden, bank};
  dense<LeHidden>(pooled, hidden, hidden_weights);
  TAP(kTapLe + kLeLayers * index, hidden);
  dense<LeLast>(hidden, logits, weights);
#else
  dense<LeLast>(pooled, logits, weights);
#endif
  TAP(kTapLe + kLeLayers * index + kLeLayers - 1, logits);
  answer_local(to_gate, logits, answer, confidence);
}

inline void local_expert(LeBanks& memory, const Settings settings, const unsigned index,
                         hls::stream<WeightWrite>& writes, hls::stream<FeatureBeat>& features,
                         hls::stream<ap_uint<8> >& answer, hls::stream<Confidence>& confidence) {
  const Plan plan = make_plan<kLocalExperts>(settings);
  take_writes<kMaxWrites>(writes, memory);
  if (plan.use_le[index]) {
    local_expert_layers(memory, settings.bank, index, plan.use_gate && kConfidence, features, answer, confidence);
  }
}

}  // namespace accel
