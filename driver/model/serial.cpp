// SPDX-License-Identifier: Apache-2.0
// The simulated device behind its serial pins: a Verilated moe_serial, or a board's top with it, whose pins are driven and
// read bit by bit.
//
// Time passes only in serial_run, in ticks: cycles of moe_serial's clock; on a board, which makes its own clock, parts of a
// bit of the other side's. Bytes that were sent go over the line one after the other; what the device says is kept
// until it is received. With noise, each byte, in either direction, can be spoilt on its way: a bit of the line turned over,
// the byte lost, a byte of rubbish before it, or a break behind it.
#include <cstdint>
#include <deque>
#include <random>
#include <string>

#ifdef SERIAL_BOARD
#include "board_pins.h"
#else
#include "serial_pins.h"
#endif

namespace {
constexpr unsigned kBits = 10;  // start bit, eight data bits, stop bit

class Serial {
 public:
  Serial(const char* memory_directory, unsigned divisor, double tick) : divisor_(divisor), pins_(memory_directory, tick) {}

  void noise(uint32_t seed, double share) {
    random_.seed(seed);
    share_ = share;
  }

  void send(const uint8_t* data, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      const bool spoilt = spoil();
      const unsigned kind = spoilt ? random_() % 4 : 4;
      if (kind == 0) continue;                      // lost
      if (kind == 1) put(random_() & 0xff, kBits);  // rubbish before it
      put(data[i], kind == 2 ? random_() % kBits : kBits);
      if (kind == 3) line_.insert(line_.end(), 3 * kBits * divisor_, false);  // break
    }
  }

  void run(uint64_t ticks) {
    for (uint64_t i = 0; i < ticks; ++i) tick();
  }

  size_t receive(uint8_t* data, size_t room) {
    size_t count = 0;
    for (; count < room && !heard_.empty(); ++count) {
      data[count] = heard_.front();
      heard_.pop_front();
    }
    return count;
  }

  uint64_t spoilt() const { return spoilt_; }
  size_t waiting() const { return line_.size(); }

 private:
  bool spoil() {
    const bool now = share_ > 0 && std::generate_canonical<double, 32>(random_) < share_;
    spoilt_ += now;
    return now;
  }

  // A byte on the line, one of its bits turned over unless `turned` is none of them.
  void put(unsigned byte, unsigned turned) {
    const unsigned bits = byte << 1 | 1u << (kBits - 1);
    for (unsigned i = 0; i < kBits; ++i) line_.insert(line_.end(), divisor_, (bits >> i & 1) != (i == turned));
  }

  void listen(bool level) {
    if (count_ < 0) {
      if (level) return;
      count_ = 0;
      bits_ = 0;
    }
    if (count_ % divisor_ == divisor_ / 2) bits_ |= static_cast<unsigned>(level) << count_ / divisor_;
    if (++count_ < static_cast<int>(kBits * divisor_ - divisor_ / 4)) return;
    count_ = -1;
    if (!(bits_ >> (kBits - 1))) fail("the device sent a stop bit that is low");
    unsigned byte = bits_ >> 1 & 0xff;
    if (spoil()) {
      if (random_() % 3 == 0) return;
      byte ^= 1u << random_() % 8;
    }
    heard_.push_back(byte);
  }

  void tick() {
    const bool level = line_.empty() || line_.front();
    if (!line_.empty()) line_.pop_front();
    listen(pins_.tick(level));
  }

  unsigned divisor_;
  Pins pins_;
  std::deque<bool> line_;
  std::deque<uint8_t> heard_;
  std::minstd_rand random_;
  double share_ = 0;
  uint64_t spoilt_ = 0;
  int count_ = -1;  // ticks since the start bit that is being heard began
  unsigned bits_ = 0;
};

Serial* as_serial(void* serial) { return static_cast<Serial*>(serial); }
}  // namespace

extern "C" {
const char* serial_failure(void) { return g_failure.c_str(); }

// divisor: ticks of a bit; tick: picoseconds of one, where time has a meaning.
void* serial_open(const char* memory_directory, unsigned divisor, double tick) {
  Serial* serial = nullptr;
  guarded([&] { serial = new Serial(memory_directory, divisor, tick); });
  return serial;
}

void serial_close(void* serial) { delete as_serial(serial); }

int serial_run(void* serial, uint64_t ticks) {
  return guarded([&] { as_serial(serial)->run(ticks); });
}

void serial_send(void* serial, const uint8_t* data, size_t count) { as_serial(serial)->send(data, count); }
size_t serial_receive(void* serial, uint8_t* data, size_t room) { return as_serial(serial)->receive(data, room); }
void serial_noise(void* serial, uint32_t seed, double share) { as_serial(serial)->noise(seed, share); }
uint64_t serial_spoilt(void* serial) { return as_serial(serial)->spoilt(); }
size_t serial_waiting(void* serial) { return as_serial(serial)->waiting(); }
}
