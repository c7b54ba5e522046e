// SPDX-License-Identifier: Apache-2.0
/// Turns an image into the windows of a convolution (stride 1, no padding), each as one wide beat.
///
/// kKernel - 1 line buffers and a register window: one output pixel's whole window a cycle, for layers whose products
/// are all built in parallel from constant weights. For folded layers use sliding_window.
///
/// Initiation interval: kChannels / kInLanes cycles a pixel.
/// Does not: pad the image.
///
/// Parameters
///   Layer  a generated description of a convolution: kHeight, kWidth, kChannels, kKernel, kInLanes, input_t;
///          kSimd = kKernel * kKernel * kChannels
#pragma once

#include "beat.hpp"
#include "channel.hpp"
#include "compiler.hpp"
#include "hls_stream.h"

namespace accel {

template <class Layer>
void window_parallel(Channel<Beat<typename Layer::input_t, Layer::kInLanes> >& in,
                     Channel<Beat<typename Layer::input_t, Layer::kSimd> >& out) {
  typedef typename Layer::input_t value_t;
  typedef Beat<value_t, Layer::kInLanes> in_beat_t;
  const unsigned kKernel = Layer::kKernel;
  const unsigned kChannels = Layer::kChannels;
  const unsigned kInBeats = kChannels / Layer::kInLanes;
  static_assert(Layer::kChannels % Layer::kInLanes == 0, "window_parallel: the input lanes do not divide the channels");
  static_assert(Layer::kSimd == kKernel * kKernel * kChannels, "window_parallel: SIMD is not the whole window");
  static_assert(Layer::kKernel >= 2, "window_parallel: a 1x1 kernel needs no window");

  value_t lines[Layer::kKernel - 1][Layer::kWidth][Layer::kChannels];
  ACCEL_PRAGMA(ARRAY_PARTITION variable = lines dim = 1 complete)
  ACCEL_PRAGMA(ARRAY_PARTITION variable = lines dim = 3 complete)
  Beat<value_t, Layer::kSimd> window;

  for (unsigned y = 0; y < Layer::kHeight; y++) {
    for (unsigned x = 0; x < Layer::kWidth; x++) {
      for (unsigned b = 0; b < kInBeats; b++) {
        ACCEL_PIPELINE
        const in_beat_t beat = receive<in_beat_t>(in);
        ACCEL_UNROLL_BEFORE
        for (unsigned lane = 0; lane < Layer::kInLanes; lane++) {
          ACCEL_UNROLL_INSIDE
          const unsigned c = b * Layer::kInLanes + lane;
          ACCEL_UNROLL_BEFORE
          for (unsigned row = 0; row < kKernel; row++) {
            ACCEL_UNROLL_INSIDE
            ACCEL_UNROLL_BEFORE
            for (unsigned column = 0; column < kKernel - 1; column++) {
              ACCEL_UNROLL_INSIDE
              window[(row * kKernel + column) * kChannels + c] = window[(row * kKernel + column + 1) * kChannels + c];
            }
            const value_t newest = row < kKernel - 1 ? lines[row][x][c] : beat[lane];
            window[(row * kKernel + kKernel - 1) * kChannels + c] = newest;
            if (row > 0) lines[row - 1][x][c] = newest;  // this row is one row older for the next one
          }
        }
        if (b == kInBeats - 1 && y + 1 >= kKernel && x + 1 >= kKernel) send(out, window);
      }
    }
  }
}

}  // namespace accel
