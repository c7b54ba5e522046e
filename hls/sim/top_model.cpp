// SPDX-License-Identifier: Apache-2.0
// C simulation of one top function (hls/tops.py) as a shared library, with the interface of its Verilated model.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ap_int.h"
#include "hls_stream.h"
#include "top_ports.h"

void TOP_NAME(TOP_PARAMETERS);

namespace {
template <int W>
void put(hls::stream<ap_uint<W> >& stream, const uint8_t* data, size_t count) {
  const size_t bytes = (W + 7) / 8;
  for (size_t i = 0; i < count; i++) {
    ap_uint<W> word = 0;
    for (size_t b = 0; b < bytes; b++) word |= ap_uint<W>(data[i * bytes + b]) << (8 * b);
    stream.write(word);
  }
}

template <int W>
size_t get(hls::stream<ap_uint<W> >& stream, uint8_t* data, size_t room) {
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
}  // namespace

extern "C" {
// Calls the top until it has taken all words, at most once a word. data, count: of the input streams, then of the output streams, in the order of the ports,
// words of whole bytes, little endian; on return the counts of the output streams are those found. registers: one value
// each. seed, stall and the result `cycles` are for models that have a clock.
int top_run(uint8_t* const* data, size_t* count, const int64_t* registers, uint64_t seed, unsigned stall,
            uint64_t* cycles) {
  (void)seed;
  (void)stall;
  (void)registers;
#define STREAM(name, bits) hls::stream<ap_uint<bits> > name;
  TOP_INPUTS(STREAM)
  TOP_OUTPUTS(STREAM)
  size_t i = 0;
#define PUT(name, bits) put<bits>(name, data[i], count[i]), i++;
  TOP_INPUTS(PUT)
  size_t r = 0;
#define REGISTER(name, bits) const ap_int<bits> name = registers[r++];
  TOP_REGISTERS(REGISTER)
  (void)r;
#define WORDS(name, bits) +name.size()
#define EMPTY(name, bits) && name.empty()
  const size_t most = 0 TOP_INPUTS(WORDS);
  for (size_t call = 0; call < most && !(true TOP_INPUTS(EMPTY)); call++) TOP_NAME(TOP_ARGUMENTS);
  if (!(true TOP_INPUTS(EMPTY))) return 1;
#define GET(name, bits) count[i] = get<bits>(name, data[i], count[i]), i++;
  TOP_OUTPUTS(GET)
  *cycles = 0;
  return 0;
}

const char* top_failure() { return "it left words in an input stream"; }
}
