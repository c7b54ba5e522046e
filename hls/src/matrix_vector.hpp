// SPDX-License-Identifier: Apache-2.0
/// Matrix-vector unit: the multiply-accumulates of a convolution or dense layer, with folding (PE, SIMD).
///
/// Formula: out = Q(bias + weight * in) with exact integer sums; Q is the assignment of the accumulator's ap_fixed type
/// to the output's type, which rounds half to even and saturates (and so applies ReLU when the output is unsigned).
///
/// Order: input-stationary. For each word of SIMD inputs, all output folds of PE outputs are updated.
/// Initiation interval: kPositions * kWords * kFolds cycles an image, kPe * kSimd multipliers.
/// Does not: change the width of its input (see stream_width) or form windows (see sliding_window).
///
/// Parameters
///   Layer    a generated description of a layer: kPositions, kWords, kFolds, kPe, kSimd, kLut, and the types input_t,
///            weight_t, bias_t, acc_t, output_t
///   Weights  gives the integers weight(word, lane) and bias(fold, pe), frozen or from a bank (see weight_bank.hpp)
#pragma once

#include "beat.hpp"
#include "channel.hpp"
#include "compiler.hpp"
#include "fixed.hpp"
#include "hls_stream.h"

namespace accel {

/// A product built from multiplier blocks (Lut false) or from logic (Lut true).
template <bool Lut, class Sum>
struct Multiplier {
  template <class A, class B>
  static Sum multiply(const A& a, const B& b) {
    ACCEL_INLINE
    Sum product = a * b;
    ACCEL_PRAGMA(BIND_OP variable = product op = mul impl = dsp)
    return product;
  }
};

template <class Sum>
struct Multiplier<true, Sum> {
  template <class A, class B>
  static Sum multiply(const A& a, const B& b) {
    ACCEL_INLINE
    Sum product = a * b;
    ACCEL_PRAGMA(BIND_OP variable = product op = mul impl = fabric)
    return product;
  }
};

template <class Layer, class Weights>
void matrix_vector(Channel<Beat<typename Layer::input_t, Layer::kSimd> >& in,
                   Channel<Beat<typename Layer::output_t, Layer::kPe> >& out, const Weights& weights) {
  typedef Beat<typename Layer::input_t, Layer::kSimd> in_beat_t;
  typedef Beat<typename Layer::output_t, Layer::kPe> out_beat_t;
  typedef typename Integer<Layer::acc_t::width>::type sum_t;
  typedef typename Integer<Layer::input_t::width + 1>::type activation_t;  // unsigned in a signed type
  sum_t sums[Layer::kFolds][Layer::kPe];
  ACCEL_PRAGMA(ARRAY_PARTITION variable = sums dim = 2 complete)
  activation_t inputs[Layer::kSimd];
  ACCEL_PRAGMA(ARRAY_PARTITION variable = inputs complete)

  for (unsigned position = 0; position < Layer::kPositions; position++) {
    for (unsigned word = 0; word < Layer::kWords; word++) {
      for (unsigned fold = 0; fold < Layer::kFolds; fold++) {
        ACCEL_PIPELINE
        if (fold == 0) {
          const in_beat_t beat = receive<in_beat_t>(in);
          ACCEL_UNROLL_BEFORE
          for (unsigned lane = 0; lane < Layer::kSimd; lane++) {
            ACCEL_UNROLL_INSIDE
            inputs[lane] = raw(beat[lane]);
          }
        }
        ACCEL_UNROLL_BEFORE
        for (unsigned pe = 0; pe < Layer::kPe; pe++) {
          ACCEL_UNROLL_INSIDE
          sum_t sum = word == 0 ? sum_t(weights.bias(fold, pe)) : sums[fold][pe];
          ACCEL_UNROLL_BEFORE
          for (unsigned lane = 0; lane < Layer::kSimd; lane++) {
            ACCEL_UNROLL_INSIDE
            sum += Multiplier<Layer::kLut, sum_t>::multiply(
                weights.weight(word * Layer::kFolds + fold, pe * Layer::kSimd + lane), inputs[lane]);
          }
          sums[fold][pe] = sum;
        }
        if (word == Layer::kWords - 1) {
          out_beat_t beat;
          ACCEL_UNROLL_BEFORE
          for (unsigned pe = 0; pe < Layer::kPe; pe++) {
            ACCEL_UNROLL_INSIDE
            const ap_int<Layer::acc_t::width> sum = sums[fold][pe];
            beat[pe] = from_raw<typename Layer::acc_t>(sum);  // the assignment rounds and saturates
          }
          send(out, beat);
        }
      }
    }
  }
}

}  // namespace accel
