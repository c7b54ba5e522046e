// SPDX-License-Identifier: Apache-2.0
/// Max pooling; the stride equals the window.
///
/// One row of partial maxima is kept. Initiation interval: one beat a cycle.
/// Does not: handle a window that does not divide the image.
///
/// Parameters
///   Layer  a generated description: kHeight, kWidth, kChannels, kSize, kLanes, value_t
#pragma once

#include "beat.hpp"
#include "channel.hpp"
#include "compiler.hpp"
#include "hls_stream.h"

namespace accel {

template <class Layer>
void max_pool(Channel<Beat<typename Layer::value_t, Layer::kLanes> >& in,
              Channel<Beat<typename Layer::value_t, Layer::kLanes> >& out) {
  typedef typename Layer::value_t value_t;
  typedef Beat<value_t, Layer::kLanes> beat_t;
  static_assert(Layer::kHeight % Layer::kSize == 0 && Layer::kWidth % Layer::kSize == 0,
                "max_pool: the window does not divide the image");
  static_assert(Layer::kChannels % Layer::kLanes == 0, "max_pool: the lanes do not divide the channels");
  const unsigned kSize = Layer::kSize;
  const unsigned kOutRows = Layer::kHeight / kSize;
  const unsigned kOutColumns = Layer::kWidth / kSize;
  const unsigned kBeats = Layer::kChannels / Layer::kLanes;

  value_t maxima[kOutColumns][kBeats][Layer::kLanes];
  ACCEL_PRAGMA(ARRAY_PARTITION variable = maxima dim = 3 complete)
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
              const value_t before = maxima[out_x][b][lane];
              if (!first && before > beat[lane]) beat[lane] = before;
              maxima[out_x][b][lane] = beat[lane];
            }
            if (y == kSize - 1 && x == kSize - 1) send(out, beat);
          }
        }
      }
    }
  }
}

}  // namespace accel
