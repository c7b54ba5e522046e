// SPDX-License-Identifier: Apache-2.0
// NNgen's LeNet behind C functions: a memory on its 128-bit AXI port, its registers on AXI4-Lite, cycles of an image.
// The memory takes a burst whenever one is offered and gives a word a cycle, the first in the cycle after the address.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

#include "Vlenet.h"
#include "model_host.h"

namespace {
constexpr unsigned kBytes = 16;  // of a word of the port
struct Burst {
  uint64_t address;
  unsigned words;
};

class Device {
 public:
  explicit Device(size_t bytes) : memory_(bytes, 0) {
    model_.RESETN = 0;
    model_.maxi_arready = model_.maxi_awready = model_.maxi_wready = 1;
    model_.saxi_bready = model_.saxi_rready = 1;
    for (int i = 0; i < 100; ++i) step();
    model_.RESETN = 1;
    for (int i = 0; i < 100; ++i) step();
  }

  uint8_t* at(uint64_t address, size_t count) {
    if (address + count > memory_.size()) fail("an address beyond the memory");
    return memory_.data() + address;
  }

  void write(unsigned address, unsigned value) {
    model_.saxi_awaddr = address;
    model_.saxi_wdata = value;
    model_.saxi_wstrb = 15;
    model_.saxi_awvalid = model_.saxi_wvalid = 1;
    while (model_.saxi_awvalid || model_.saxi_wvalid) {
      model_.eval();
      const bool taken = model_.saxi_awvalid && model_.saxi_awready, data = model_.saxi_wvalid && model_.saxi_wready;
      step();
      if (taken) model_.saxi_awvalid = 0;
      if (data) model_.saxi_wvalid = 0;
    }
  }

  unsigned read(unsigned address) {
    model_.saxi_araddr = address;
    model_.saxi_arvalid = 1;
    for (bool taken = false; !taken; step()) {
      model_.eval();
      taken = model_.saxi_arready;
    }
    model_.saxi_arvalid = 0;
    model_.eval();
    while (!model_.saxi_rvalid) step();
    const unsigned value = model_.saxi_rdata;
    step();
    return value;
  }

  uint64_t cycles() const { return cycles_; }

 private:
  void step() {
    model_.eval();
    const bool reading = model_.maxi_rvalid && model_.maxi_rready;
    const bool answered = model_.maxi_bvalid && model_.maxi_bready;
    if (model_.maxi_arvalid) reads_.push_back({model_.maxi_araddr, unsigned(model_.maxi_arlen) + 1});
    if (model_.maxi_awvalid) writes_.push_back({model_.maxi_awaddr, unsigned(model_.maxi_awlen) + 1});
    if (model_.maxi_wvalid) words_.push_back(word());
    model_.CLK = 1;
    model_.eval();
    if (reading) next(reads_);
    if (answered) --answers_;
    while (!writes_.empty() && !words_.empty()) store();
    offer();
    model_.CLK = 0;
    model_.eval();
    ++cycles_;
  }

  struct Word {
    uint8_t bytes[kBytes];
    unsigned strobe;
  };

  Word word() const {
    Word found;
    std::memcpy(found.bytes, &model_.maxi_wdata[0], kBytes);
    found.strobe = model_.maxi_wstrb;
    return found;
  }

  static void next(std::deque<Burst>& bursts) {
    bursts.front().address += kBytes;
    if (!--bursts.front().words) bursts.pop_front();
  }

  void store() {
    uint8_t* place = at(writes_.front().address, kBytes);
    const Word word = words_.front();
    words_.pop_front();
    for (unsigned i = 0; i < kBytes; ++i)
      if (word.strobe >> i & 1) place[i] = word.bytes[i];
    answers_ += writes_.front().words == 1;
    next(writes_);
  }

  void offer() {
    model_.maxi_rvalid = !reads_.empty();
    model_.maxi_rlast = !reads_.empty() && reads_.front().words == 1;
    if (!reads_.empty()) std::memcpy(&model_.maxi_rdata[0], at(reads_.front().address, kBytes), kBytes);
    model_.maxi_bvalid = answers_ > 0;
  }

  Vlenet model_;
  std::vector<uint8_t> memory_;
  std::deque<Burst> reads_, writes_;
  std::deque<Word> words_;
  unsigned answers_ = 0;
  uint64_t cycles_ = 0;
};

struct Layout {
  uint64_t image, output, temporary;
  uint32_t image_bytes, output_bytes, start, busy, temporary_register;
};
}  // namespace

extern "C" {
const char* peer_failure() { return g_failure.c_str(); }

// Answer images one after the other: `images` has image_bytes of each, `outputs` gets output_bytes of each.
int peer_run(const Layout* l, size_t bytes, const uint8_t* parameters, size_t parameter_bytes, uint64_t parameter_address,
             const uint8_t* images, size_t count, uint64_t limit, uint8_t* outputs, uint64_t* cycles) {
  return guarded([&] {
    Device device(bytes);
    std::memcpy(device.at(parameter_address, parameter_bytes), parameters, parameter_bytes);
    device.write(4 * l->temporary_register, uint32_t(l->temporary));
    for (size_t i = 0; i < count; ++i) {
      std::memcpy(device.at(l->image, l->image_bytes), images + i * l->image_bytes, l->image_bytes);
      const uint64_t before = device.cycles();
      device.write(4 * l->start, 1);
      while (device.read(4 * l->start))
        if (device.cycles() - before > limit) fail("it does not start");
      while (device.read(4 * l->busy))
        if (device.cycles() - before > limit) fail("no answer within " + std::to_string(limit) + " cycles");
      cycles[i] = device.cycles() - before;
      std::memcpy(outputs + i * l->output_bytes, device.at(l->output, l->output_bytes), l->output_bytes);
    }
  });
}
}
