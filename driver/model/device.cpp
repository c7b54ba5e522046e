// SPDX-License-Identifier: Apache-2.0
// The simulated device (see device.h): a Verilated moe_accelerator without VPI.
#include "device.h"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>

#include "Vmoe_accelerator.h"
#include "model_host.h"
#ifdef DEVICE_CORRUPTION
#include "corruption.h"
#endif
#ifdef DEVICE_SAIF
#include "verilated_saif_c.h"
#endif
#ifdef DEVICE_WATCH
#include "watch.h"
#endif

namespace {
constexpr uint64_t kRegisterTimeout = 10000;  // cycles; a register access takes a handful

class Device {
 public:
  explicit Device(const char* memory_directory)
      : context_(new VerilatedContext), model_(new Vmoe_accelerator{context_.get(), "TOP"}) {
#ifdef DEVICE_SAIF
    context_->traceEverOn(true);
#endif
    first_evaluation(*model_, memory_directory);
    reset();
  }
  ~Device() { model_->final(); }

  // Verilator's runtime looks for scopes and switches in the context of the thread, which is that of the device opened
  // last, also after it was closed.
  void take_thread() { Verilated::threadContextp(context_.get()); }

  void reset() {
    model_->s_axil_awvalid = model_->s_axil_wvalid = model_->s_axil_arvalid = 0;
    model_->s_axil_bready = model_->s_axil_rready = 0;
    pixels_.clear();
    results_.clear();
#ifdef DEVICE_WATCH
    watch_.clear();
#endif
    offering_ = false;
    for (Switch& s : switches_) s = {s.latency, s.kind};  // open, and said so
    model_->rst_ni = 0;
    for (int i = 0; i < 4; ++i) cycle();
    model_->rst_ni = 1;
    cycle();
  }

  void write(uint32_t address, uint32_t data, uint32_t strobes, uint32_t* response) {
    model_->s_axil_awvalid = model_->s_axil_wvalid = model_->s_axil_bready = 1;
    model_->s_axil_awaddr = address;
    model_->s_axil_wdata = data;
    model_->s_axil_wstrb = strobes;
    bool answered = false;
    for (uint64_t i = 0; i < kRegisterTimeout && !answered; ++i) {
      settle();
      const bool address_taken = model_->s_axil_awvalid && model_->s_axil_awready;
      const bool data_taken = model_->s_axil_wvalid && model_->s_axil_wready;
      if (model_->s_axil_bvalid) {
        *response = model_->s_axil_bresp;
        answered = true;
      }
      edge();
      if (address_taken) model_->s_axil_awvalid = 0;
      if (data_taken) model_->s_axil_wvalid = 0;
    }
    model_->s_axil_bready = 0;
    if (!answered) fail("a register write was not answered");
  }

  void read(uint32_t address, uint32_t* data, uint32_t* response) {
    model_->s_axil_arvalid = model_->s_axil_rready = 1;
    model_->s_axil_araddr = address;
    bool answered = false;
    for (uint64_t i = 0; i < kRegisterTimeout && !answered; ++i) {
      settle();
      const bool address_taken = model_->s_axil_arvalid && model_->s_axil_arready;
      if (model_->s_axil_rvalid) {
        *data = model_->s_axil_rdata;
        *response = model_->s_axil_rresp;
        answered = true;
      }
      edge();
      if (address_taken) model_->s_axil_arvalid = 0;
    }
    model_->s_axil_rready = 0;
    if (!answered) fail("a register read was not answered");
  }

  void send(const uint8_t* pixels, size_t count, bool last, uint32_t label) {
    for (size_t i = 0; i < count; ++i) {
      pixels_.push_back(pixels[i] | (last && i + 1 == count ? kLast : 0) | (i == 0 ? label << kLabelShift : 0));
    }
  }

  size_t receive(uint32_t* results, uint8_t* tlast, size_t count, uint64_t timeout) {
    size_t received = 0;
    uint64_t quiet = 0;
    while (received < count) {
      if (results_.empty()) {
        if (quiet++ >= timeout) break;
        cycle();
        continue;
      }
      quiet = 0;
      results[received] = static_cast<uint32_t>(results_.front());
      if (tlast) tlast[received] = results_.front() >> 32;
      results_.pop_front();
      ++received;
    }
    return received;
  }

  void run(uint64_t cycles) {
    for (uint64_t i = 0; i < cycles; ++i) cycle();
  }

  void power_switch(unsigned domain, uint32_t latency, int kind) {
    switches_.at(domain).latency = latency;
    switches_.at(domain).kind = kind;
  }

  uint32_t power() const {
    return model_->pd_switch_o | model_->pd_clk_en_o << 4 | model_->pd_rst_no << 8 | model_->pd_isolate_o << 12 |
           model_->pd_memory_o << 16;
  }

