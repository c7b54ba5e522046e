// SPDX-License-Identifier: Apache-2.0
/// One beat of a stream between layers: several neighbouring channels of one pixel, or outputs of a dense layer.
///
/// The layout is that of hls4ml's nnet::array, so that adapters to generated layers are plain copies. In hardware a beat
/// travels as one word, lane 0 in the lowest bits; in C simulation as it is.
/// Does not: carry side channels; the AXI4-Stream types of the top level are in interface.hpp.
///
/// Parameters
///   T      type of a value, an ap_fixed or ap_ufixed
///   Lanes  values a beat
#pragma once

#include "ap_int.h"
#include "channel.hpp"
#include "fixed.hpp"

namespace accel {

template <class T, unsigned Lanes>
struct Beat {
  typedef T value_type;
  static const unsigned kLanes = Lanes;

  T data[Lanes];

  T& operator[](unsigned lane) { return data[lane]; }
  const T& operator[](unsigned lane) const { return data[lane]; }

#if ACCEL_HARDWARE
  typedef ap_uint<int(Lanes) * T::width> word_t;

  word_t to_word() const {
    ACCEL_INLINE
    word_t word = 0;
    ACCEL_UNROLL_BEFORE
    for (unsigned lane = 0; lane < Lanes; lane++) {
      ACCEL_UNROLL_INSIDE
      word |= word_t(ap_uint<T::width>(raw(data[lane]))) << (lane * T::width);
    }
    return word;
  }

  static Beat from_word(const word_t& word) {
    ACCEL_INLINE
    Beat beat;
    ACCEL_UNROLL_BEFORE
    for (unsigned lane = 0; lane < Lanes; lane++) {
      ACCEL_UNROLL_INSIDE
      beat[lane] = from_raw<T>(ap_uint<T::width>(word >> (lane * T::width)));
    }
    return beat;
  }
#else
  typedef Beat word_t;

  const Beat& to_word() const { return *this; }
#endif
};

}  // namespace accel
