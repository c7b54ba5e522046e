// SPDX-License-Identifier: Apache-2.0
/// Fully connected layer, with requantisation or raw logits: its input is regrouped for a matrix-vector unit.
///
/// Initiation interval: the larger one of stream_width and matrix_vector, an image.
/// Does not: take inputs beside the feature map (see gating_network).
#pragma once

#include "compiler.hpp"
#include "matrix_vector.hpp"
#include "stream_width.hpp"

namespace accel {

template <class Layer, class Weights>
void dense(Channel<Beat<typename Layer::input_t, Layer::kInLanes> >& in,
           Channel<Beat<typename Layer::output_t, Layer::kPe> >& out, const Weights& weights) {
  ACCEL_DATAFLOW
  typedef Beat<typename Layer::input_t, Layer::kInLanes> in_beat_t;
  typedef Beat<typename Layer::input_t, Layer::kSimd> word_t;
  Channel<word_t> words ACCEL_NAMED("words");
  ACCEL_PRAGMA(STREAM variable = words depth = 4)
  stream_width<Layer::kInputs, in_beat_t, word_t>(in, words);
  matrix_vector<Layer>(words, out, weights);
}

}  // namespace accel
