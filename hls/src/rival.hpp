// SPDX-License-Identifier: Apache-2.0
/// The rival of a target: the largest other logit (the lowest index on a tie), and whether it comes too near.
///
/// Formula: within = logit[target] - logit[rival] < margin.
/// Initiation interval: Count cycles, one logit after the other as in arg_max.
///
/// Parameters
///   Count      logits, at least 2
///   LogitBeat  a Beat of them
#pragma once

#include "beat.hpp"
#include "channel.hpp"
#include "compiler.hpp"
#include "fixed.hpp"
#include "hls_stream.h"
#include "learn_rule.hpp"

namespace accel {

struct Rival {
  ap_uint<8> index;
  bool within;
};

template <unsigned Count, class LogitBeat>
Rival find_rival(Channel<LogitBeat>& logits, const ap_uint<8>& target, const ap_uint<kMarginBits>& margin) {
  const unsigned kLanes = LogitBeat::kLanes;
  static_assert(Count >= 2 && Count <= 256, "find_rival: 2 to 256 logits are supported");
  static_assert(Count % kLanes == 0, "find_rival: the lanes do not divide the logits");
  const unsigned kBeats = Count / kLanes;
  typedef ap_int<LogitBeat::value_type::width> logit_t;
  Rival rival;
  rival.index = 0;
  logit_t wanted = 0;
  logit_t other = 0;
  bool none = true;
  LogitBeat beat;
  for (unsigned b = 0; b < kBeats; b++) {
    for (unsigned lane = 0; lane < kLanes; lane++) {
      ACCEL_PIPELINE
      if (lane == 0) beat = receive<LogitBeat>(logits);
      const logit_t logit = raw(beat[lane]);
      const unsigned index = b * kLanes + lane;
      if (target == index) {
        wanted = logit;
      } else if (none || logit > other) {
        other = logit;
        rival.index = index;
        none = false;
      }
    }
  }
  const ap_int<kMarginBits + 1> limit = margin;  // signed, as the difference is
  rival.within = wanted - other < limit;
  return rival;
}

}  // namespace accel
