// SPDX-License-Identifier: Apache-2.0
// The pins of a board's top, in time: an oscillator goes in, and the model of the PLL makes the device's clock of it. A tick
// is a time of the other side of the line, which knows nothing of that clock.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>

#include "Vmoe_ulx3s.h"
#include "model_host.h"

class Pins {
 public:
  Pins(const char* memory_directory, double tick) : model_(new Vmoe_ulx3s{context_.get(), "TOP"}), tick_(tick) {
    model_->osc_i = 0;
    model_->btn_pwr_ni = 1;
    model_->ftdi_txd_i = 1;
    first_evaluation(*model_, memory_directory);
    for (int i = 0; i < kPatience && !(model_->led_o & kReady); ++i) advance();
    if (!(model_->led_o & kReady)) fail("the board did not leave reset");
    if (!model_->wifi_gpio0_o) fail("wifi_gpio0_o is low: the board would start anew");
  }
  ~Pins() { model_->final(); }

  // What the device says while it hears this level.
  bool tick(bool level) {
    model_->ftdi_txd_i = level;
    advance();
    return model_->ftdi_rxd_o;
  }

 private:
  static constexpr double kHalfPeriod = 20000;  // ps, of 25 MHz
  static constexpr int kPatience = 10000;       // ticks
  static constexpr unsigned kReady = 1;         // the first lamp

  void advance() {
    until_ += tick_;
    for (;;) {
      uint64_t next = static_cast<uint64_t>(edge_);
      if (model_->eventsPending()) next = std::min(next, model_->nextTimeSlot());
      if (next > until_) break;
      context_->time(next);
      if (next == static_cast<uint64_t>(edge_)) {
        model_->osc_i = !model_->osc_i;
        edge_ += kHalfPeriod;
      }
      model_->eval();
    }
    context_->time(static_cast<uint64_t>(until_));
    model_->eval();
  }

  std::unique_ptr<VerilatedContext> context_{new VerilatedContext};
  std::unique_ptr<Vmoe_ulx3s> model_;
  double tick_, until_ = 0, edge_ = kHalfPeriod;
};
