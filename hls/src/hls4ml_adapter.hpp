// SPDX-License-Identifier: Apache-2.0
/// Connects a function that hls4ml generated (io_stream) to our streams.
///
/// hls4ml moves all channels of a pixel, or all outputs of a dense layer, in one nnet::array; our beats have as many
/// lanes as the folding. Values are copied as values: equal types make it wiring, unequal ones show in the comparison.
#pragma once

#include "beat.hpp"
#include "hls_stream.h"

namespace accel {

/// Moves Values values between streams of arrays with different lanes and value types; one number of lanes divides
/// the other.
template <unsigned Values, unsigned InLanes, unsigned OutLanes, class In, class Out>
void regroup(hls::stream<In>& in, hls::stream<Out>& out) {
  const unsigned kUnit = InLanes > OutLanes ? InLanes : OutLanes;
  static_assert(kUnit % InLanes == 0 && kUnit % OutLanes == 0, "regroup: the lanes do not divide one another");
  static_assert(Values % kUnit == 0, "regroup: the values do not fill whole beats");
  const unsigned kUnits = Values / kUnit;
  const unsigned kReads = kUnit / InLanes;
  const unsigned kWrites = kUnit / OutLanes;
  typename In::value_type unit[kUnit];
#pragma HLS ARRAY_PARTITION variable = unit complete
  for (unsigned u = 0; u < kUnits; u++) {
    for (unsigned r = 0; r < kReads; r++) {
#pragma HLS PIPELINE II = 1
      const In beat = in.read();
      for (unsigned lane = 0; lane < InLanes; lane++) {
#pragma HLS UNROLL
        unit[r * InLanes + lane] = beat[lane];
      }
    }
    for (unsigned w = 0; w < kWrites; w++) {
#pragma HLS PIPELINE II = 1
      Out beat;
      for (unsigned lane = 0; lane < OutLanes; lane++) {
#pragma HLS UNROLL
        beat[lane] = unit[w * OutLanes + lane];
      }
      out.write(beat);
    }
  }
}

/// The array types of a generated function void(hls::stream<X>&, hls::stream<Y>&).
template <class Function>
struct StreamTypes;
template <class X, class Y>
struct StreamTypes<void(hls::stream<X>&, hls::stream<Y>&)> {
  typedef X input_t;
  typedef Y output_t;
};

/// Runs a generated function, given as a template argument because HLS has no function pointers.
///
/// Parameters
///   InValues, OutValues  values an image
///   Function, kLayers    type and name of the generated function
template <unsigned InValues, unsigned OutValues, class Function, Function& kLayers, class T, unsigned InLanes, class U,
          unsigned OutLanes>
void run_hls4ml(hls::stream<Beat<T, InLanes> >& in, hls::stream<Beat<U, OutLanes> >& out) {
#pragma HLS DATAFLOW
  typedef typename StreamTypes<Function>::input_t input_t;
  typedef typename StreamTypes<Function>::output_t output_t;
  hls::stream<input_t> inputs("inputs");
  hls::stream<output_t> outputs("outputs");
  regroup<InValues, InLanes, input_t::size>(in, inputs);
  kLayers(inputs, outputs);
  regroup<OutValues, output_t::size, OutLanes>(outputs, out);
}

}  // namespace accel
