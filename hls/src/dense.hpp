// SPDX-License-Identifier: Apache-2.0
/// Fully connected layer, with requantisation or raw logits: its input is regrouped for a matrix-vector unit.
///
/// Initiation interval: the larger one of stream_width and matrix_vector, an image.
/// Does not: take inputs beside the feature map (see gating_network).
#pragma once

#include "matrix_vector.hpp"
#include "stream_width.hpp"

namespace accel {

template <class Layer, class Weights>
void dense(hls::stream<Beat<typename Layer::input_t, Layer::kInLanes> >& in,
           hls::stream<Beat<typename Layer::output_t, Layer::kPe> >& out, const Weights& weights) {
#pragma HLS DATAFLOW
  hls::stream<Beat<typename Layer::input_t, Layer::kSimd> > words("words");
#pragma HLS STREAM variable = words depth = 4
  stream_width<Layer::kInputs>(in, words);
  matrix_vector<Layer>(words, out, weights);
}

}  // namespace accel
