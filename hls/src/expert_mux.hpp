// SPDX-License-Identifier: Apache-2.0
/// The binary-gated mux: connects exactly one expert to the result stream and forms the result word.
///
/// Takes the answer of every expert that ran, so that none is left for the next image.
/// Does not: compute anything.
#pragma once

#include "compiler.hpp"
#include "image_plan.hpp"
#include "network.hpp"

namespace accel {

inline void expert_mux(const Settings settings, ap_uint<kSequenceBits>& sequence,
                       hls::stream<ap_uint<4> >& length_status, hls::stream<ap_uint<4> >& decision,
                       hls::stream<ap_uint<8> >& ge_answer, hls::stream<ap_uint<8> > (&le_answer)[kLocalExperts],
                       hls::stream<AxisResult>& results) {
  const Plan plan = image_plan(settings);
  if (!plan.image) return;
  ap_uint<4> status = length_status.read();
  status[kStatusNoBank] = plan.no_bank;
  status[kStatusDisabled] = plan.disabled;
  ap_uint<4> expert = plan.expert;
  if (plan.use_gate && !plan.learned) expert = decision.read();

  ap_uint<8> class_index = kNoClass;
  if (plan.use_ge && !(plan.gated && expert != 0)) {
    const ap_uint<8> answer = ge_answer.read();
    if (expert == 0) class_index = answer;
  }
  ACCEL_UNROLL_BEFORE
  for (unsigned e = 0; e < kLocalExperts; e++) {
    ACCEL_UNROLL_INSIDE
    if (plan.use_le[e]) {
      const ap_uint<8> answer = le_answer[e].read();
      if (expert == e + 1) class_index = answer;
    }
  }

  AxisResult result;
  result.data = pack_result(class_index, expert, status, plan.bank, sequence);
  result.keep = -1;
  result.strb = -1;
  result.last = 1;
  results.write(result);
  sequence++;
}

}  // namespace accel
