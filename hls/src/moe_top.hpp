// SPDX-License-Identifier: Apache-2.0
/// Mixture-of-experts accelerator in HLS, top level.
///
///   pixels -> ingress -> front end -> router -+-> global expert (after the gate, when gated) --+-> mux -> results
///                                             +-> local expert(s) --------------------------+--+
///                                             +-> gating network <--- confidences ----------+
///   writes -> router of weight writes --------+-> banks of the local experts and the gate
///
/// One transaction takes up to kMaxWrites weight writes and, unless the mode is OFF, one image; then it gives one result.
/// Changing the user: write the shadow bank (with images or in mode OFF), set its bit in bank_valid, name it in bank.
///
/// Interfaces
///   pixels   AXI4-Stream, one channel value a beat, row by row; TLAST on the last one of an image
///   writes   AXI4-Stream, 64 bits, see unpack_write; write_count of them are taken
///   results  AXI4-Stream, 32 bits, see pack_result
///   domains  AXI4-Stream, 4 bits, two words an image: power domains needed (see enable_domains)
///   lessons  AXI4-Stream, 64 bits, one word an image, see pack_lesson; only in a build that learns (ACCEL_LEARN), as
///            are the scalars of learning
///   all scalars and the block's control  AXI4-Lite
#pragma once

#include "gating_network.hpp"
#include "interface.hpp"
#include "local_expert.hpp"
#include "network.hpp"

namespace accel {

/// Everything that outlives a transaction. Each member belongs to one process.
struct State {
  LeBanks local_experts[kLocalExperts];
  GateBanks gate;
  ap_uint<kSequenceBits> sequence;
#if ACCEL_LEARN
  Random random;

  State() : sequence(0), random(kRandomStart) {}
#else

  State() : sequence(0) {}
#endif
};

/// One transaction on a given state.
void moe(State& state, const Settings settings, const ap_uint<32> write_count, hls::stream<AxisPixel>& pixels,
         hls::stream<AxisWrite>& writes,
#if ACCEL_LEARN
         hls::stream<AxisLesson>& lessons,
#endif
         hls::stream<AxisResult>& results, hls::stream<Domains>& domains);

}  // namespace accel

/// The kernel: one transaction on its own state.
void moe_top(hls::stream<accel::AxisPixel>& pixels, hls::stream<accel::AxisWrite>& writes,
#if ACCEL_LEARN
             hls::stream<accel::AxisLesson>& lessons, accel::Learning learning,
#endif
             hls::stream<accel::AxisResult>& results, hls::stream<accel::Domains>& domains, ap_uint<3> mode,
             ap_uint<accel::kBankBits> bank, ap_uint<16> bank_valid, ap_uint<3> local_expert,
             ap_int<accel::kThetaBits> theta, ap_uint<1> ge_enable, ap_uint<accel::kMaxLocalExperts> le_enable,
             ap_uint<32> write_count);
