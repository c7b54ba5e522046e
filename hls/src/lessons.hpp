// SPDX-License-Identifier: Apache-2.0
/// The two ends of learning: drawing the random number of a learned image, and reporting what became of each image.
///
/// Does not: learn; the local experts and the gate do, each from its half of the number.
#pragma once

#include "compiler.hpp"
#include "image_plan.hpp"
#include "lfsr.hpp"
#include "move_rows.hpp"

namespace accel {

/// Advances the LFSR for a learned image, own or generic, and gives it to those that learn; then to the report.
///
/// A state to be set comes first. State 0, which the LFSR would never leave, is not taken.
inline void draw_random(Random& random, const Settings settings, hls::stream<Dither> (&to_le)[kLocalExperts],
                        hls::stream<Dither>& to_gate, hls::stream<Random>& to_report) {
  const Lesson lesson = make_lesson(settings);
  if (settings.learning.set_random[0] && settings.learning.random != 0) random = settings.learning.random;
  if (lesson.learned) random = next_random(random);
  const Dither low = random.range(kDitherBits - 1, 0);
  const Dither high = random.range(2 * kDitherBits - 1, kDitherBits);
  ACCEL_UNROLL_BEFORE
  for (unsigned e = 0; e < kLocalExperts; e++) {
    ACCEL_UNROLL_INSIDE
    if (lesson.local && settings.learning.expert == e) to_le[e].write(low);
  }
  if (lesson.gate) to_gate.write(high);
  if (image_plan(settings).image) to_report.write(random);
}

/// One word an image, see pack_lesson.
inline void report_lesson(const Settings settings, hls::stream<Random>& random,
                          Channel<HeadLesson> (&from_le)[kLocalExperts], Channel<HeadLesson>& from_gate,
                          hls::stream<AxisLesson>& lessons) {
  const Lesson lesson = make_lesson(settings);
  if (!image_plan(settings).image) return;
  HeadLesson local = {false, 0};
  HeadLesson gate = {false, 0};
  ACCEL_UNROLL_BEFORE
  for (unsigned e = 0; e < kLocalExperts; e++) {
    ACCEL_UNROLL_INSIDE
    if (lesson.local && settings.learning.expert == e) local = receive<HeadLesson>(from_le[e]);
  }
  if (lesson.gate) gate = receive<HeadLesson>(from_gate);
  AxisLesson word;
  word.data = pack_lesson(random.read(), lesson.learned, local.moved, gate.moved, lesson.refused,
                          ap_uint<24>(local.lost + gate.lost));
  word.keep = -1;
  word.strb = -1;
  word.last = 1;
  lessons.write(word);
}

}  // namespace accel
