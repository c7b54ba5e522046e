// SPDX-License-Identifier: Apache-2.0
/// Streams of structures: what travels is a word, because not every compiler gives a structure a port of its full width.
///
/// An element type E has word_t (an ap_uint of all its bits; in C simulation it may be E itself, which is faster to move),
/// to_word() and from_word(word).
/// Does not: apply to streams of plain integers, which are hls::stream as they are.
#pragma once

#include "compiler.hpp"
#include "hls_stream.h"

namespace accel {

template <class E>
using Channel = hls::stream<typename E::word_t>;

/// The next element; waits for it. E must be named.
template <class E>
E receive(Channel<E>& channel) {
  ACCEL_INLINE
  return E::from_word(channel.read());
}

template <class E>
void send(Channel<E>& channel, const E& element) {
  ACCEL_INLINE
  channel.write(element.to_word());
}

}  // namespace accel
