// SPDX-License-Identifier: Apache-2.0
/// Turns an image into the windows of a convolution (stride 1, no padding), each in words of SIMD values.
///
/// A line buffer holds the last kKernel rows. As soon as a pixel completes a window, the window leaves in the order
/// kernel row, kernel column, channel.
///
/// Initiation interval: kChannels / kInLanes cycles a pixel, plus kKernel * kKernel * kChannels / kSimd a window.
/// Does not: pad the image.
///
/// Parameters
///   Layer  a generated description of a convolution: kHeight, kWidth, kChannels, kKernel, kInLanes, kSimd, input_t
#pragma once

#include "beat.hpp"
#include "channel.hpp"
#include "compiler.hpp"
#include "hls_stream.h"

namespace accel {

template <class Layer>
void sliding_window(Channel<Beat<typename Layer::input_t, Layer::kInLanes> >& in,
                    Channel<Beat<typename Layer::input_t, Layer::kSimd> >& out) {
  typedef typename Layer::input_t value_t;
  typedef Beat<value_t, Layer::kInLanes> in_beat_t;
  typedef Beat<value_t, Layer::kSimd> word_t;
  static_assert(Layer::kChannels % Layer::kInLanes == 0, "sliding_window: the input lanes do not divide the channels");
  static_assert(Layer::kChannels % Layer::kSimd == 0, "sliding_window: SIMD does not divide the channels");
  const unsigned kKernel = Layer::kKernel;
  const unsigned kInBeats = Layer::kChannels / Layer::kInLanes;
  const unsigned kOutBeats = Layer::kChannels / Layer::kSimd;

  value_t lines[Layer::kKernel][Layer::kWidth][Layer::kChannels];
  ACCEL_PRAGMA(ARRAY_PARTITION variable = lines dim = 1 complete)
  ACCEL_PRAGMA(ARRAY_PARTITION variable = lines dim = 3 complete)

  unsigned slot = 0;  // the line that the current row goes to: its number modulo the kernel size
  for (unsigned y = 0; y < Layer::kHeight; y++) {
    for (unsigned x = 0; x < Layer::kWidth; x++) {
      for (unsigned b = 0; b < kInBeats; b++) {
        ACCEL_PIPELINE
        const in_beat_t beat = receive<in_beat_t>(in);
        ACCEL_UNROLL_BEFORE
        for (unsigned lane = 0; lane < Layer::kInLanes; lane++) {
          ACCEL_UNROLL_INSIDE
          lines[slot][x][b * Layer::kInLanes + lane] = beat[lane];
        }
      }
      if (y + 1 >= kKernel && x + 1 >= kKernel) {
        for (unsigned row = 0; row < kKernel; row++) {
          for (unsigned column = 0; column < kKernel; column++) {
            for (unsigned b = 0; b < kOutBeats; b++) {
              ACCEL_PIPELINE
              // The oldest of the kKernel lines follows the current one in the ring.
              const unsigned next = slot + 1 + row;
              const unsigned line = next < kKernel ? next : next - kKernel;
              word_t beat;
              ACCEL_UNROLL_BEFORE
              for (unsigned lane = 0; lane < Layer::kSimd; lane++) {
                ACCEL_UNROLL_INSIDE
                beat[lane] = lines[line][x + 1 - kKernel + column][b * Layer::kSimd + lane];
              }
              send(out, beat);
            }
          }
        }
      }
    }
    slot = slot + 1 < kKernel ? slot + 1 : 0;
  }
}

}  // namespace accel
