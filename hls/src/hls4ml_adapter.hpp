// SPDX-License-Identifier: Apache-2.0
/// Connects a function that hls4ml generated (io_stream) to our streams.
///
/// hls4ml moves all channels of a pixel, or all outputs of a dense layer, in one nnet::array; our beats have as many
/// lanes as the folding. Values are copied as values: equal types make it wiring, unequal ones show in the comparison.
#pragma once

#include "beat.hpp"
#include "channel.hpp"
#include "compiler.hpp"
#include "hls_stream.h"

namespace accel {

/// An element of a stream (see channel.hpp) that travels as it is, as hls4ml's arrays do.
template <class Array>
struct Plain {
  typedef Array word_t;
  typedef typename Array::value_type value_type;

  Array array;

  value_type& operator[](unsigned lane) { return array[lane]; }
  const value_type& operator[](unsigned lane) const { return array[lane]; }
  const Array& to_word() const { return array; }
  static Plain from_word(const Array& word) {
    const Plain element = {word};
    return element;
  }
};

/// Moves Values values between streams of arrays with different lanes and value types; one number of lanes divides
/// the other.
template <unsigned Values, unsigned InLanes, unsigned OutLanes, class In, class Out>
void regroup(Channel<In>& in, Channel<Out>& out) {
  const unsigned kUnit = InLanes > OutLanes ? InLanes : OutLanes;
  static_assert(kUnit % InLanes == 0 && kUnit % OutLanes == 0, "regroup: the lanes do not divide one another");
  static_assert(Values % kUnit == 0, "regroup: the values do not fill whole beats");
  const unsigned kUnits = Values / kUnit;
  const unsigned kReads = kUnit / InLanes;
  const unsigned kWrites = kUnit / OutLanes;
  typename In::value_type unit[kUnit];
  ACCEL_PRAGMA(ARRAY_PARTITION variable = unit complete)
  for (unsigned u = 0; u < kUnits; u++) {
    for (unsigned r = 0; r < kReads; r++) {
      ACCEL_PIPELINE
      const In beat = receive<In>(in);
      ACCEL_UNROLL_BEFORE
      for (unsigned lane = 0; lane < InLanes; lane++) {
        ACCEL_UNROLL_INSIDE
        unit[r * InLanes + lane] = beat[lane];
      }
    }
    for (unsigned w = 0; w < kWrites; w++) {
      ACCEL_PIPELINE
      Out beat;
      ACCEL_UNROLL_BEFORE
      for (unsigned lane = 0; lane < OutLanes; lane++) {
        ACCEL_UNROLL_INSIDE
        beat[lane] = unit[w * OutLanes + lane];
      }
      send(out, beat);
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
///   InBeat, OutBeat      Beats of our streams
///   Function, kLayers    type and name of the generated function
template <unsigned InValues, unsigned OutValues, class InBeat, class OutBeat, class Function, Function& kLayers>
void run_hls4ml(Channel<InBeat>& in, Channel<OutBeat>& out) {
  ACCEL_DATAFLOW
  typedef typename StreamTypes<Function>::input_t input_t;
  typedef typename StreamTypes<Function>::output_t output_t;
  hls::stream<input_t> inputs ACCEL_NAMED("inputs");
  hls::stream<output_t> outputs ACCEL_NAMED("outputs");
  regroup<InValues, InBeat::kLanes, input_t::size, InBeat, Plain<input_t> >(in, inputs);
  kLayers(inputs, outputs);
  regroup<OutValues, output_t::size, OutBeat::kLanes, Plain<output_t>, OutBeat>(outputs, out);
}

}  // namespace accel
