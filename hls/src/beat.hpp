// SPDX-License-Identifier: Apache-2.0
/// One beat of a stream between layers: several neighbouring channels of one pixel, or outputs of a dense layer.
///
/// The layout is that of hls4ml's nnet::array, so that adapters to generated layers are plain copies.
/// Does not: carry side channels; the AXI4-Stream types of the top level are in interface.hpp.
///
/// Parameters
///   T      type of a value, an ap_fixed or ap_ufixed
///   Lanes  values a beat
#pragma once

namespace accel {

template <class T, unsigned Lanes>
struct Beat {
  typedef T value_type;
  static const unsigned kLanes = Lanes;

  T data[Lanes];

  T& operator[](unsigned lane) { return data[lane]; }
  const T& operator[](unsigned lane) const { return data[lane]; }
};

}  // namespace accel
