// SPDX-License-Identifier: Apache-2.0
/// Types of the external interface, equal to those of the RTL (accel_pkg): modes, result word, status, weight writes.
///
/// Nothing here depends on the network; everything that does is in the generated network.hpp.
#pragma once

#include "ap_int.h"
#include "channel.hpp"
#include "compiler.hpp"
#include "hls_stream.h"
#include "learn_rule.hpp"

#if defined(__has_include)
#if __has_include("ap_axi_sdata.h")
#include "ap_axi_sdata.h"
#define ACCEL_VENDOR_AXIS
#endif
#endif

namespace accel {

#ifdef ACCEL_VENDOR_AXIS
typedef ap_axiu<8, 0, 0, 0> AxisPixel;
typedef ap_axiu<32, 0, 0, 0> AxisResult;
typedef ap_axiu<64, 0, 0, 0> AxisWrite;
typedef ap_axiu<64, 0, 0, 0> AxisLesson;
#else
/// The same fields as the vendor's ap_axiu, for compilers that do not have it.
template <int W>
struct AxisBeat {
  ap_uint<W> data;
  ap_uint<(W + 7) / 8> keep;
  ap_uint<(W + 7) / 8> strb;
  ap_uint<1> last;
};
typedef AxisBeat<8> AxisPixel;
typedef AxisBeat<32> AxisResult;
typedef AxisBeat<64> AxisWrite;
typedef AxisBeat<64> AxisLesson;
#endif

static const unsigned kMaxLocalExperts = 8;
static const unsigned kBankBits = 4;
static const unsigned kSequenceBits = 12;
static const unsigned kThetaBits = 32;
static const unsigned kAddressBits = 20;
static const unsigned kNoClass = 255;  // class of a result that no expert answered

/// Operating modes; 5 to 7 are reserved and behave like OFF.
enum Mode { kModeOff = 0, kModeGeOnly = 1, kModeLeOnly = 2, kModeMoeParallel = 3, kModeMoeGated = 4 };

/// Bit numbers of the power domains in an enable word.
enum Domain { kDomainFrontEnd = 0, kDomainGlobalExpert = 1, kDomainLocalExpert = 2, kDomainGate = 3 };
typedef ap_uint<4> Domains;

/// Bit numbers of the result's status field.
enum Status { kStatusShortImage = 0, kStatusLongImage = 1, kStatusNoBank = 2, kStatusDisabled = 3 };

/// Layer numbers of weight writes: 0 to 7 are the output layers of the local experts, then come their hidden ones.
static const unsigned kLayerLocalHidden = kMaxLocalExperts;
static const unsigned kLayerGateHidden = 2 * kMaxLocalExperts;
static const unsigned kLayerGateOut = kLayerGateHidden + 1;

#if ACCEL_LEARN
/// Registers of learning, and the image's label. Margins and shifts are those of spec/learning.py (LearnRule).
struct Learning {
  ap_uint<1> local;           // the local expert learns
  ap_uint<1> gate;            // the gate learns
  ap_uint<kBankBits> bank;    // whose weights move
  ap_uint<3> expert;          // which local expert learns, and answers
  ap_uint<kMarginBits> local_margin;
  ap_uint<kMarginBits> own_margin;
  ap_uint<kMarginBits> generic_margin;
  ap_uint<kShiftBits> local_shift;
  ap_uint<kShiftBits> gate_shift;
  ap_uint<1> set_random;      // the LFSR begins at `random`
  ap_uint<32> random;
  ap_uint<1> labelled;        // the image has a label
  ap_uint<8> label;
  ap_uint<1> own;             // the user's image, not a generic one
};

/// Registers with which nothing is learned.
inline Learning no_learning() {
  ACCEL_INLINE
  Learning none;
  none.local = none.gate = none.set_random = none.labelled = none.own = 0;
  none.bank = none.expert = none.label = 0;
  none.local_margin = none.own_margin = none.generic_margin = 0;
  none.local_shift = none.gate_shift = kSmallestShift;
  none.random = 0;
  return none;
}
#endif

/// Registers that hold for one image.
struct Settings {
  ap_uint<3> mode;
  ap_uint<kBankBits> bank;
  ap_uint<16> bank_valid;  // one bit a bank: holds complete weights
  ap_uint<3> local_expert;  // who answers in LE_ONLY
  ap_int<kThetaBits> theta;
  ap_uint<1> ge_enable;
  ap_uint<kMaxLocalExperts> le_enable;  // one bit a local expert
#if ACCEL_LEARN
  Learning learning;
#endif
};

/// What happens to one image. The same function of the settings in every process, so it needs no channel.
struct Plan {
  bool image;     // there is an image
  bool use_ge;    // the GE's tail may run
  bool gated;     // ... but only if the gate decides so
  bool use_gate;  // the gate runs, and decides unless the image is learned
  bool no_bank;   // the bank asked for holds no valid weights
  bool disabled;  // an expert that the mode calls for is disabled
  bool learned;   // the image is learned (image_plan.hpp)
  ap_uint<kBankBits> bank;
  ap_uint<kMaxLocalExperts> use_le;
  ap_uint<4> expert;  // who answers when the gate does not decide
};

/// An MoE image without a valid bank, or with a disabled local expert, is the GE's. Without the GE there is nothing to
/// choose for a gate: the chosen local expert answers, as in LE_ONLY. When nobody is left, nobody answers.
template <unsigned LocalExperts>
Plan make_plan(const Settings& settings) {
  ACCEL_INLINE
  const bool le_only = settings.mode == kModeLeOnly;
  const bool moe = settings.mode == kModeMoeParallel || settings.mode == kModeMoeGated;
  const bool bank_ok = settings.bank_valid[settings.bank];
  const ap_uint<3> local = settings.local_expert < LocalExperts ? settings.local_expert : ap_uint<3>(0);
  const bool ge_enabled = settings.ge_enable[0];
  const ap_uint<kMaxLocalExperts> everyone = (1u << LocalExperts) - 1;
  const ap_uint<kMaxLocalExperts> le_disabled = everyone & ~settings.le_enable;
  const bool alone = le_only || (moe && !ge_enabled);
  Plan plan;
  plan.image = le_only || moe || settings.mode == kModeGeOnly;
  plan.use_ge = plan.image && !le_only && ge_enabled;
  plan.use_gate = moe && bank_ok && ge_enabled && le_disabled == 0;
  plan.gated = settings.mode == kModeMoeGated && plan.use_gate;
  plan.no_bank = (moe || le_only) && !bank_ok;
  plan.disabled = le_only ? bool(le_disabled[local]) : (plan.image && !ge_enabled) || (moe && le_disabled != 0);
  plan.learned = false;
  plan.bank = settings.bank;
  plan.use_le = 0;
  if (plan.use_gate) plan.use_le = everyone;
  if (alone && bank_ok && settings.le_enable[local]) plan.use_le[local] = 1;
  plan.expert = alone ? ap_uint<4>(local + 1) : ap_uint<4>(0);
  return plan;
}

/// Domains that an image is known to need before the gate has decided.
inline Domains domains_at_start(const Plan& plan) {
  ACCEL_INLINE
  Domains domains = 0;
  domains[kDomainFrontEnd] = plan.image;
  domains[kDomainGlobalExpert] = plan.use_ge && !plan.gated;
  domains[kDomainLocalExpert] = plan.use_le != 0;
  domains[kDomainGate] = plan.use_gate;
  return domains;
}

/// A write of 32 bits into a run-time layer's weights, or the marker that ends a sequence of writes.
struct WeightWrite {
  ap_uint<32> data;
  ap_uint<kAddressBits> address;  // counts 32-bit chunks, see weight_bank.hpp
  ap_uint<kBankBits> bank;
  ap_uint<5> layer;
  bool bias;
  bool end;

