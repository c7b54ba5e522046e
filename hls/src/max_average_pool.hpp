// SPDX-License-Identifier: Apache-2.0
/// Maximum and average of each window; the stride equals the window, and all results are on the scale of the input.
///
/// Formula: of a window of kChannels channels, value c is that of max_pool, value kChannels + c that of average_pool.
/// Both run side by side on the same beats; of each window all beats of maxima leave, then all beats of averages.
/// Initiation interval: one input beat a cycle; with kSize 1 two cycles, as twice as many beats leave.
///
/// Parameters
///   Layer  a generated description, as average_pool takes it
#pragma once

#include "average_pool.hpp"
#include "beat.hpp"
#include "channel.hpp"
#include "compiler.hpp"
#include "hls_stream.h"
#include "max_pool.hpp"

namespace accel {

template <class Layer>
void copy_features(Channel<Beat<typename Layer::value_t, Layer::kLanes> >& in,
                   Channel<Beat<typename Layer::value_t, Layer::kLanes> >& first,
                   Channel<Beat<typename Layer::value_t, Layer::kLanes> >& second) {
  const unsigned kBeats = Layer::kHeight * Layer::kWidth * (Layer::kChannels / Layer::kLanes);
  for (unsigned i = 0; i < kBeats; i++) {
    ACCEL_PIPELINE
    const auto beat = in.read();
    first.write(beat);
    second.write(beat);
  }
}

/// Of each window the beats of the first, then those of the second.
template <class Layer>
void append_windows(Channel<Beat<typename Layer::value_t, Layer::kLanes> >& first,
                    Channel<Beat<typename Layer::value_t, Layer::kLanes> >& second,
                    Channel<Beat<typename Layer::value_t, Layer::kLanes> >& out) {
  const unsigned kWindows = (Layer::kHeight / Layer::kSize) * (Layer::kWidth / Layer::kSize);
  const unsigned kBeats = Layer::kChannels / Layer::kLanes;
  for (unsigned i = 0; i < kWindows; i++) {
    for (unsigned b = 0; b < 2 * kBeats; b++) {
      ACCEL_PIPELINE
      out.write(b < kBeats ? first.read() : second.read());
    }
  }
}

template <class Layer>
void max_average_pool(Channel<Beat<typename Layer::value_t, Layer::kLanes> >& in,
                      Channel<Beat<typename Layer::value_t, Layer::kLanes> >& out) {
  ACCEL_DATAFLOW
  // Averages wait while the maxima of their window leave.
  Channel<Beat<typename Layer::value_t, Layer::kLanes> > to_max ACCEL_NAMED("to_max");
  Channel<Beat<typename Layer::value_t, Layer::kLanes> > to_average ACCEL_NAMED("to_average");
  Channel<Beat<typename Layer::value_t, Layer::kLanes> > maxima ACCEL_NAMED("maxima");
  Channel<Beat<typename Layer::value_t, Layer::kLanes> > averages ACCEL_NAMED("averages");
  ACCEL_PRAGMA(STREAM variable = to_max depth = 4)
  ACCEL_PRAGMA(STREAM variable = to_average depth = 4)
  ACCEL_PRAGMA(STREAM variable = maxima depth = 4)
  ACCEL_PRAGMA(STREAM variable = averages depth = 4 + Layer::kChannels / Layer::kLanes)
  copy_features<Layer>(in, to_max, to_average);
  max_pool<Layer>(to_max, maxima);
  average_pool<Layer>(to_average, averages);
  append_windows<Layer>(maxima, averages, out);
}

}  // namespace accel
