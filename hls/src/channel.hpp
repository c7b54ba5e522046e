// SPDX-License-Identifier: Apache-2.0
/// Streams of structures: what travels is a word, because not every compiler gives a structure a port of its full width.
///
/// An element type E has word_t (an ap_uint of all its bits), to_word() and from_word(word). In C simulation word_t may be
/// E itself, which is faster to move, and then there is no from_word.
/// Does not: apply to streams of plain integers, which are hls::stream as they are.
#pragma once

#include "compiler.hpp"
#include "hls_stream.h"

namespace accel {

template <class E>
using Channel = hls::stream<typename E::word_t>;

/// Reading an element from a stream of words; where elements travel as they are, without a copy.
template <class E, class Word>
struct Reader {
  static E read(hls::stream<Word>& stream) {
    ACCEL_INLINE
    return E::from_word(stream.read());
  }
};
template <class E>
struct Reader<E, E> {
  static E read(hls::stream<E>& stream) { return stream.read(); }
};

/// The next element; waits for it. E must be named.
template <class E>
E receive(Channel<E>& channel) {
  ACCEL_INLINE
  return Reader<E, typename E::word_t>::read(channel);
}

template <class E>
void send(Channel<E>& channel, const E& element) {
  ACCEL_INLINE
  channel.write(element.to_word());
}

}  // namespace accel