  typedef ap_uint<64> word_t;

  /// [31:0] data, [51:32] address, [55:52] bank, [60:56] layer, [61] bias, [62] end.
  word_t to_word() const {
    ACCEL_INLINE
    return word_t(data) | (word_t(address) << 32) | (word_t(bank) << 52) | (word_t(layer) << 56) | (word_t(bias) << 61) |
           (word_t(end) << 62);
  }

  static WeightWrite from_word(const word_t& word) {
    ACCEL_INLINE
    WeightWrite request;
    request.data = word;
    request.address = word >> 32;
    request.bank = word >> 52;
    request.layer = word >> 56;
    request.bias = word[61];
    request.end = word[62];
    return request;
  }
};

/// A word of the write stream, whose bits above [61] have no meaning.
inline WeightWrite unpack_write(const ap_uint<64>& word) {
  ACCEL_INLINE
  WeightWrite request = WeightWrite::from_word(word);
  request.end = false;
  return request;
}

#if ACCEL_LEARN
/// Packs [31:0] state of the LFSR behind the image, [32] learned, [33] local expert's and [34] gate's weights were to
/// move, [35] labelled but refused, [63:40] movements that the end of a weight's range prevented.
inline ap_uint<64> pack_lesson(const ap_uint<32>& random, const bool learned, const bool local, const bool gate,
                               const bool refused, const ap_uint<24>& lost) {
  ACCEL_INLINE
  ap_uint<64> word = 0;
  word.range(31, 0) = random;
  word[32] = learned;
  word[33] = local;
  word[34] = gate;
  word[35] = refused;
  word.range(63, 40) = lost;
  return word;
}
#endif

/// Packs [7:0] class, [11:8] expert, [15:12] status, [19:16] bank, [31:20] sequence number.
inline ap_uint<32> pack_result(const ap_uint<8>& class_index, const ap_uint<4>& expert, const ap_uint<4>& status,
                               const ap_uint<kBankBits>& bank, const ap_uint<kSequenceBits>& sequence) {
  ACCEL_INLINE
  ap_uint<32> word;
  word.range(7, 0) = class_index;
  word.range(11, 8) = expert;
  word.range(15, 12) = status;
  word.range(19, 16) = bank;
  word.range(31, 20) = sequence;
  return word;
}

}  // namespace accel