  void pauses(uint32_t seed) {
    pausing_ = seed != 0;
    random_.seed(seed);
  }

#ifdef DEVICE_CORRUPTION
  Corruption& corruption() { return corruption_; }
#endif

#ifdef DEVICE_WATCH
  Watch& watch() { return watch_; }
#endif

#ifdef DEVICE_SAIF
  // Half a cycle is one unit of time. An object of its own for each file: it begins at time 0 with the values of now.
  void trace(const char* file) {
    saif_.reset();
    if (!file) return;
    saif_ = std::make_unique<VerilatedSaifC>();
    model_->trace(saif_.get(), 99);
    saif_->open(file);
    if (!saif_->isOpen()) fail(std::string("cannot write ") + file);
    half_cycles_ = 0;
    sample();
  }
#endif

  uint64_t now() const { return now_; }
  uint64_t result_cycle() const { return result_cycle_; }
  int interrupt() const { return model_->irq_o; }
  size_t pixels_waiting() const { return pixels_.size(); }
  size_t results_waiting() const { return results_.size(); }

 private:
  static constexpr uint32_t kLast = 256;  // TLAST beside the pixel's 8 bits
  static constexpr unsigned kLabelShift = 9;  // TUSER above it

  // The order of DESIGN section 4, cycle by cycle: what must hold whatever the device is asked to do.
  void watch_power() const {
    const unsigned isolated = model_->pd_isolate_o, released = model_->pd_rst_no, clocked = model_->pd_clk_en_o;
    const unsigned closed = model_->pd_switch_o, saving = model_->pd_save_o | model_->pd_restore_o;
    if (~isolated & ~(closed & clocked & released) & 0xf) fail("a domain is open to the others without supply, clock or reset");
    if (released & ~(closed & clocked)) fail("a domain is out of reset without supply or clock");
    if (clocked & ~closed) fail("a domain has a clock without supply");
    if (saving & ~(isolated & released & clocked)) fail("a domain saves or restores while it is not isolated or in reset");
  }

  struct Switch {
    uint32_t latency = 3;
    int kind = DEVICE_SWITCH_GOOD;
    uint32_t since = 0;  // cycles for which the command has been what it is
    bool command = false, answer = false, glitched = false;
  };

  // The acknowledges of this cycle, from the commands before the clock edge.
  void acknowledge() {
    unsigned answers = 0;
    for (unsigned d = 0; d < switches_.size(); ++d) {
      Switch& s = switches_[d];
      const bool command = model_->pd_switch_o >> d & 1;
      s.since = command == s.command ? s.since + 1 : 0;
      s.command = command;
      if (s.since >= s.latency) s.answer = command;
      bool answer = s.answer;
      if (s.kind == DEVICE_SWITCH_GLITCHING && s.answer != s.command && !s.glitched && random_() % 4 == 0) answer = !answer;
      s.glitched = answer != s.answer;  // never two cycles in a row: that would be an acknowledge
      if (s.kind == DEVICE_SWITCH_STUCK_OPEN) answer = false;
      if (s.kind == DEVICE_SWITCH_STUCK_CLOSED) answer = true;
      answers |= static_cast<unsigned>(answer) << d;
    }
    model_->pd_ack_i = answers;
  }

  // Inputs of this cycle, outputs settled. An offered pixel stays offered until it is taken.
  void settle() {
    if (!offering_) offering_ = !pixels_.empty() && !pause();
    model_->s_axis_tvalid = offering_;
    model_->s_axis_tdata = pixels_.empty() ? 0 : pixels_.front() & 0xff;
    model_->s_axis_tlast = !pixels_.empty() && (pixels_.front() & kLast);
    model_->s_axis_tuser = pixels_.empty() ? 0 : pixels_.front() >> kLabelShift;
    model_->m_axis_tready = !pause();
    acknowledge();
    model_->clk_i = 0;
    model_->eval();
    sample();
  }

  void edge() {
    if (model_->rst_ni) watch_power();
#ifdef DEVICE_WATCH
    if (model_->rst_ni) watch_.step(now_);
#endif
    if (offering_ && model_->s_axis_tready) {
      pixels_.pop_front();
      offering_ = false;
    }
    if (model_->m_axis_tvalid && model_->m_axis_tready) {
      results_.push_back(static_cast<uint64_t>(model_->m_axis_tlast) << 32 | model_->m_axis_tdata);
      result_cycle_ = now_;
    }
    model_->clk_i = 1;
#ifdef DEVICE_CORRUPTION
    // A domain that wakes under reset still has random state at its first edges: its assertions do not apply yet.
    context_->assertOn(!(model_->pd_clk_en_o & ~model_->pd_rst_no));
#endif
    model_->eval();
#ifdef DEVICE_CORRUPTION
    corruption_.step(model_->pd_switch_o, model_->pd_memory_o);
#endif
    sample();
    ++now_;
  }

