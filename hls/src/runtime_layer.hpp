// SPDX-License-Identifier: Apache-2.0
/// A matrix-vector unit that keeps its own run-time weights: for a compiler that is given one layer at a time.
///
/// One call takes weight writes up to the marker that ends them, then one image with the weights of the marker's bank.
/// Where more than MaxWrites writes come one behind the other, it returns without an image, and the next call goes on.
/// Initiation interval: that of matrix_vector, and a cycle for each command.
/// Does not: change the width of its input (see stream_width).
///
/// Parameters
///   Layer      a generated description, as matrix_vector takes it
///   MaxWrites  writes a call at most
#pragma once

#include "beat.hpp"
#include "channel.hpp"
#include "matrix_vector.hpp"
#include "weight_bank.hpp"

namespace accel {

template <class Layer, unsigned MaxWrites, unsigned Banks>
void runtime_layer(WeightBanks<Layer, Banks>& memory, Channel<WeightWrite>& commands,
                   Channel<Beat<typename Layer::input_t, Layer::kSimd> >& in,
                   Channel<Beat<typename Layer::output_t, Layer::kPe> >& out) {
  const WeightWrite last = take_writes<MaxWrites>(commands, memory);
  if (last.end) {
    const BankView<Layer, Banks> weights = {memory, last.bank};
    matrix_vector<Layer>(in, out, weights);
  }
}

}  // namespace accel
