// SPDX-License-Identifier: Apache-2.0
// When each image was accepted, and when it or a correction began to go to the experts: the order of lessons, which no
// register tells. Needs a model built with watch.vlt.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <string>

#include "verilated.h"
#include "verilated_sym_props.h"
#include "verilated_syms.h"

#include "device.h"
#include "hierarchy.h"

class Watch {
 public:
  explicit Watch(VerilatedContext& context)
      : accepted_(context, "image_accepted"),
        image_(context, "image"),
        start_(context, "frame_start"),
        started_(context, "frame_image"),
        replay_(context, "frame_replay") {}

  // Call once a cycle, with settled outputs.
  void step(uint64_t cycle) {
    if (accepted_.word()) note(cycle, DEVICE_ACCEPTED, 0, image_);
    if (const uint32_t outputs = start_.word()) {
      note(cycle, replay_.word() ? DEVICE_CORRECTED : DEVICE_STARTED, outputs, started_);
    }
  }

  size_t take(device_event* events, size_t count) {
    size_t taken = 0;
    for (; taken < count && !events_.empty(); ++taken) {
      events[taken] = events_.front();
      events_.pop_front();
    }
    return taken;
  }

  void clear() { events_.clear(); }

 private:
  class Net {
   public:
    Net(VerilatedContext& context, const char* name) {
      const std::string end = std::string(".") + kCore;
      for (const auto& entry : *context.scopeNameMap()) {
        const std::string scope = entry.first;
        if (scope.size() < end.size() || scope.compare(scope.size() - end.size(), end.size(), end) != 0) continue;
        if (const VerilatedVar* variable = entry.second->varFind(name)) {
          data_ = static_cast<const uint8_t*>(variable->datap());
          bytes_ = variable->totalSize();
          return;
        }
      }
      throw std::runtime_error(std::string("the model does not show ") + name);
    }
    uint32_t word() const {
      uint32_t value = 0;
      std::memcpy(&value, data_, bytes_ < sizeof value ? bytes_ : sizeof value);
      return value;
    }
    void copy(void* to, size_t size) const { std::memcpy(to, data_, bytes_ < size ? bytes_ : size); }

   private:
    const uint8_t* data_ = nullptr;
    size_t bytes_ = 0;
  };

  void note(uint64_t cycle, uint32_t kind, uint32_t outputs, const Net& image) {
    device_event event{};
    event.cycle = cycle;
    event.kind = kind;
    event.outputs = outputs;
    image.copy(event.image, sizeof event.image);
    events_.push_back(event);
  }

  Net accepted_, image_, start_, started_, replay_;
  std::deque<device_event> events_;
};
