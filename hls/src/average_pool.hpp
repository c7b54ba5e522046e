// SPDX-License-Identifier: Apache-2.0
/// Average pooling; the stride equals the window, and the result is on the scale of the input.
///
/// Formula: round_half_even(sum of the window / kSize**2). kSize is a power of two, so the division is a shift of
/// kShift = 2 log2 kSize bits, and the sum takes kShift bits more than a value. One row of partial sums is kept.
/// Initiation interval: one beat a cycle.
/// Does not: handle a window that does not divide the image, or whose size is no power of two.
///
/// Parameters
///   Layer  a generated description: kHeight, kWidth, kChannels, kSize, kShift, kLanes, value_t
#pragma once

#include "beat.hpp"
#include "channel.hpp"
#include "compiler.hpp"
#include "fixed.hpp"
#include "hls_stream.h"

namespace accel {

template <class Layer>
void average_pool(Channel<Beat<typename Layer::value_t, Layer::kLanes> >& in,
                  Channel<Beat<typename Layer::value_t, Layer::kLanes> >& out) {
  typedef typename Layer::value_t value_t;
  typedef Beat<value_t, Layer::kLanes> beat_t;
  const int kSumBits = value_t::width + Layer::kShift;
  static_assert(Layer::kHeight % Layer::kSize == 0 && Layer::kWidth % Layer::kSize == 0,
                "average_pool: the window does not divide the image");
  static_assert(Layer::kChannels % Layer::kLanes == 0, "average_pool: the lanes do not divide the channels");
  static_assert(Layer::kSize * Layer::kSize == 1u << Layer::kShift, "average_pool: kSize**2 is not 2**kShift");
  const unsigned kSize = Layer::kSize;
  const unsigned kOutRows = Layer::kHeight / kSize;
  const unsigned kOutColumns = Layer::kWidth / kSize;
  const unsigned kBeats = Layer::kChannels / Layer::kLanes;

  ap_uint<kSumBits> sums[kOutColumns][kBeats][Layer::kLanes];
  ACCEL_PRAGMA(ARRAY_PARTITION variable = sums dim = 3 complete)
  for (unsigned out_y = 0; out_y < kOutRows; out_y++) {
    for (unsigned y = 0; y < kSize; y++) {
      for (unsigned out_x = 0; out_x < kOutColumns; out_x++) {
        for (unsigned x = 0; x < kSize; x++) {
          for (unsigned b = 0; b < kBeats; b++) {
            ACCEL_PIPELINE
            const bool first = y == 0 && x == 0;
            beat_t beat = receive<beat_t>(in);
            ACCEL_UNROLL_BEFORE
            for (unsigned lane = 0; lane < Layer::kLanes; lane++) {
              ACCEL_UNROLL_INSIDE
              const ap_uint<kSumBits> before = first ? ap_uint<kSumBits>(0) : sums[out_x][b][lane];
              const ap_uint<kSumBits> sum = before + raw(beat[lane]);
              sums[out_x][b][lane] = sum;
              beat[lane] = from_raw<value_t>(requantize<value_t::width, Layer::kShift>(ap_int<kSumBits + 1>(sum)));
            }
            if (y == kSize - 1 && x == kSize - 1) send(out, beat);
          }
        }
      }
    }
  }
}

}  // namespace accel
