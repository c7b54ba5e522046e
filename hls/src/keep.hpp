// SPDX-License-Identifier: Apache-2.0
/// Passing a stream on while a copy of it waits, for the learning that comes after the image's answer.
///
/// Initiation interval: one beat a cycle.
///
/// Parameters
///   Beats  beats of an image
///   Word   what the streams hold, see channel.hpp
#pragma once

#include "compiler.hpp"
#include "hls_stream.h"

namespace accel {

/// The copy is made only if it is `wanted`; its stream must hold a whole image.
template <unsigned Beats, class Word>
void keep(const bool wanted, hls::stream<Word>& in, hls::stream<Word>& out, hls::stream<Word>& kept) {
  for (unsigned i = 0; i < Beats; i++) {
    ACCEL_PIPELINE
    const Word beat = in.read();
    out.write(beat);
    if (wanted) kept.write(beat);
  }
}

/// Takes a copy that turned out not to be needed.
template <unsigned Beats, class Word>
void drop(hls::stream<Word>& kept) {
  for (unsigned i = 0; i < Beats; i++) {
    ACCEL_PIPELINE
    kept.read();
  }
}

}  // namespace accel
