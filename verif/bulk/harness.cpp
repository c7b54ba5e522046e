// SPDX-License-Identifier: Apache-2.0
// Bulk simulation of the accelerator: a Verilated moe_sim behind a C interface, without VPI.
//
// C++ drives the clock, the pixel stream and the weight port; Python hands over whole data sets and gets back the
// results, the cycle of each result and, on request, every layer's output. One object is one independent model;
// different objects may run in different threads.
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "Vmoe_sim.h"
#include "taps.h"
#include "model_host.h"

extern "C" {
struct MoeSettings {
  uint32_t mode, bank, bank_valid, local_expert;
  int32_t theta;
  uint32_t pause_seed;  // 0: no pauses; otherwise pixels and results pause at random
  uint64_t timeout;     // cycles without a result before the run is given up
};

// A learning session, as learn_pkg::learn_settings_t has it.
struct MoeLearning {
  uint32_t open, bank, expert, local_margin, local_shift, own_margin, generic_margin, gate_shift;
};
}

namespace {
constexpr int kReadTimeout = 100000;  // cycles

class Simulation {
 public:
  // Memory files are read by the model's first evaluation, relative to the working directory.
  explicit Simulation(const char* memory_directory)
      : context_(new VerilatedContext), model_(new Vmoe_sim{context_.get(), "TOP"}) {
    first_evaluation(*model_, memory_directory);
    reset();
  }
  ~Simulation() { model_->final(); }

  void reset() {
    model_->s_axis_tvalid = model_->wr_en_i = model_->m_axis_tready = 0;
    model_->rst_ni = 0;
    for (int i = 0; i < 4; ++i) cycle();
    model_->rst_ni = 1;
    cycle();
  }

  void write(uint32_t bank, size_t count, const uint8_t* layer, const uint8_t* bias, const uint32_t* address,
             const uint32_t* data) {
    model_->wr_en_i = 1;
    model_->wr_bank_i = bank;
    for (size_t i = 0; i < count; ++i) {
      model_->wr_layer_i = layer[i];
      model_->wr_bias_i = bias[i];
      model_->wr_addr_i = address[i];
      model_->wr_data_i = data[i];
      cycle();
    }
    model_->wr_en_i = 0;
    cycle();
  }

  // Chunks at the addresses, as they are now.
  void read(uint32_t bank, size_t count, const uint8_t* layer, const uint8_t* bias, const uint32_t* address,
            uint32_t* data) {
    model_->rd_bank_i = bank;
    for (size_t i = 0; i < count; ++i) {
      model_->rd_layer_i = layer[i];
      model_->rd_bias_i = bias[i];
      model_->rd_addr_i = address[i];
      model_->rd_valid_i = 1;
      for (int waited = 0;; ++waited) {
        model_->clk_i = 0;
        model_->eval();
        const bool done = model_->rd_done_o;
        if (done) data[i] = model_->rd_data_o;
        if (done) model_->rd_valid_i = 0;
        cycle();
        if (done) break;
        if (waited == kReadTimeout) fail("a run-time memory gives no data");
      }
    }
  }

  void learn(const MoeLearning& session) {
    model_->learn_open_i = session.open;
    model_->learn_bank_i = session.bank;
    model_->learn_expert_i = session.expert;
    model_->local_margin_i = session.local_margin;
    model_->local_shift_i = session.local_shift;
    model_->own_margin_i = session.own_margin;
    model_->generic_margin_i = session.generic_margin;
    model_->gate_shift_i = session.gate_shift;
  }

  void set_random(uint32_t state) {
    model_->random_i = state;
    model_->random_load_i = 1;
    cycle();
    model_->random_load_i = 0;
  }

  uint32_t random() { return model_->random_o; }

  // How pixels come and results are taken in the runs that follow. gaps: cycles that each pixel of a run is offered later
  // than it could be, empty for none; ready: whether a result is taken, for each cycle from the run's first, over and
  // over, empty for always.
  void pace(std::vector<uint32_t> gaps, std::vector<uint8_t> ready) {
    gaps_ = std::move(gaps);
    ready_ = std::move(ready);
  }

  uint64_t now() const { return now_; }

