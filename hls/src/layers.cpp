// SPDX-License-Identifier: Apache-2.0
// The one place that chooses the frozen layers: ours, or those that hls4ml generated (see layers.hpp).
#include "layers.hpp"

#ifdef USE_HLS4ML

// hls4ml_parts.hpp is generated beside the hls4ml projects: it declares hls4ml_front_end and hls4ml_ge_tail.
#include "hls4ml_adapter.hpp"
#include "hls4ml_parts.hpp"

namespace accel {

void front_end(Channel<PixelBeat>& pixels, Channel<FeatureBeat>& features) {
  run_hls4ml<kPixels, kFeatures, PixelBeat, FeatureBeat, decltype(hls4ml_front_end), hls4ml_front_end>(pixels, features);
  TAP(kTapFeatures, features);
}

void ge_tail(Channel<FeatureBeat>& features, Channel<LogitBeat>& logits) {
  run_hls4ml<kFeatures, kClasses, FeatureBeat, LogitBeat, decltype(hls4ml_ge_tail), hls4ml_ge_tail>(features, logits);
  TAP(kTapLogits, logits);
}

}  // namespace accel

#else

#include "front_end.hpp"
#include "ge_tail.hpp"

namespace accel {

void front_end(Channel<PixelBeat>& pixels, Channel<FeatureBeat>& features) {
  front_end_layers(pixels, features);
}

void ge_tail(Channel<FeatureBeat>& features, Channel<LogitBeat>& logits) { ge_tail_layers(features, logits); }

}  // namespace accel

#endif
