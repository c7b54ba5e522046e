// SPDX-License-Identifier: Apache-2.0
/// Between fixed-point values and the integers that represent them.
///
/// A value is an integer times 2**-fraction_bits. Multiply-accumulate works on the integers, because exact sums need no
/// alignment; rounding and saturation are left to the ap_fixed types themselves.
#pragma once

#include "ap_fixed.h"
#include "ap_int.h"
#include "compiler.hpp"

namespace accel {

/// Two's-complement integer of W bits for sums of products.
///
/// Exact in hardware. In C simulation it is a native integer of at least W bits, many times as fast: both wrap modulo
/// a power of two, so that taking the low W bits of the final sum gives what wrapping after each addition gives.
#if ACCEL_HARDWARE
template <int W>
struct Integer {
  typedef ap_int<W> type;
};
#else
template <bool Wide>
struct NativeInteger {
  typedef int type;
};
template <>
struct NativeInteger<true> {
  typedef long long type;
};
template <int W>
struct Integer {
  static_assert(W <= 64, "Integer: at most 64 bits are supported");
  typedef typename NativeInteger<(W > 32)>::type type;
};
#endif

/// The integer behind a signed value. N has a default for compilers whose types do not have it.
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N = 0>
inline ap_int<W> raw(const ap_fixed<W, I, Q, O, N>& value) {
  ACCEL_INLINE
  return ap_int<W>(value.range(W - 1, 0));
}

/// The integer behind an unsigned value.
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N = 0>
inline ap_uint<W> raw(const ap_ufixed<W, I, Q, O, N>& value) {
  ACCEL_INLINE
  return ap_uint<W>(value.range(W - 1, 0));
}

/// The value of type T that an integer of the same width represents.
template <class T, class Integer>
inline T from_raw(const Integer& integer) {
  ACCEL_INLINE
  T value;
  value.range(T::width - 1, 0) = integer;
  return value;
}

/// An integer shifted right by Shift, rounded half to even and saturated to unsigned Bits (negative becomes 0).
///
/// It is the assignment between two fixed-point types whose units are 1 and 2**Shift.
template <int Bits, int Shift, int W>
inline ap_uint<Bits> requantize(const ap_int<W>& integer) {
  ACCEL_INLINE
  const ap_fixed<W, W> exact = from_raw<ap_fixed<W, W> >(integer);
  const ap_ufixed<Bits, Bits + Shift, AP_RND_CONV, AP_SAT> rounded = exact;
  return raw(rounded);
}

}  // namespace accel
