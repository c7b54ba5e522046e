// SPDX-License-Identifier: Apache-2.0
// Power-aware simulation with an open simulator: what is in a domain without power becomes random.
//
// Needs a model built with --public-flat-rw, whose variables Verilator lists by scope. While a domain's switch is open, every
// variable in it, registers, memories and the nets of its raw outputs, is overwritten every few cycles. Constants
// survive: parameters and the frozen weights in weight_rom. Weight memories of LE and GN survive while they are
// supplied (retention). Clocks, resets and what the always-on domain drives into the domain are not its state.
#pragma once
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "verilated.h"
#include "verilated_sym_props.h"
#include "verilated_syms.h"

class Corruption {
 public:
  static constexpr int kDomains = 4;
  static constexpr int kPeriod = 3;  // cycles between two overwrites

  explicit Corruption(VerilatedContext& context) {
    static const char* const kRawOutputs[kDomains][5] = {{"fe_in_ready", "fe_out_valid", "fe_out_data", "fe_activity", nullptr},
                                                         {"ge_raw_ready", "ge_raw_valid", "ge_raw_class", "ge_activity", nullptr},
                                                         {},
                                                         {"gn_raw_ready", "gn_raw_conf_ready", "gn_raw_valid", "gn_raw_expert",
                                                          "gn_activity"}};
    for (const auto& entry : *context.scopeNameMap()) {
      const std::string scope = entry.first;
      VerilatedVarNameMap* const variables = entry.second->varsp();
      if (!variables) continue;
      const size_t at = scope.find("u_core");
      if (at == std::string::npos) continue;
      const std::string below = scope.substr(at + 6);
      for (auto& named : *variables) {
        const VerilatedVar& variable = named.second;
        const std::string name = named.first;
        if (variable.isParam() || variable.vltype() == VLVT_STRING || variable.vltype() == VLVT_REAL) continue;
        if (below.empty()) {  // raw outputs, before the clamps
          for (int d = 0; d < kDomains; ++d) {
            for (const char* raw : kRawOutputs[d]) {
              if (raw && name == raw) add(d, variable, false);
            }
          }
          continue;
        }
        const int domain = domain_of(below);
        if (domain < 0 && below.find(".gen_le") == 0 && name.find("raw_") == 0) add(2, variable, false);
        if (domain < 0 || name == "clk_i" || name == "wr_clk_i" || name == "rst_ni" || name.find("wr_") == 0) continue;
        if (name == "mem" && below.find("_rom") != std::string::npos) continue;
        add(domain, variable, name == "mem" && below.find("gen_chunk") != std::string::npos);
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

  static int domain_of(const std::string& below) {
    static const char* const kPrefixes[kDomains] = {".u_front_end", ".u_ge", nullptr, ".u_gn"};
    for (int d = 0; d < kDomains; ++d) {
      if (!kPrefixes[d]) continue;
      const size_t length = std::strlen(kPrefixes[d]);
      if (below.compare(0, length, kPrefixes[d]) == 0 && (below.size() == length || below[length] == '.')) return d;
    }
    const size_t le = below.find(".u_le");
    if (below.find(".gen_le") == 0 && le != std::string::npos && (below.size() == le + 5 || below[le + 5] == '.')) return 2;
    return -1;
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
