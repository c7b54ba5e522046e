// SPDX-License-Identifier: Apache-2.0
// Power-aware simulation with an open simulator: what is in a domain without power becomes random.
//
// Needs a model built with --public-flat-rw, whose variables Verilator lists by scope. While a domain's switch is open, every
// variable in it, registers, memories and the nets of its raw outputs, is overwritten every few cycles. Constants
// survive: parameters and the frozen weights in weight_rom. Weight memories of LE and GN survive while they are
// supplied (retention). Clocks, resets and what the always-on domain drives into the domain are not its state, nor is what a
// memory's clamp lets through of a learner's writes.
#pragma once
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "verilated.h"
#include "verilated_sym_props.h"
#include "verilated_syms.h"

#include "hierarchy.h"

class Corruption {
 public:
  static constexpr int kDomains = sizeof(kDomainPlaces) / sizeof(kDomainPlaces[0]);
  static constexpr int kPeriod = 3;  // cycles between two overwrites

  explicit Corruption(VerilatedContext& context) {
    for (const auto& entry : *context.scopeNameMap()) {
      const std::string scope = entry.first;
      VerilatedVarNameMap* const variables = entry.second->varsp();
      if (!variables) continue;
      const size_t at = scope.find(kCore);
      if (at == std::string::npos) continue;
      const std::string below = scope.substr(at + std::strlen(kCore));
      for (int domain = 0; domain < kDomains; ++domain) {
        const DomainPlace& place = kDomainPlaces[domain];
        for (auto& named : *variables) {
          const VerilatedVar& variable = named.second;
          const std::string name = named.first;
          if (variable.isParam() || variable.vltype() == VLVT_STRING || variable.vltype() == VLVT_REAL) continue;
          if (inside(below, place)) {
            if (name == "clk_i" || name == "rst_ni" || name == "write_i" || name.find("wr_") == 0) continue;
            if (name == "isolate_i" || name == "move" || name.find("word_") == 0) continue;  // behind a memory's clamp
            if (ends_with(below, "u_isolation")) continue;
            if (name == "mem" && below.find(kRomSuffix) != std::string::npos) continue;
            add(domain, variable, name == "mem" && below.find(kLoadedMemory) != std::string::npos);
          } else if (ends_with(below, place.branch) && name.find(kRawPrefix) == 0) {  // outputs, before the clamp
            add(domain, variable, false);
          }
        }
      }
    }
  }

  // Call once a cycle. powered and memory: one bit a domain.
  void step(unsigned powered, unsigned memory) {
    if (!seed_ || ++cycle_ % kPeriod) return;
    for (int d = 0; d < kDomains; ++d) {
      if (powered >> d & 1) continue;
      for (const Storage& storage : storage_[d]) {
        if (storage.retained && (memory >> d & 1)) continue;
        overwrite(storage);
      }
    }
  }

  void seed(uint64_t seed) {
    seed_ = seed;
    random_.seed(seed);
  }

  // Bits of a domain that are overwritten, without and with its weight memories.
  uint64_t bits(int domain, bool memories) const {
    uint64_t sum = 0;
    for (const Storage& storage : storage_[domain]) {
      if (!storage.retained || memories) sum += static_cast<uint64_t>(storage.bits) * storage.count;
    }
    return sum;
  }
  uint64_t overwritten() const { return overwritten_; }

 private:
  struct Storage {
    uint8_t* data;
    size_t bytes;   // of an element
    size_t count;   // elements
    uint32_t bits;  // of an element
    bool retained;
  };

  // A scope is a list of names with a dot before each.
  static bool ends_with(const std::string& below, const char* name) {
    const std::string last = std::string(".") + name;
    return below.size() >= last.size() && below.compare(below.size() - last.size(), last.size(), last) == 0;
  }

  static bool inside(const std::string& below, const DomainPlace& place) {
    const std::string instance = std::string(".") + place.branch + "." + place.element;
    const size_t at = below.find(instance);
    if (at == std::string::npos) return false;
    const size_t end = at + instance.size();
    return end == below.size() || below[end] == '.';
  }

  void add(int domain, const VerilatedVar& variable, bool retained) {
    const size_t bytes = variable.entSize();
    if (!bytes) return;
    storage_[domain].push_back({static_cast<uint8_t*>(variable.datap()), bytes, variable.totalSize() / bytes,
                                variable.entBits(), retained});
  }

  void overwrite(const Storage& storage) {
    for (size_t i = 0; i < storage.count; ++i) {
      uint8_t* const element = storage.data + i * storage.bytes;
      for (uint32_t b = 0; b < storage.bytes; ++b) {
        const uint32_t low = 8 * b;
        const uint32_t valid = storage.bits > low ? storage.bits - low : 0;
        element[b] = valid >= 8 ? next() : next() & ((1u << valid) - 1);
      }
      overwritten_ += storage.bits;
    }
  }

  uint8_t next() {
    if (!left_) {
      buffer_ = random_();
      left_ = 8;
    }
    --left_;
    const uint8_t value = buffer_;
    buffer_ >>= 8;
    return value;
  }

  std::vector<Storage> storage_[kDomains];
  std::mt19937_64 random_;
  uint64_t seed_ = 0;
  uint64_t overwritten_ = 0;
  uint64_t buffer_ = 0;
  unsigned left_ = 0;
  unsigned cycle_ = 0;
};
