// SPDX-License-Identifier: Apache-2.0
/// C simulation of top functions (hls/tops.py): moving words between buffers of bytes and streams.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ap_int.h"
#include "hls_stream.h"

namespace accel {
template <int W>
void put_words(hls::stream<ap_uint<W> >& stream, const uint8_t* data, size_t count) {
  const size_t bytes = (W + 7) / 8;
  for (size_t i = 0; i < count; i++) {
    ap_uint<W> word = 0;
    for (size_t b = 0; b < bytes; b++) word |= ap_uint<W>(data[i * bytes + b]) << (8 * b);
    stream.write(word);
  }
}

template <int W>
size_t get_words(hls::stream<ap_uint<W> >& stream, uint8_t* data, size_t room) {
  const size_t bytes = (W + 7) / 8;
  size_t count = 0;
  for (; !stream.empty(); count++) {
    const ap_uint<W> word = stream.read();
    if (count < room) {
      for (size_t b = 0; b < bytes; b++) data[count * bytes + b] = ap_uint<8>(word >> (8 * b)).to_uint();
    }
  }
  return count;
}
}  // namespace accel
