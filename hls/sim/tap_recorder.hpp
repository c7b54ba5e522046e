// SPDX-License-Identifier: Apache-2.0
/// C simulation only: copies what passes a tap into the buffer that the calling thread has set for the layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "beat.hpp"
#include "fixed.hpp"
#include "hls_stream.h"

namespace accel {

/// One layer's buffer: activations take a byte a value, logits four.
struct TapBuffer {
  uint8_t* data;
  size_t room;  // bytes
  size_t used;  // bytes; grows beyond room when a layer gives too many values, which are not stored
  bool wide;
};

/// The calling thread's buffers by tap index, or nullptr while nothing is recorded.
extern thread_local TapBuffer* tap_buffers;

template <class T, unsigned Lanes>
void record_tap(unsigned layer, hls::stream<Beat<T, Lanes> >& stream) {
  if (!tap_buffers) return;
  TapBuffer& buffer = tap_buffers[layer];
  const size_t bytes = buffer.wide ? 4 : 1;
  const size_t beats = stream.size();
  for (size_t i = 0; i < beats; i++) {
    const Beat<T, Lanes> beat = stream.read();
    for (unsigned lane = 0; lane < Lanes; lane++) {
      const int32_t value = raw(beat[lane]).to_int();
      if (buffer.used + bytes <= buffer.room) std::memcpy(buffer.data + buffer.used, &value, bytes);  // little endian
      buffer.used += bytes;
    }
    stream.write(beat);
  }
}

}  // namespace accel
