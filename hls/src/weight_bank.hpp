// SPDX-License-Identifier: Apache-2.0
/// Run-time weights of one layer, in banks: images use one bank while the next user's weights are written to another.
///
/// A word holds kPe * kSimd weights (or kPe biases), packed from bit 0, in chunks of 32 bits. The write address counts
/// chunks: {word, chunk}, with as many chunk bits as the word needs. It is the address map of the RTL's runtime_dense,
/// so the same write sequence loads both.
///
/// Does not: check that a bank is complete, or protect a bank in use; the host does (bank_valid, and never writing the
/// bank that images use).
///
/// Parameters
///   Layer  a generated description: kWords, kFolds, kPe, kSimd, weight_t, bias_t
///   Banks  number of banks
#pragma once

#include "ap_int.h"
#include "compiler.hpp"
#include "interface.hpp"

namespace accel {

/// The smallest b with 2**b >= n.
constexpr unsigned address_bits(unsigned n) {
  return n <= 1 ? 0 : n <= 2 ? 1 : n <= 4 ? 2 : n <= 8 ? 3 : n <= 16 ? 4 : n <= 32 ? 5 : n <= 64 ? 6 : n <= 128 ? 7 : 8;
}

/// Banks of Words words of Lanes integers of Width bits, written in chunks of 32 bits.
template <unsigned Banks, unsigned Words, unsigned Lanes, unsigned Width>
struct PackedMemory {
  static const unsigned kChunks = (Lanes * Width + 31) / 32;
  static const unsigned kChunkBits = address_bits(kChunks);
  static_assert(kChunks <= 256, "PackedMemory: a word has more than 256 chunks of 32 bits");
  static_assert(Width <= 32, "PackedMemory: a weight has more than 32 bits");

  ap_uint<32> chunks[Banks][Words][kChunks];

  /// Address and bank beyond the memory are ignored.
  void write(const ap_uint<kBankBits>& bank, const ap_uint<kAddressBits>& address, const ap_uint<32>& data) {
    ACCEL_INLINE
    const ap_uint<kAddressBits> word = address >> kChunkBits;
    const ap_uint<kAddressBits> chunk = address - (word << kChunkBits);
    if (bank < Banks && word < Words && chunk < kChunks) chunks[bank][word][chunk] = data;
  }

  /// What write put there; 0 beyond the memory.
  ap_uint<32> chunk(const ap_uint<kBankBits>& bank, const ap_uint<kAddressBits>& address) const {
    ACCEL_INLINE
    const ap_uint<kAddressBits> word = address >> kChunkBits;
    const ap_uint<kAddressBits> number = address - (word << kChunkBits);
    const bool there = bank < Banks && word < Words && number < kChunks;
    return there ? chunks[bank][word][number] : ap_uint<32>(0);
  }

  /// A whole word, to be changed in some lanes and put back.
  struct Word {
    ap_uint<32> chunk[kChunks];

    ap_int<Width> lane(unsigned number) const {
      ACCEL_INLINE
      const unsigned bit = number * Width;
      const ap_uint<64> both = (ap_uint<64>(chunk[(bit + Width - 1) / 32]) << 32) | ap_uint<64>(chunk[bit / 32]);
      return ap_int<Width>(both >> (bit % 32));
    }

    void set(unsigned number, const ap_int<Width>& value) {
      ACCEL_INLINE
      const unsigned bit = number * Width;
      const unsigned first = bit / 32;
      const unsigned last = (bit + Width - 1) / 32;
      const ap_uint<64> mask = ((ap_uint<64>(1) << Width) - 1) << (bit % 32);
      const ap_uint<64> placed = (ap_uint<64>(ap_uint<Width>(value)) << (bit % 32)) & mask;
      chunk[first] = (chunk[first] & ~ap_uint<32>(mask)) | ap_uint<32>(placed);
      if (last != first) chunk[last] = (chunk[last] & ~ap_uint<32>(mask >> 32)) | ap_uint<32>(placed >> 32);
    }
  };

  Word word(const ap_uint<kBankBits>& bank, unsigned address) const {
    ACCEL_INLINE
    Word result;
    ACCEL_UNROLL_BEFORE
    for (unsigned i = 0; i < kChunks; i++) {
      ACCEL_UNROLL_INSIDE
      result.chunk[i] = chunks[bank][address][i];
    }
    return result;
  }

  void put(const ap_uint<kBankBits>& bank, unsigned address, const Word& word) {
    ACCEL_INLINE
    ACCEL_UNROLL_BEFORE
    for (unsigned i = 0; i < kChunks; i++) {
      ACCEL_UNROLL_INSIDE
      chunks[bank][address][i] = word.chunk[i];
    }
  }

  ap_int<Width> read(const ap_uint<kBankBits>& bank, unsigned word, unsigned lane) const {
    ACCEL_INLINE
    const unsigned bit = lane * Width;
    const unsigned first = bit / 32;
    const unsigned last = (bit + Width - 1) / 32;
    const ap_uint<32> high = chunks[bank][word][last];
    const ap_uint<32> low = chunks[bank][word][first];
    const ap_uint<64> both = (ap_uint<64>(high) << 32) | ap_uint<64>(low);  // high is unused when first == last
    return ap_int<Width>(both >> (bit % 32));
  }
};

template <class Layer, unsigned Banks>
struct WeightBanks {
  PackedMemory<Banks, Layer::kWords * Layer::kFolds, Layer::kPe * Layer::kSimd, Layer::weight_t::width> weights;
  PackedMemory<Banks, Layer::kFolds, Layer::kPe, Layer::bias_t::width> biases;

  void write(const WeightWrite& request) {
    ACCEL_INLINE
    if (request.bias) {
      biases.write(request.bank, request.address, request.data);
    } else {
      weights.write(request.bank, request.address, request.data);
    }
  }

  ap_uint<32> read(const WeightWrite& request) const {
    ACCEL_INLINE
    return request.bias ? biases.chunk(request.bank, request.address) : weights.chunk(request.bank, request.address);
  }
};

/// One bank of a layer, as matrix_vector reads it.
template <class Layer, unsigned Banks>
struct BankView {
  const WeightBanks<Layer, Banks>& memory;
  ap_uint<kBankBits> bank;

  typename Layer::weight_t weight(unsigned word, unsigned lane) const {
    ACCEL_INLINE
    return memory.weights.read(bank, word, lane);
  }
  /// The weight of one output and one input.
  typename Layer::weight_t at(unsigned output, unsigned input) const {
    ACCEL_INLINE
    return weight(input / Layer::kSimd * Layer::kFolds + output / Layer::kPe,
                  output % Layer::kPe * Layer::kSimd + input % Layer::kSimd);
  }
  typename Layer::bias_t bias(unsigned fold, unsigned pe) const {
    ACCEL_INLINE
    return memory.biases.read(bank, fold, pe);
  }
};

/// Takes write requests up to the marker that ends them, or MaxWrites + 1; the memory knows which of them it holds.
/// Returns the last request, the marker if there was one.
template <unsigned MaxWrites, class Memory>
WeightWrite take_writes(Channel<WeightWrite>& requests, Memory& memory) {
  WeightWrite request = WeightWrite::from_word(0);
  for (unsigned i = 0; i < MaxWrites + 1; i++) {
    ACCEL_PIPELINE
    request = receive<WeightWrite>(requests);
    if (request.end) break;
    memory.write(request);
  }
  return request;
}

}  // namespace accel
