// SPDX-License-Identifier: Apache-2.0
/// Changes the number of lanes of a stream; one number of lanes must divide the other.
///
/// Initiation interval: one beat of the narrower side a cycle, plus the loop's fill for each beat of the wider side.
/// Does not: reorder values.
///
/// Parameters
///   T       type of a value
///   In      lanes of an input beat
///   Out     lanes of an output beat
///   Values  values to move
#pragma once

#include "beat.hpp"
#include "hls_stream.h"

namespace accel {

template <unsigned Values, class T, unsigned In, unsigned Out>
void stream_width(hls::stream<Beat<T, In> >& in, hls::stream<Beat<T, Out> >& out) {
  const unsigned kUnit = In > Out ? In : Out;
  static_assert(kUnit % In == 0 && kUnit % Out == 0, "stream_width: the numbers of lanes do not divide one another");
  static_assert(Values % kUnit == 0, "stream_width: the values do not fill whole beats");
  const unsigned kUnits = Values / kUnit;
  const unsigned kReads = kUnit / In;
  const unsigned kWrites = kUnit / Out;
  T unit[kUnit];
#pragma HLS ARRAY_PARTITION variable = unit complete
  for (unsigned u = 0; u < kUnits; u++) {
    for (unsigned r = 0; r < kReads; r++) {
#pragma HLS PIPELINE II = 1
      const Beat<T, In> beat = in.read();
      for (unsigned lane = 0; lane < In; lane++) {
#pragma HLS UNROLL
        unit[r * In + lane] = beat[lane];
      }
    }
    for (unsigned w = 0; w < kWrites; w++) {
#pragma HLS PIPELINE II = 1
      Beat<T, Out> beat;
      for (unsigned lane = 0; lane < Out; lane++) {
#pragma HLS UNROLL
        beat[lane] = unit[w * Out + lane];
      }
      out.write(beat);
    }
  }
}

}  // namespace accel