  void cycle() {
    settle();
    edge();
  }

  void sample() {
#ifdef DEVICE_SAIF
    if (saif_) saif_->dump(half_cycles_++);
#endif
  }

  bool pause() { return pausing_ && random_() % 4 == 0; }

  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vmoe_accelerator> model_;
#ifdef DEVICE_CORRUPTION
  Corruption corruption_{*context_};
#endif
#ifdef DEVICE_WATCH
  Watch watch_{*context_};
#endif
#ifdef DEVICE_SAIF
  std::unique_ptr<VerilatedSaifC> saif_;
  uint64_t half_cycles_ = 0;
#endif
  std::deque<uint32_t> pixels_;
  std::deque<uint64_t> results_;
  std::minstd_rand random_;
  std::array<Switch, 4> switches_;
  bool pausing_ = false;
  bool offering_ = false;
  uint64_t now_ = 0;
  uint64_t result_cycle_ = 0;
};

Device* as_device(void* device) {
  auto* const found = static_cast<Device*>(device);
  if (found) found->take_thread();
  return found;
}
}  // namespace

extern "C" {
const char* device_failure(void) { return g_failure.c_str(); }

void* device_open(const char* memory_directory) {
  Device* device = nullptr;
  guarded([&] { device = new Device(memory_directory); });
  return device;
}

void device_close(void* device) { delete as_device(device); }

int device_reset(void* device) {
  return guarded([&] { as_device(device)->reset(); });
}

int device_read(void* device, uint32_t address, uint32_t* data, uint32_t* response) {
  return guarded([&] { as_device(device)->read(address, data, response); });
}

int device_write(void* device, uint32_t address, uint32_t data, uint32_t strobes, uint32_t* response) {
  return guarded([&] { as_device(device)->write(address, data, strobes, response); });
}

int device_write_burst(void* device, uint32_t address, const uint32_t* data, size_t count, size_t* written,
                       uint32_t* response) {
  *written = 0;
  *response = 0;
  return guarded([&] {
    for (; *written < count; ++*written) {
      as_device(device)->write(address, data[*written], 0xf, response);
      if (*response) return;
    }
  });
}

int device_send(void* device, const uint8_t* pixels, size_t count, int last) {
  return device_send_labelled(device, pixels, count, last, 0);
}

int device_send_labelled(void* device, const uint8_t* pixels, size_t count, int last, uint32_t label) {
  return guarded([&] { as_device(device)->send(pixels, count, last, label); });
}

int device_receive(void* device, uint32_t* results, uint8_t* tlast, size_t count, uint64_t timeout, size_t* received) {
  return guarded([&] { *received = as_device(device)->receive(results, tlast, count, timeout); });
}

int device_run(void* device, uint64_t cycles) {
  return guarded([&] { as_device(device)->run(cycles); });
}

uint64_t device_cycles(void* device) { return as_device(device)->now(); }
uint64_t device_result_cycle(void* device) { return as_device(device)->result_cycle(); }
int device_interrupt(void* device) { return as_device(device)->interrupt(); }
size_t device_pixels_waiting(void* device) { return as_device(device)->pixels_waiting(); }
size_t device_results_waiting(void* device) { return as_device(device)->results_waiting(); }
void device_switch(void* device, unsigned domain, uint32_t latency, int kind) {
  as_device(device)->power_switch(domain, latency, kind);
}
uint32_t device_power(void* device) { return as_device(device)->power(); }
int device_corrupt(void* device, uint64_t seed) {
#ifdef DEVICE_CORRUPTION
  as_device(device)->corruption().seed(seed);
  return 0;
#else
  (void)device;
  (void)seed;
  g_failure = "this model was built without corruption";
  return 1;
#endif
}
uint64_t device_corruptible(void* device, int domain, int memories) {
#ifdef DEVICE_CORRUPTION
  return as_device(device)->corruption().bits(domain, memories);
#else
  (void)device;
  (void)domain;
  (void)memories;
  return 0;
#endif
}
uint64_t device_corrupted(void* device) {
#ifdef DEVICE_CORRUPTION
  return as_device(device)->corruption().overwritten();
#else
  (void)device;
  return 0;
#endif
}
int device_trace(void* device, const char* file) {
#ifdef DEVICE_SAIF
  return guarded([&] { as_device(device)->trace(file); });
#else
  (void)device;
  (void)file;
  g_failure = "this model was built without switching activity";
  return 1;
#endif
}
size_t device_watched(void* device, device_event* events, size_t count) {
#ifdef DEVICE_WATCH
  return as_device(device)->watch().take(events, count);
#else
  (void)device;
  (void)events;
  (void)count;
  return 0;
#endif
}
void device_pauses(void* device, uint32_t seed) { as_device(device)->pauses(seed); }
}
