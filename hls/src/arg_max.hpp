// SPDX-License-Identifier: Apache-2.0
/// Index of the largest logit (the lowest index on a tie), that logit, and the second-largest one.
///
/// Initiation interval: Count cycles; logits are compared one by one, as a chain of Lanes comparators would be slow.
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

namespace accel {

template <int W>
struct Best {
  ap_uint<8> index;
  ap_int<W> top;
  ap_int<W> second;
};

template <unsigned Count, class LogitBeat>
Best<LogitBeat::value_type::width> arg_max(Channel<LogitBeat>& in) {
  typedef typename LogitBeat::value_type value_t;
  const unsigned kLanes = LogitBeat::kLanes;
  static_assert(Count >= 2 && Count <= 256, "arg_max: 2 to 256 logits are supported");
  static_assert(Count % kLanes == 0, "arg_max: the lanes do not divide the logits");
  const unsigned kBeats = Count / kLanes;
  typedef ap_int<value_t::width> logit_t;
  Best<value_t::width> best;
  best.index = 0;
  best.top = best.second = logit_t(1) << (value_t::width - 1);  // the smallest logit there is
  LogitBeat beat;
  for (unsigned b = 0; b < kBeats; b++) {
    for (unsigned lane = 0; lane < kLanes; lane++) {
      ACCEL_PIPELINE
      if (lane == 0) beat = receive<LogitBeat>(in);
      const logit_t logit = raw(beat[lane]);
      if ((b == 0 && lane == 0) || logit > best.top) {
        if (b != 0 || lane != 0) best.second = best.top;
        best.top = logit;
        best.index = b * kLanes + lane;
      } else if (logit > best.second) {
        best.second = logit;
      }
    }
  }
  return best;
}

}  // namespace accel
