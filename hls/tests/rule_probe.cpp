// SPDX-License-Identifier: Apache-2.0
// The pieces of the learning rule as plain functions, for test_learn_rule.py.
#include <cstddef>
#include <cstdint>

#include "lfsr.hpp"
#include "rival.hpp"

namespace {
const unsigned kLogits = 4;
typedef ap_fixed<18, 18> logit_t;
}  // namespace

extern "C" {
uint32_t probe_random(uint32_t state) { return accel::next_random(accel::Random(state)).to_uint(); }

// For each of 2**kDitherBits dithers, whether the input moves.
void probe_moves(uint8_t input, unsigned shift, uint8_t* moved) {
  for (size_t dither = 0; dither < size_t(1) << accel::kDitherBits; dither++) {
    moved[dither] = accel::moves(ap_uint<8>(input), ap_uint<accel::kShiftBits>(shift), accel::Dither(dither));
  }
}

// index and within for `count` rows of kLogits logits.
void probe_rival(const int32_t* logits, const uint8_t* targets, const uint32_t* margins, size_t count, uint8_t* index,
                 uint8_t* within) {
  for (size_t i = 0; i < count; i++) {
    hls::stream<accel::Beat<logit_t, 2> > stream;
    for (unsigned beat = 0; beat < kLogits / 2; beat++) {
      accel::Beat<logit_t, 2> word;
      for (unsigned lane = 0; lane < 2; lane++) word[lane] = logits[kLogits * i + 2 * beat + lane];
      stream.write(word);
    }
    const accel::Rival rival = accel::find_rival<kLogits, accel::Beat<logit_t, 2> >(stream, targets[i], margins[i]);
    index[i] = rival.index.to_uint();
    within[i] = rival.within;
  }
}
}
