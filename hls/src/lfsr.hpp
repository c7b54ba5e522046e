// SPDX-License-Identifier: Apache-2.0
/// What is random while learning: a 32-bit Galois LFSR, and which inputs' weights it lets move.
///
/// The numbers come from spec/learning.py, through the generated learn_rule.hpp.
#pragma once

#include "ap_int.h"
#include "compiler.hpp"
#include "learn_rule.hpp"

namespace accel {

typedef ap_uint<2 * kDitherBits> Random;
typedef ap_uint<kDitherBits> Dither;

/// The state after kLfsrSteps steps.
inline Random next_random(Random state) {
  ACCEL_INLINE
  ACCEL_UNROLL_BEFORE
  for (unsigned i = 0; i < kLfsrSteps; i++) {
    ACCEL_UNROLL_INSIDE
    const Random taps = state[0] ? Random(kLfsrTaps) : Random(0);
    state = (state >> 1) ^ taps;
  }
  return state;
}

/// Whether an input moves its weights: with probability input / 2**shift over all dithers.
///
/// Formula: input > dither mod 2**shift, with kSmallestShift <= shift <= kLargestShift.
template <int Bits>
bool moves(const ap_uint<Bits>& input, const ap_uint<kShiftBits>& shift, const Dither& dither) {
  ACCEL_INLINE
  static_assert(Bits <= int(kSmallestShift), "moves: an input so wide would move a weight by more than one");
  const Dither counts = (Dither(1) << shift.to_uint()) - 1;
  return Dither(input) > (dither & counts);
}

}  // namespace accel
