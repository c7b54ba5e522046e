// SPDX-License-Identifier: Apache-2.0
/// The frozen layers, and the seam between hand-written and hls4ml's layers.
///
/// Both functions exist twice, with the same types: layers.cpp chains the templates of this directory (generated
/// front_end.hpp, ge_tail.hpp); with -DUSE_HLS4ML it calls the functions that hls4ml generated.
///
/// The types, from the generated network.hpp:
///   PixelBeat    one channel value of a pixel, image row by row
///   FeatureBeat  kFeatureLanes neighbouring channels at the tap, in the order row, column, channel
///   LogitBeat    kLogitLanes raw logits of the GE
///
/// A call consumes and produces exactly one image.
#pragma once

#include "channel.hpp"
#include "network.hpp"

namespace accel {

/// Layers up to the tap (power domain PD_FE).
void front_end(Channel<PixelBeat>& pixels, Channel<FeatureBeat>& features);

/// Layers behind the tap (power domain PD_GE).
void ge_tail(Channel<FeatureBeat>& features, Channel<LogitBeat>& logits);

}  // namespace accel
