// SPDX-License-Identifier: Apache-2.0
/// Always-on processes that distribute streams: features to the experts and the gate, weight writes to their layers,
/// and the power-domain enables.
#pragma once

#include "compiler.hpp"
#include "image_plan.hpp"
#include "network.hpp"

namespace accel {

/// Copies an image's features to everything that may use them. Initiation interval: one beat a cycle.
inline void route_features(const Settings settings, Channel<FeatureBeat>& features,
                           Channel<FeatureBeat>& to_ge, Channel<FeatureBeat> (&to_le)[kLocalExperts],
                           Channel<FeatureBeat>& to_gate) {
  const Plan plan = image_plan(settings);
  if (!plan.image) return;
  for (unsigned i = 0; i < kFeatureBeats; i++) {
    ACCEL_PIPELINE
    const FeatureBeat beat = receive<FeatureBeat>(features);
    if (plan.use_ge) send(to_ge, beat);
    ACCEL_UNROLL_BEFORE
    for (unsigned e = 0; e < kLocalExperts; e++) {
      ACCEL_UNROLL_INSIDE
      if (plan.use_le[e]) send(to_le[e], beat);
    }
    if (plan.use_gate) send(to_gate, beat);
  }
}

/// Sends `count` weight writes to the local expert or gate layer they name, then an end marker to each.
/// Writes to layers that do not exist are dropped.
inline void route_writes(const ap_uint<32> count, hls::stream<AxisWrite>& writes,
                         Channel<WeightWrite> (&to_le)[kLocalExperts], Channel<WeightWrite>& to_gate) {
  for (unsigned i = 0; i < kMaxWrites; i++) {
    ACCEL_PIPELINE
    if (i >= count) break;
    const WeightWrite request = unpack_write(writes.read().data);
    ACCEL_UNROLL_BEFORE
    for (unsigned e = 0; e < kLocalExperts; e++) {
      ACCEL_UNROLL_INSIDE
      if (request.layer == e || request.layer == kLayerLocalHidden + e) send(to_le[e], request);
    }
    if (request.layer == kLayerGateHidden || request.layer == kLayerGateOut) send(to_gate, request);
  }
  WeightWrite end = unpack_write(0);
  end.end = true;
  ACCEL_UNROLL_BEFORE
  for (unsigned e = 0; e < kLocalExperts; e++) {
    ACCEL_UNROLL_INSIDE
    send(to_le[e], end);
  }
  send(to_gate, end);
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
