// SPDX-License-Identifier: Apache-2.0
/// 2D convolution (stride 1, no padding) with ReLU and requantisation: windows feed a matrix-vector unit.
///
/// conv2d is folded; conv2d_unrolled takes a whole window a cycle, for small kernels of constant weights.
/// Initiation interval: the larger one of the window's and the matrix-vector unit's, an image.
/// Does not: pool (see max_pool).
#pragma once

#include "compiler.hpp"
#include "matrix_vector.hpp"
#include "sliding_window.hpp"
#include "window_parallel.hpp"

namespace accel {

template <class Layer, class Weights>
void conv2d(Channel<Beat<typename Layer::input_t, Layer::kInLanes> >& in,
            Channel<Beat<typename Layer::output_t, Layer::kPe> >& out, const Weights& weights) {
  ACCEL_DATAFLOW
  Channel<Beat<typename Layer::input_t, Layer::kSimd> > windows ACCEL_NAMED("windows");
  ACCEL_PRAGMA(STREAM variable = windows depth = 4)
  sliding_window<Layer>(in, windows);
  matrix_vector<Layer>(windows, out, weights);
}

template <class Layer, class Weights>
void conv2d_unrolled(Channel<Beat<typename Layer::input_t, Layer::kInLanes> >& in,
                     Channel<Beat<typename Layer::output_t, Layer::kPe> >& out, const Weights& weights) {
  ACCEL_DATAFLOW
  Channel<Beat<typename Layer::input_t, Layer::kSimd> > windows ACCEL_NAMED("windows");
  ACCEL_PRAGMA(STREAM variable = windows depth = 2)
  window_parallel<Layer>(in, windows);
  matrix_vector<Layer>(windows, out, weights);
}

}  // namespace accel
