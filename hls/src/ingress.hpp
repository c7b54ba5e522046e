// SPDX-License-Identifier: Apache-2.0
/// Takes exactly one image from the pixel stream, whatever its length, and says whether the length was right.
///
/// TLAST early: the missing pixels are taken as zero. TLAST late: surplus pixels are dropped, up to one image's worth;
/// what is still left then is taken as the next image, since a kernel must end.
///
/// Initiation interval: one pixel a cycle.
/// Does not: wait for a resynchronisation of unbounded length (the RTL's image_ingress does).
#pragma once

#include "compiler.hpp"
#include "image_plan.hpp"
#include "network.hpp"

namespace accel {

inline void ingress(const Settings settings, hls::stream<AxisPixel>& pixels, Channel<PixelBeat>& image,
                    hls::stream<ap_uint<4> >& length_status) {
  const Plan plan = image_plan(settings);
  ap_uint<4> status = 0;
  bool ended = !plan.image;
  for (unsigned i = 0; i < 2 * kPixels; i++) {
    ACCEL_PIPELINE
    if (ended && (!plan.image || i >= kPixels)) break;
    ap_uint<8> data = 0;
    if (ended) {
      status[kStatusShortImage] = 1;
    } else {
      const AxisPixel pixel = pixels.read();
      data = pixel.data;
      ended = pixel.last;
    }
    if (i < kPixels) {
      PixelBeat beat;
      beat[0] = from_raw<PixelBeat::value_type>(data);
      send(image, beat);
    } else {
      status[kStatusLongImage] = 1;
    }
  }
  if (plan.image) length_status.write(status);
}

}  // namespace accel
