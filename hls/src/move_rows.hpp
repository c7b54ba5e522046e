// SPDX-License-Identifier: Apache-2.0
/// Learning's one change of weights: rows of a layer move by one, each in its direction, where the inputs let them.
///
/// A weight at the end of its range stays there and is counted. Input i of the layer has the dither start + i * kWeyl,
/// in the order of the layer's words; lanes that pad a word are 0 and never move.
/// Order: that of matrix_vector, so that every step reads, changes and writes one word of the weight memory.
/// Initiation interval: kWords * kFolds cycles an image.
/// Does not: move biases.
///
/// Parameters
///   Layer  a generated description: kWords, kFolds, kPe, kSimd, input_t, weight_t
///   Banks  number of banks
#pragma once

#include "beat.hpp"
#include "channel.hpp"
#include "compiler.hpp"
#include "fixed.hpp"
#include "hls_stream.h"
#include "lfsr.hpp"
#include "weight_bank.hpp"

namespace accel {

static const unsigned kLostBits = 20;

/// What became of one head: whether its weights were to move, and how many movements the end of their range prevented.
struct HeadLesson {
  bool moved;
  ap_uint<kLostBits> lost;

  typedef ap_uint<kLostBits + 1> word_t;

  word_t to_word() const {
    ACCEL_INLINE
    return (word_t(lost) << 1) | word_t(moved);
  }

  static HeadLesson from_word(const word_t& word) {
    ACCEL_INLINE
    const HeadLesson lesson = {bool(word[0]), ap_uint<kLostBits>(word >> 1)};
    return lesson;
  }
};

/// -1, 0 or 1 for each output of a layer.
template <class Layer>
struct Directions {
  ap_int<2> row[Layer::kFolds][Layer::kPe];
};

/// The target's row up, its rival's down.
template <class Layer>
Directions<Layer> one_against_one(const ap_uint<8>& target, const ap_uint<8>& rival) {
  Directions<Layer> directions;
  for (unsigned fold = 0; fold < Layer::kFolds; fold++) {
    ACCEL_PIPELINE
    ACCEL_UNROLL_BEFORE
    for (unsigned pe = 0; pe < Layer::kPe; pe++) {
      ACCEL_UNROLL_INSIDE
      const unsigned row = fold * Layer::kPe + pe;
      directions.row[fold][pe] = target == row ? 1 : rival == row ? -1 : 0;
    }
  }
  return directions;
}

template <class Layer, unsigned Banks>
ap_uint<kLostBits> move_rows(WeightBanks<Layer, Banks>& memory, const ap_uint<kBankBits>& bank,
                             const Directions<Layer>& directions,
                             Channel<Beat<typename Layer::input_t, Layer::kSimd> >& inputs,
                             const ap_uint<kShiftBits>& shift, const Dither& start) {
  static_assert(Layer::kWords * Layer::kFolds * Layer::kPe * Layer::kSimd < 1u << kLostBits,
                "move_rows: the layer has too many weights to count those that are stuck");
  typedef Beat<typename Layer::input_t, Layer::kSimd> beat_t;
  typedef typename Layer::weight_t weight_t;
  const weight_t lowest = weight_t(1) << (weight_t::width - 1);
  const weight_t highest = ~lowest;
  Dither dither = start;
  bool moving[Layer::kSimd];
  ACCEL_PRAGMA(ARRAY_PARTITION variable = moving complete)
  ap_uint<kLostBits> lost = 0;
  for (unsigned word = 0; word < Layer::kWords; word++) {
    for (unsigned fold = 0; fold < Layer::kFolds; fold++) {
      ACCEL_PIPELINE
      ACCEL_PRAGMA(DEPENDENCE variable = memory type = inter false)  // each step has a word of its own
      if (fold == 0) {
        const beat_t beat = receive<beat_t>(inputs);
        ACCEL_UNROLL_BEFORE
        for (unsigned lane = 0; lane < Layer::kSimd; lane++) {
          ACCEL_UNROLL_INSIDE
          moving[lane] = moves(raw(beat[lane]), shift, dither);
          dither += kWeyl;
        }
      }
      const unsigned address = word * Layer::kFolds + fold;
      auto weights = memory.weights.word(bank, address);
      ACCEL_UNROLL_BEFORE
      for (unsigned pe = 0; pe < Layer::kPe; pe++) {
        ACCEL_UNROLL_INSIDE
        const ap_int<2> direction = directions.row[fold][pe];
        ACCEL_UNROLL_BEFORE
        for (unsigned lane = 0; lane < Layer::kSimd; lane++) {
          ACCEL_UNROLL_INSIDE
          if (moving[lane] && direction != 0) {
            const weight_t before = weights.lane(pe * Layer::kSimd + lane);
            const bool stuck = before == (direction > 0 ? highest : lowest);
            if (stuck) lost++;
            if (!stuck) weights.set(pe * Layer::kSimd + lane, before + direction);
          }
        }
      }
      memory.weights.put(bank, address, weights);
    }
  }
  return lost;
}

}  // namespace accel
