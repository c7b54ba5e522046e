// SPDX-License-Identifier: Apache-2.0
#include "moe_top.hpp"

#include "compiler.hpp"
#include "expert_mux.hpp"
#include "global_expert.hpp"
#include "ingress.hpp"
#include "layers.hpp"
#include "routing.hpp"
#if ACCEL_LEARN
#include "lessons.hpp"
#endif

namespace accel {

/// The front end runs only when there is an image.
static void run_front_end(const Settings settings, Channel<PixelBeat>& image, Channel<FeatureBeat>& features) {
  if (image_plan(settings).image) front_end(image, features);
}

void moe(State& state, const Settings settings, const ap_uint<32> write_count, hls::stream<AxisPixel>& pixels,
         hls::stream<AxisWrite>& writes,
#if ACCEL_LEARN
         hls::stream<AxisLesson>& lessons,
#endif
         hls::stream<AxisResult>& results, hls::stream<Domains>& domains) {
  ACCEL_DATAFLOW
  Channel<WeightWrite> le_writes[kLocalExperts];
  Channel<WeightWrite> gate_writes ACCEL_NAMED("gate_writes");
  Channel<PixelBeat> image ACCEL_NAMED("image");
  hls::stream<ap_uint<4> > length_status ACCEL_NAMED("length_status");
  Channel<FeatureBeat> features ACCEL_NAMED("features");
  // A whole image's features wait for the gate's decision.
  Channel<FeatureBeat> ge_features ACCEL_NAMED("ge_features");
  ACCEL_PRAGMA(STREAM variable = ge_features depth = kFeatureBeats)
  Channel<FeatureBeat> le_features[kLocalExperts];
  ACCEL_PRAGMA(STREAM variable = le_features depth = 16)
  Channel<FeatureBeat> gate_features ACCEL_NAMED("gate_features");
  ACCEL_PRAGMA(STREAM variable = gate_features depth = 16)
  hls::stream<ap_uint<8> > le_answer[kLocalExperts];
  Channel<Confidence> confidence[kLocalExperts];
  hls::stream<ap_uint<8> > ge_answer ACCEL_NAMED("ge_answer");
  hls::stream<ap_uint<4> > mux_decision ACCEL_NAMED("mux_decision");
  hls::stream<ap_uint<4> > ge_decision ACCEL_NAMED("ge_decision");
  hls::stream<ap_uint<4> > power_decision ACCEL_NAMED("power_decision");
#if ACCEL_LEARN
  hls::stream<Dither> le_dither[kLocalExperts];
  hls::stream<Dither> gate_dither ACCEL_NAMED("gate_dither");
  hls::stream<Random> random ACCEL_NAMED("random");
  Channel<HeadLesson> le_lesson[kLocalExperts];
  Channel<HeadLesson> gate_lesson ACCEL_NAMED("gate_lesson");
#endif

#if ACCEL_LEARN
  draw_random(state.random, settings, le_dither, gate_dither, random);
#endif
  route_writes(write_count, writes, le_writes, gate_writes);
  ingress(settings, pixels, image, length_status);
  run_front_end(settings, image, features);
  route_features(settings, features, ge_features, le_features, gate_features);
  ACCEL_UNROLL_BEFORE
  for (unsigned e = 0; e < kLocalExperts; e++) {
    ACCEL_UNROLL_INSIDE
    local_expert(state.local_experts[e], settings, e, le_writes[e], le_features[e],
#if ACCEL_LEARN
                 le_dither[e], le_lesson[e],
#endif
                 le_answer[e], confidence[e]);
  }
  gating_network(state.gate, settings, gate_writes, gate_features, confidence,
#if ACCEL_LEARN
                 gate_dither, gate_lesson,
#endif
                 mux_decision, ge_decision, power_decision);
  enable_domains(settings, power_decision, domains);
  global_expert(settings, ge_decision, ge_features, ge_answer);
  expert_mux(settings, state.sequence, length_status, mux_decision, ge_answer, le_answer, results);
#if ACCEL_LEARN
  report_lesson(settings, random, le_lesson, gate_lesson, lessons);
#endif
}

}  // namespace accel

void moe_top(hls::stream<accel::AxisPixel>& pixels, hls::stream<accel::AxisWrite>& writes,
#if ACCEL_LEARN
             hls::stream<accel::AxisLesson>& lessons, accel::Learning learning,
#endif
             hls::stream<accel::AxisResult>& results, hls::stream<accel::Domains>& domains, ap_uint<3> mode,
             ap_uint<accel::kBankBits> bank, ap_uint<16> bank_valid, ap_uint<3> local_expert,
             ap_int<accel::kThetaBits> theta, ap_uint<1> ge_enable, ap_uint<accel::kMaxLocalExperts> le_enable,
             ap_uint<32> write_count) {
  ACCEL_PRAGMA(INTERFACE mode = axis port = pixels)
  ACCEL_PRAGMA(INTERFACE mode = axis port = writes)
  ACCEL_PRAGMA(INTERFACE mode = axis port = results)
  ACCEL_PRAGMA(INTERFACE mode = axis port = domains)
#if ACCEL_LEARN
  ACCEL_PRAGMA(INTERFACE mode = axis port = lessons)
  ACCEL_PRAGMA(INTERFACE mode = s_axilite port = learning bundle = control)
#endif
  ACCEL_PRAGMA(INTERFACE mode = s_axilite port = mode bundle = control)
  ACCEL_PRAGMA(INTERFACE mode = s_axilite port = bank bundle = control)
  ACCEL_PRAGMA(INTERFACE mode = s_axilite port = bank_valid bundle = control)
  ACCEL_PRAGMA(INTERFACE mode = s_axilite port = local_expert bundle = control)
  ACCEL_PRAGMA(INTERFACE mode = s_axilite port = theta bundle = control)
  ACCEL_PRAGMA(INTERFACE mode = s_axilite port = ge_enable bundle = control)
  ACCEL_PRAGMA(INTERFACE mode = s_axilite port = le_enable bundle = control)
  ACCEL_PRAGMA(INTERFACE mode = s_axilite port = write_count bundle = control)
  ACCEL_PRAGMA(INTERFACE mode = s_axilite port = return bundle = control)
  ACCEL_DATAFLOW
  static accel::State state;
  accel::Settings settings;
  settings.mode = mode;
  settings.bank = bank;
  settings.bank_valid = bank_valid;
  settings.local_expert = local_expert;
  settings.theta = theta;
  settings.ge_enable = ge_enable;
  settings.le_enable = le_enable;
#if ACCEL_LEARN
  settings.learning = learning;
  accel::moe(state, settings, write_count, pixels, writes, lessons, results, domains);
#else
  accel::moe(state, settings, write_count, pixels, writes, results, domains);
#endif
}
