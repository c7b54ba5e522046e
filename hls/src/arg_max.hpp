// SPDX-License-Identifier: Apache-2.0
/// Index of the largest logit (the lowest index on a tie), that logit, and the second-largest one.
///
/// Initiation interval: Count cycles; logits are compared one by one, as a chain of Lanes comparators would be slow.
///
/// Parameters
///   Count  logits, at least 2
#pragma once

#include "beat.hpp"
#include "fixed.hpp"
#include "hls_stream.h"

namespace accel {

template <int W>
struct Best {
  ap_uint<8> index;
  ap_int<W> top;
  ap_int<W> second;
};

template <unsigned Count, class T, unsigned Lanes>
Best<T::width> arg_max(hls::stream<Beat<T, Lanes> >& in) {
  static_assert(Count >= 2 && Count <= 256, "arg_max: 2 to 256 logits are supported");
  static_assert(Count % Lanes == 0, "arg_max: the lanes do not divide the logits");
  const unsigned kBeats = Count / Lanes;
  typedef ap_int<T::width> logit_t;
  Best<T::width> best;
  best.index = 0;
  best.top = best.second = logit_t(1) << (T::width - 1);  // the smallest logit there is
  Beat<T, Lanes> beat;
  for (unsigned b = 0; b < kBeats; b++) {
    for (unsigned lane = 0; lane < Lanes; lane++) {
#pragma HLS PIPELINE II = 1
      if (lane == 0) beat = in.read();
      const logit_t logit = raw(beat[lane]);
      if ((b == 0 && lane == 0) || logit > best.top) {
        if (b != 0 || lane != 0) best.second = best.top;
        best.top = logit;
        best.index = b * Lanes + lane;
      } else if (logit > best.second) {
        best.second = logit;
      }
    }
  }
  return best;
}

}  // namespace accel
