// SPDX-License-Identifier: Apache-2.0
/// Always-on processes that distribute streams: features to the experts and the gate, weight writes to their layers,
/// and the power-domain enables.
#pragma once

#include "image_plan.hpp"
#include "network.hpp"

namespace accel {

/// Copies an image's features to everything that may use them. Initiation interval: one beat a cycle.
inline void route_features(const Settings settings, hls::stream<FeatureBeat>& features,
                           hls::stream<FeatureBeat>& to_ge, hls::stream<FeatureBeat> (&to_le)[kLocalExperts],
                           hls::stream<FeatureBeat>& to_gate) {
  const Plan plan = image_plan(settings);
  if (!plan.image) return;
  for (unsigned i = 0; i < kFeatureBeats; i++) {
#pragma HLS PIPELINE II = 1
    const FeatureBeat beat = features.read();
    if (plan.use_ge) to_ge.write(beat);
    for (unsigned e = 0; e < kLocalExperts; e++) {
#pragma HLS UNROLL
      if (plan.use_le[e]) to_le[e].write(beat);
    }
    if (plan.use_gate) to_gate.write(beat);
  }
}

/// Sends `count` weight writes to the local expert or gate layer they name, then an end marker to each.
/// Writes to layers that do not exist are dropped.
inline void route_writes(const ap_uint<32> count, hls::stream<AxisWrite>& writes,
                         hls::stream<WeightWrite> (&to_le)[kLocalExperts], hls::stream<WeightWrite>& to_gate) {
  for (unsigned i = 0; i < kMaxWrites; i++) {
#pragma HLS PIPELINE II = 1
    if (i >= count) break;
    const WeightWrite request = unpack_write(writes.read().data);
    for (unsigned e = 0; e < kLocalExperts; e++) {
#pragma HLS UNROLL
      if (request.layer == e || request.layer == kLayerLocalHidden + e) to_le[e].write(request);
    }
    if (request.layer == kLayerGateHidden || request.layer == kLayerGateOut) to_gate.write(request);
  }
  WeightWrite end = unpack_write(0);
  end.end = true;
  for (unsigned e = 0; e < kLocalExperts; e++) {
#pragma HLS UNROLL
    to_le[e].write(end);
  }
  to_gate.write(end);
}

/// Two words an image: the domains that it needs for certain, then, once the gate has decided, all that it needs.
/// In MOE_GATED the GE's domain is missing from the first word, and from the second when a local expert answers.
inline void enable_domains(const Settings settings, hls::stream<ap_uint<4> >& decision,
                           hls::stream<Domains>& domains) {
  const Plan plan = image_plan(settings);
  if (!plan.image) return;
  Domains word = domains_at_start(plan);
  domains.write(word);
  if (plan.gated) word[kDomainGlobalExpert] = decision.read() == 0;
  domains.write(word);
}

}  // namespace accel
