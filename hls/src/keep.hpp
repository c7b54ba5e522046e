// SPDX-License-Identifier: Apache-2.0
/// Passing a stream on while a copy of it waits, for the learning that comes after the image's answer.
///
/// Initiation interval: one beat a cycle.
///
/// Parameters
///   Beats  beats of an image
#pragma once

#include "hls_stream.h"

namespace accel {

/// The copy is made only if it is `wanted`; its stream must hold a whole image.
template <unsigned Beats, class Beat>
void keep(const bool wanted, hls::stream<Beat>& in, hls::stream<Beat>& out, hls::stream<Beat>& kept) {
  for (unsigned i = 0; i < Beats; i++) {
#pragma HLS PIPELINE II = 1
    const Beat beat = in.read();
    out.write(beat);
    if (wanted) kept.write(beat);
  }
}

/// Takes a copy that turned out not to be needed.
template <unsigned Beats, class Beat>
void drop(hls::stream<Beat>& kept) {
  for (unsigned i = 0; i < Beats; i++) {
#pragma HLS PIPELINE II = 1
    kept.read();
  }
}

}  // namespace accel
