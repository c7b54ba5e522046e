// SPDX-License-Identifier: Apache-2.0
/// Changes the number of lanes of a stream; one number of lanes must divide the other.
///
/// Initiation interval: one beat of the narrower side a cycle, plus the loop's fill for each beat of the wider side.
/// Does not: reorder values.
///
/// Parameters
///   Values   values to move
///   InBeat   Beat of the input
///   OutBeat  Beat of the output, of the same type of values
#pragma once

#include "beat.hpp"
#include "channel.hpp"
#include "compiler.hpp"
#include "hls_stream.h"

namespace accel {

template <unsigned Values, class InBeat, class OutBeat>
void stream_width(Channel<InBeat>& in, Channel<OutBeat>& out) {
  const unsigned kIn = InBeat::kLanes;
  const unsigned kOut = OutBeat::kLanes;
  const unsigned kUnit = kIn > kOut ? kIn : kOut;
  static_assert(kUnit % kIn == 0 && kUnit % kOut == 0, "stream_width: the numbers of lanes do not divide one another");
  static_assert(Values % kUnit == 0, "stream_width: the values do not fill whole beats");
  const unsigned kUnits = Values / kUnit;
  const unsigned kReads = kUnit / kIn;
  const unsigned kWrites = kUnit / kOut;
  typename InBeat::value_type unit[kUnit];
  ACCEL_PRAGMA(ARRAY_PARTITION variable = unit complete)
  for (unsigned u = 0; u < kUnits; u++) {
    for (unsigned r = 0; r < kReads; r++) {
      ACCEL_PIPELINE
      const InBeat beat = receive<InBeat>(in);
      ACCEL_UNROLL_BEFORE
      for (unsigned lane = 0; lane < kIn; lane++) {
        ACCEL_UNROLL_INSIDE
        unit[r * kIn + lane] = beat[lane];
      }
    }
    for (unsigned w = 0; w < kWrites; w++) {
      ACCEL_PIPELINE
      OutBeat beat;
      ACCEL_UNROLL_BEFORE
      for (unsigned lane = 0; lane < kOut; lane++) {
        ACCEL_UNROLL_INSIDE
        beat[lane] = unit[w * kOut + lane];
      }
      send(out, beat);
    }
  }
}

}  // namespace accel
