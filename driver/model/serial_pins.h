// SPDX-License-Identifier: Apache-2.0
// The pins of moe_serial. A tick is a clock cycle.
#pragma once
#include <memory>

#include "Vmoe_serial.h"
#include "model_host.h"

class Pins {
 public:
  Pins(const char* memory_directory, double) : model_(new Vmoe_serial{context_.get(), "TOP"}) {
    model_->clk_i = 0;
    model_->rst_ni = 0;
    model_->rx_i = 1;
    first_evaluation(*model_, memory_directory);
    for (int i = 0; i < 4; ++i) tick(true);
    model_->rst_ni = 1;
  }
  ~Pins() { model_->final(); }

  // What the device says while it hears this level.
  bool tick(bool level) {
    model_->rx_i = level;
    model_->clk_i = 0;
    model_->eval();
    const bool said = model_->tx_o;
    model_->clk_i = 1;
    model_->eval();
    return said;
  }

 private:
  std::unique_ptr<VerilatedContext> context_{new VerilatedContext};
  std::unique_ptr<Vmoe_serial> model_;
};
