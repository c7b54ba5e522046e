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
#if ACCEL_LEARN
  hls::stream<accel::AxisLesson> lessons{"lessons"};
#endif
};

// One transaction; without `lesson` what a build that learns reports is dropped.
void transact(Simulation& sim, const accel::Settings& settings, size_t writes, uint64_t* lesson = nullptr) {
#if ACCEL_LEARN
  accel::moe(sim.state, settings, writes, sim.pixels, sim.writes, sim.lessons, sim.results, sim.domains);
  if (settings.mode == accel::kModeOff) return;
  const uint64_t word = sim.lessons.read().data.to_uint64();
  if (lesson) *lesson = word;
#else
  (void)lesson;
  accel::moe(sim.state, settings, writes, sim.pixels, sim.writes, sim.results, sim.domains);
#endif
}

// Settings of mode OFF.
accel::Settings off() {
  accel::Settings settings;  // ap_int does not initialise itself
  settings.mode = accel::kModeOff;
  settings.bank = settings.bank_valid = settings.local_expert = 0;
  settings.theta = 0;
  settings.ge_enable = settings.le_enable = 0;
#if ACCEL_LEARN
  settings.learning = accel::no_learning();
#endif
  return settings;
}

void put_image(Simulation& sim, const uint8_t* pixels, size_t length) {
  for (size_t p = 0; p < length; p++) {
    accel::AxisPixel beat;
    beat.data = pixels[p];
    beat.last = p + 1 == length;
    sim.pixels.write(beat);
  }
}

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

static accel::Settings settings_of(const AccelSettings& registers) {
  accel::Settings settings = off();
  settings.mode = registers.mode;
  settings.bank = registers.bank;
  settings.bank_valid = registers.bank_valid;
  settings.local_expert = registers.local_expert;
  settings.theta = registers.theta;
  settings.ge_enable = registers.ge_enable;
  settings.le_enable = registers.le_enable;
  return settings;
}

// All functions that return int give 0 on success; accel_failure() then tells the reason in this thread.
const char* accel_failure() { return g_failure.c_str(); }

void* accel_open() { return new Simulation; }

void accel_close(void* simulation) { delete static_cast<Simulation*>(simulation); }

// Loads weights through the write stream, in transactions of mode OFF.
int accel_write(void* handle, const uint64_t* words, size_t count) {
  Simulation& sim = *static_cast<Simulation*>(handle);
  for (size_t done = 0; done < count;) {
    const size_t part = count - done < accel::kMaxWrites ? count - done : accel::kMaxWrites;
    for (size_t i = 0; i < part; i++) {
      accel::AxisWrite beat;
      beat.data = words[done + i];
      beat.last = i + 1 == part;
      sim.writes.write(beat);
    }
    transact(sim, off(), part);
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
  const accel::Settings settings = settings_of(*registers);
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
    put_image(sim, images, length);
    images += length;
    transact(sim, settings, 0);
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

#if ACCEL_LEARN
// Registers of learning; the layout is repeated in learn.py.
struct AccelLearning {
  uint32_t local;
  uint32_t gate;
  uint32_t bank;
  uint32_t expert;
  uint32_t local_margin;
  uint32_t own_margin;
  uint32_t generic_margin;
  uint32_t local_shift;
  uint32_t gate_shift;
};

// Sets the LFSR, in a transaction of mode OFF.
int accel_set_random(void* handle, uint32_t state) {
  accel::Settings settings = off();
  settings.learning.set_random = 1;
  settings.learning.random = state;
  transact(*static_cast<Simulation*>(handle), settings, 0);
  return 0;
}

uint32_t accel_random(void* handle) { return static_cast<Simulation*>(handle)->state.random.to_uint(); }

// Runs `count` images one after the other. kinds: 0 has no label, 1 is the user's own, 2 a generic one.
// results and lessons: one word an image (pack_result, pack_lesson); domains: two bytes an image.
int accel_learn(void* handle, const uint8_t* images, const uint8_t* labels, const uint8_t* kinds, size_t count,
                const AccelSettings* registers, const AccelLearning* learning, uint32_t* results, uint8_t* domains,
                uint64_t* lessons) {
  Simulation& sim = *static_cast<Simulation*>(handle);
  accel::Settings settings = settings_of(*registers);
  accel::Learning& to = settings.learning;
  to.local = learning->local;
  to.gate = learning->gate;
  to.bank = learning->bank;
  to.expert = learning->expert;
  to.local_margin = learning->local_margin;
  to.own_margin = learning->own_margin;
  to.generic_margin = learning->generic_margin;
  to.local_shift = learning->local_shift;
  to.gate_shift = learning->gate_shift;
  for (size_t i = 0; i < count; i++) {
    to.labelled = kinds[i] != 0;
    to.label = labels[i];
    to.own = kinds[i] == 1;
    put_image(sim, images + i * accel::kPixels, accel::kPixels);
    transact(sim, settings, 0, lessons + i);
    if (sim.results.size() != 1 || sim.domains.size() != 2 || !sim.pixels.empty() || !sim.lessons.empty()) {
      return fail("labelled image " + std::to_string(i) + " gave " + std::to_string(sim.results.size()) + " results");
    }
    results[i] = sim.results.read().data.to_uint();
    domains[2 * i] = sim.domains.read().to_uint();
    domains[2 * i + 1] = sim.domains.read().to_uint();
  }
  return 0;
}

// What the memories hold at the addresses of `count` words of the write stream.
int accel_read(void* handle, const uint64_t* words, size_t count, uint32_t* data) {
  const accel::State& state = static_cast<Simulation*>(handle)->state;
  for (size_t i = 0; i < count; i++) {
    const accel::WeightWrite request = accel::unpack_write(words[i]);
    const unsigned expert = request.layer.to_uint() % accel::kLayerLocalHidden;
    const bool local = request.layer < accel::kLayerGateHidden;
    if (local && expert >= accel::kLocalExperts) return fail("reading a local expert that does not exist");
    data[i] = (local ? state.local_experts[expert].read(request) : state.gate.read(request)).to_uint();
  }
  return 0;
}
#endif
}
