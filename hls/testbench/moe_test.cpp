// SPDX-License-Identifier: Apache-2.0
// C test bench of moe_top, for the vendor's C simulation and co-simulation and for plain g++.
//
// Reads the transactions of vectors.txt (written by hls/vectors.py), runs them, and compares every result word with the
// integer model's. A build that learns learns nothing here: it must answer as one that does not. Exit code 0: all equal; 1: a result differs; 2: the file cannot be read.
//
// Usage: moe_test [FILE]
#include <cstdio>

#include "moe_top.hpp"

namespace {
/// One transaction of the file: write words, then pixels and the expected result unless the mode is OFF.
struct Transaction {
  unsigned mode, bank, bank_valid, local_expert;
  int theta;
  unsigned ge_enable, le_enable;
  unsigned writes, pixels;
};

bool read_header(FILE* file, Transaction& t) {
  return std::fscanf(file, "%u %u %u %u %d %u %u %u %u", &t.mode, &t.bank, &t.bank_valid, &t.local_expert, &t.theta,
                     &t.ge_enable, &t.le_enable, &t.writes, &t.pixels) == 9;
}
}  // namespace

int main(int argc, char** argv) {
  const char* name = argc > 1 ? argv[1] : "vectors.txt";
  FILE* file = std::fopen(name, "r");
  if (!file) {
    std::fprintf(stderr, "moe_test: cannot read %s\n", name);
    return 2;
  }
  hls::stream<accel::AxisPixel> pixels("pixels");
  hls::stream<accel::AxisWrite> writes("writes");
  hls::stream<accel::AxisResult> results("results");
  hls::stream<accel::Domains> domains("domains");
#if ACCEL_LEARN
  hls::stream<accel::AxisLesson> lessons("lessons");
#endif
  unsigned images = 0, wrong = 0;
  Transaction t;
  while (read_header(file, t)) {
    for (unsigned i = 0; i < t.writes; i++) {
      unsigned long long word = 0;
      if (std::fscanf(file, "%llx", &word) != 1) return 2;
      accel::AxisWrite beat;
      beat.data = word;
      beat.keep = -1;
      beat.strb = -1;
      beat.last = i + 1 == t.writes;
      writes.write(beat);
    }
    for (unsigned i = 0; i < t.pixels; i++) {
      unsigned value = 0;
      if (std::fscanf(file, "%u", &value) != 1) return 2;
      accel::AxisPixel beat;
      beat.data = value;
      beat.keep = -1;
      beat.strb = -1;
      beat.last = i + 1 == t.pixels;
      pixels.write(beat);
    }
    unsigned expected[3] = {0, 0, 0};  // result, domains at the start, domains after the decision
    if (t.pixels && std::fscanf(file, "%x %u %u", &expected[0], &expected[1], &expected[2]) != 3) return 2;
    moe_top(pixels, writes,
#if ACCEL_LEARN
            lessons, accel::no_learning(),
#endif
            results, domains, t.mode, t.bank, t.bank_valid, t.local_expert, t.theta, t.ge_enable, t.le_enable,
            t.writes);
    if (!t.pixels) continue;
#if ACCEL_LEARN
    if (lessons.read().data >> 32 != 0) return 1;
#endif
    const unsigned found[3] = {results.read().data.to_uint(), domains.read().to_uint(), domains.read().to_uint()};
    if (found[0] != expected[0] || found[1] != expected[1] || found[2] != expected[2]) {
      std::printf("image %u: result %08x, domains %u %u; expected %08x, domains %u %u\n", images, found[0], found[1],
                  found[2], expected[0], expected[1], expected[2]);
      wrong++;
    }
    images++;
  }
  std::fclose(file);
  if (!images) {
    std::fprintf(stderr, "moe_test: %s has no image\n", name);
    return 2;
  }
  std::printf("%u of %u results differ\n", wrong, images);
  return wrong ? 1 : 0;
}
