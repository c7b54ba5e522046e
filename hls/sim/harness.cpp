// SPDX-License-Identifier: Apache-2.0
// C simulation of the HLS top level as a shared library with a C interface.
//
// An AccelSimulation owns the state of one accelerator; different objects may run in different threads.
#include <cstdint>
#include <string>

#include "moe_top.hpp"
#include "tap_recorder.hpp"

namespace accel {
thread_local TapBuffer* tap_buffers = nullptr;
}

namespace {
thread_local std::string g_failure;

struct Simulation {
  accel::State state;
  hls::stream<accel::AxisPixel> pixels{"pixels"};
  hls::stream<accel::AxisWrite> writes{"writes"};
  hls::stream<accel::AxisResult> results{"results"};
  hls::stream<accel::Domains> domains{"domains"};
};

int fail(const std::string& reason) {
  g_failure = reason;
  return 1;
}
}  // namespace

extern "C" {
// Registers of one run; the layout is repeated in csim.py.
struct AccelSettings {
  uint32_t mode;
  uint32_t bank;
  uint32_t bank_valid;
  uint32_t local_expert;
  int32_t theta;
  uint32_t ge_enable;
  uint32_t le_enable;
};

// All functions that return int give 0 on success; accel_failure() then tells the reason in this thread.
const char* accel_failure() { return g_failure.c_str(); }

void* accel_open() { return new Simulation; }

void accel_close(void* simulation) { delete static_cast<Simulation*>(simulation); }

// Loads weights through the write stream, in transactions of mode OFF.
int accel_write(void* handle, const uint64_t* words, size_t count) {
  Simulation& sim = *static_cast<Simulation*>(handle);
  accel::Settings off;  // ap_int does not initialise itself
  off.mode = accel::kModeOff;
  off.bank = off.bank_valid = off.local_expert = 0;
  off.theta = 0;
  off.ge_enable = off.le_enable = 0;
  for (size_t done = 0; done < count;) {
    const size_t part = count - done < accel::kMaxWrites ? count - done : accel::kMaxWrites;
    for (size_t i = 0; i < part; i++) {
      accel::AxisWrite beat;
      beat.data = words[done + i];
      beat.last = i + 1 == part;
      sim.writes.write(beat);
    }
    accel::moe(sim.state, off, part, sim.pixels, sim.writes, sim.results, sim.domains);
    done += part;
  }
  if (!sim.writes.empty() || !sim.results.empty()) return fail("loading weights left writes or gave a result");
  return 0;
}

// Runs `count` images of the given lengths (pixels; nullptr: all have the right length), stored one behind the other.
// results: one word an image; domains: two bytes an image. tap_data: one buffer a layer, or nullptr.
int accel_run(void* handle, const uint8_t* images, const uint32_t* lengths, size_t count, const AccelSettings* registers,
              uint32_t* results, uint8_t* domains, uint8_t* const* tap_data, const size_t* tap_room, size_t* tap_used,
              volatile uint64_t* progress) {
  Simulation& sim = *static_cast<Simulation*>(handle);
  accel::Settings settings;
  settings.mode = registers->mode;
  settings.bank = registers->bank;
  settings.bank_valid = registers->bank_valid;
  settings.local_expert = registers->local_expert;
  settings.theta = registers->theta;
  settings.ge_enable = registers->ge_enable;
  settings.le_enable = registers->le_enable;
  accel::TapBuffer buffers[accel::kTapCount];
  for (unsigned t = 0; t < accel::kTapCount; t++) {
    buffers[t].data = tap_data ? tap_data[t] : nullptr;
    buffers[t].room = tap_data ? tap_room[t] : 0;
    buffers[t].used = 0;
    buffers[t].wide = accel::kTapWide[t];
  }
  accel::tap_buffers = tap_data ? buffers : nullptr;
  for (size_t i = 0; i < count; i++) {
    const size_t length = lengths ? lengths[i] : accel::kPixels;
    for (size_t p = 0; p < length; p++) {
      accel::AxisPixel beat;
      beat.data = *images++;
      beat.last = p + 1 == length;
      sim.pixels.write(beat);
    }
    accel::moe(sim.state, settings, 0, sim.pixels, sim.writes, sim.results, sim.domains);
    if (sim.results.size() != 1 || sim.domains.size() != 2 || !sim.pixels.empty()) {
      accel::tap_buffers = nullptr;
      return fail("image " + std::to_string(i) + " gave " + std::to_string(sim.results.size()) + " results and left " +
                  std::to_string(sim.pixels.size()) + " pixels");
    }
    results[i] = sim.results.read().data.to_uint();
    domains[2 * i] = sim.domains.read().to_uint();
    domains[2 * i + 1] = sim.domains.read().to_uint();
    *progress = i + 1;
  }
  accel::tap_buffers = nullptr;
  for (unsigned t = 0; tap_data && t < accel::kTapCount; t++) {
    if (buffers[t].used > buffers[t].room) return fail(std::string("layer ") + accel::kTapName[t] + " gave too many values");
    tap_used[t] = buffers[t].used;
  }
  return 0;
}
}
