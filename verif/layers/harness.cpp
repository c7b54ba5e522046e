// SPDX-License-Identifier: Apache-2.0
// One generated layer behind its adapter (hls/adapter.py), Verilated: streams in and out, held back at random.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "model_host.h"
#include "top_ports.h"

#define TEXT_OF(name) #name
#define HEADER_OF(name) TEXT_OF(name.h)
#include HEADER_OF(TOP_MODEL)

namespace {
const uint64_t kPatience = 1000000;  // cycles without a word that moves
const uint64_t kAfter = 2000;        // cycles behind the last word, in which none may come

void set_bits(CData& port, const uint8_t* data, size_t) { port = data[0]; }
void set_bits(SData& port, const uint8_t* data, size_t bytes) {
  port = 0;
  for (size_t b = 0; b < bytes; b++) port |= SData(data[b]) << (8 * b);
}
void set_bits(IData& port, const uint8_t* data, size_t bytes) {
  port = 0;
  for (size_t b = 0; b < bytes; b++) port |= IData(data[b]) << (8 * b);
}
void set_bits(QData& port, const uint8_t* data, size_t bytes) {
  port = 0;
  for (size_t b = 0; b < bytes; b++) port |= QData(data[b]) << (8 * b);
}
template <std::size_t N>
void set_bits(VlWide<N>& port, const uint8_t* data, size_t bytes) {
  for (size_t i = 0; i < N; i++) port[i] = 0;
  for (size_t b = 0; b < bytes; b++) port[b / 4] |= EData(data[b]) << (8 * (b % 4));
}
template <class Port>
void get_bits(const Port& port, uint8_t* data, size_t bytes) {
  for (size_t b = 0; b < bytes; b++) data[b] = uint64_t(port) >> (8 * b);
}
template <std::size_t N>
void get_bits(const VlWide<N>& port, uint8_t* data, size_t bytes) {
  for (size_t b = 0; b < bytes; b++) data[b] = port[b / 4] >> (8 * (b % 4));
}

struct Random {
  uint64_t state;
  // Whether something that happens in `of_256` of 256 cycles happens now.
  bool draw(unsigned of_256) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 32 & 255) < of_256;
  }
};

struct Stream {
  uint8_t* data;
  size_t room;
  size_t done = 0;
  bool valid = false;
};

void run(const char* memory, uint8_t* const* data, size_t* count, const int64_t* registers, uint64_t seed, unsigned stall,
         uint64_t* cycles) {
  const std::unique_ptr<VerilatedContext> context(new VerilatedContext);
  const std::unique_ptr<TOP_MODEL> model(new TOP_MODEL(context.get()));
  first_evaluation(*model, memory);
  Random random = {seed * 2 + 0x9E3779B97F4A7C15u};
  size_t i = 0;
#define STREAM(name, bits) Stream name = {data[i], count[i]}; i++;
  TOP_INPUTS(STREAM)
  TOP_OUTPUTS(STREAM)
  size_t r = 0;
#define REGISTER(name, bits) set_bits(model->name##_i, reinterpret_cast<const uint8_t*>(registers + r), ((bits) + 7) / 8), r++;
  TOP_REGISTERS(REGISTER)
  (void)r;
  uint64_t idle = 0;
  bool finished = false;
  for (uint64_t cycle = 0; !(finished && idle >= kAfter); cycle++) {
    model->rst_ni = cycle >= 4;
#define OFFER(name, bits)                                                                                   \
  name.valid = name.done < name.room && (name.valid || !random.draw(stall)) && model->rst_ni;              \
  model->name##_valid_i = name.valid;                                                                       \
  if (name.valid) set_bits(model->name##_data_i, name.data + name.done * (((bits) + 7) / 8), ((bits) + 7) / 8);
    TOP_INPUTS(OFFER)
#define ACCEPT(name, bits) model->name##_ready_i = !random.draw(stall);
    TOP_OUTPUTS(ACCEPT)
    model->clk_i = 0;
    model->eval();
    bool moved = false;
    if (model->rst_ni) {
#define TAKEN(name, bits)                              \
  if (name.valid && model->name##_ready_o) {           \
    name.done++;                                       \
    name.valid = false;                                \
    moved = true;                                      \
  }
      TOP_INPUTS(TAKEN)
#define GIVEN(name, bits)                                                                                        \
  if (model->name##_valid_o && model->name##_ready_i) {                                                          \
    if (name.done < name.room) get_bits(model->name##_data_o, name.data + name.done * (((bits) + 7) / 8), ((bits) + 7) / 8); \
    name.done++;                                                                                                 \
    moved = true;                                                                                                \
    *cycles = cycle;                                                                                             \
  }
      TOP_OUTPUTS(GIVEN)
    }
    model->clk_i = 1;
    model->eval();
    idle = moved ? 0 : idle + 1;
#define FINISHED(name, bits) && name.done >= name.room
    finished = true TOP_INPUTS(FINISHED) TOP_OUTPUTS(FINISHED);
    if (idle > kPatience) {
      std::string where;
#define STATE(name, bits) where += " " #name " " + std::to_string(name.done) + " of " + std::to_string(name.room);
      TOP_INPUTS(STATE)
      TOP_OUTPUTS(STATE)
      fail("nothing moves any more:" + where);
    }
  }
  i = 0;
#define COUNT(name, bits) count[i++] = name.done;
  TOP_INPUTS(COUNT)
  TOP_OUTPUTS(COUNT)
}
}  // namespace

extern "C" {
// As in hls/sim/top_model.inc; `memory` is the directory of memory files; each stream is held back in `stall` of 256 cycles.
int TOP_RUN(const char* memory, uint8_t* const* data, size_t* count, const int64_t* registers, uint64_t seed, unsigned stall,
            uint64_t* cycles) {
  return guarded([&] { run(memory, data, count, registers, seed, stall, cycles); });
}

const char* TOP_FAILURE() { return g_failure.c_str(); }
}