  // labels: TUSER of each image's first pixel, or null for none.
  void run(const uint8_t* images, const uint16_t* labels, size_t count, const MoeSettings& settings, uint32_t* results, uint64_t* cycles,
           uint64_t* first_pixel, uint8_t* const* tap_data, const size_t* tap_room, size_t* tap_used,
           volatile uint64_t* progress) {
    model_->mode_i = settings.mode;
    model_->bank_i = settings.bank;
    model_->bank_valid_i = settings.bank_valid;
    model_->local_expert_i = settings.local_expert;
    model_->theta_i = settings.theta;
    std::minstd_rand pauses(settings.pause_seed);
    const size_t beats = kImageBeats * count;
    size_t sent = 0, received = 0;
    const uint64_t started = now_;
    uint64_t last_event = now_;
    if (!gaps_.empty() && gaps_.size() < beats) fail("there are fewer gaps than pixels");
    uint32_t gap = gaps_.empty() ? 0 : gaps_[0];
    if (tap_data) {
      for (size_t t = 0; t < kTapCount; ++t) tap_used[t] = 0;
    }

    auto collect = [&](size_t tap, const void* lanes) {
      const size_t bytes = kTaps[tap].lanes * kTaps[tap].bytes;
      if (!tap_data[tap]) return;
      if (tap_used[tap] + bytes > tap_room[tap]) fail(std::string("layer ") + kTaps[tap].name + " gave too many words");
      std::memcpy(tap_data[tap] + tap_used[tap], lanes, bytes);  // lane 0 is the lowest byte (little endian)
      tap_used[tap] += bytes;
    };

    bool offering = false;
    while (received < count) {
      if (!offering) offering = sent < beats && !gap && !(settings.pause_seed && pauses() % 4 == 0);
      if (!offering && gap) --gap;
      model_->s_axis_tvalid = offering;
      model_->s_axis_tdata = sent < beats ? images[sent] : 0;
      model_->s_axis_tlast = sent % kImageBeats == kImageBeats - 1;
      model_->s_axis_tuser = labels && sent % kImageBeats == 0 && sent < beats ? labels[sent / kImageBeats] : 0;
      model_->m_axis_tready = !(settings.pause_seed && pauses() % 4 == 0) &&
                              (ready_.empty() || ready_[(now_ - started) % ready_.size()]);
      model_->clk_i = 0;
      model_->eval();
      if (offering && model_->s_axis_tready) {
        if (sent % kImageBeats == 0) first_pixel[sent / kImageBeats] = now_;
        ++sent;
        offering = false;
        gap = gaps_.empty() || sent == beats ? 0 : gaps_[sent];
      }
      if (model_->m_axis_tvalid && model_->m_axis_tready) {
        results[received] = model_->m_axis_tdata;
        cycles[received] = now_;
        ++received;
        *progress = received;
        last_event = now_;
      }
      if (tap_data) collect_taps(*model_, collect);
      model_->clk_i = 1;
      model_->eval();
      ++now_;
      if (now_ - last_event > settings.timeout) {
        fail("no result for " + std::to_string(settings.timeout) + " cycles after " + std::to_string(received) +
             " of " + std::to_string(count) + " images");
      }
    }
    model_->s_axis_tvalid = model_->m_axis_tready = 0;
    cycle();
    if (model_->m_axis_tvalid) fail("there are more results than images");
  }

 private:
  void cycle() {
    model_->clk_i = 0;
    model_->eval();
    model_->clk_i = 1;
    model_->eval();
    ++now_;
  }

  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vmoe_sim> model_;
  uint64_t now_ = 0;
  std::vector<uint32_t> gaps_;
  std::vector<uint8_t> ready_;
};

}  // namespace

extern "C" {
// All functions that return int give 0 on success; moe_failure() then tells the reason in this thread.
const char* moe_failure() { return g_failure.c_str(); }

void* moe_open(const char* memory_directory) {
  Simulation* simulation = nullptr;
  guarded([&] { simulation = new Simulation(memory_directory); });
  return simulation;
}

void moe_close(void* simulation) { delete static_cast<Simulation*>(simulation); }

int moe_reset(void* simulation) {
  return guarded([&] { static_cast<Simulation*>(simulation)->reset(); });
}

int moe_write(void* simulation, uint32_t bank, size_t count, const uint8_t* layer, const uint8_t* bias,
              const uint32_t* address, const uint32_t* data) {
  return guarded([&] { static_cast<Simulation*>(simulation)->write(bank, count, layer, bias, address, data); });
}

int moe_read(void* simulation, uint32_t bank, size_t count, const uint8_t* layer, const uint8_t* bias,
             const uint32_t* address, uint32_t* data) {
  return guarded([&] { static_cast<Simulation*>(simulation)->read(bank, count, layer, bias, address, data); });
}

int moe_learn(void* simulation, const MoeLearning* session, uint32_t random) {
  return guarded([&] {
    static_cast<Simulation*>(simulation)->learn(*session);
    if (random) static_cast<Simulation*>(simulation)->set_random(random);
  });
}

int moe_pace(void* simulation, const uint32_t* gaps, size_t gap_count, const uint8_t* ready, size_t ready_count) {
  return guarded([&] {
    static_cast<Simulation*>(simulation)->pace({gaps, gaps + gap_count}, {ready, ready + ready_count});
  });
}

uint64_t moe_now(void* simulation) { return static_cast<Simulation*>(simulation)->now(); }

uint32_t moe_random(void* simulation) { return static_cast<Simulation*>(simulation)->random(); }

int moe_run(void* simulation, const uint8_t* images, const uint16_t* labels, size_t count, const MoeSettings* settings, uint32_t* results,
            uint64_t* cycles, uint64_t* first_pixel, uint8_t* const* tap_data, const size_t* tap_room,
            size_t* tap_used, volatile uint64_t* progress) {
  return guarded([&] {
    static_cast<Simulation*>(simulation)
        ->run(images, labels, count, *settings, results, cycles, first_pixel, tap_data, tap_room, tap_used, progress);
  });
}
}
