// SPDX-License-Identifier: Apache-2.0
// The computation of the stand-in kernel (moe_top.v): the C simulation library of the HLS sources, called by the Verilog.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

extern "C" {
struct AccelSettings {
  uint32_t mode, bank, bank_valid, local_expert;
  int32_t theta;
  uint32_t ge_enable, le_enable;
};
void* accel_open();
int accel_write(void* simulation, const uint64_t* words, size_t count);
int accel_run(void* simulation, const uint8_t* images, const uint32_t* lengths, size_t count,
              const AccelSettings* registers, uint32_t* results, uint8_t* domains, uint8_t* const* tap_data,
              const size_t* tap_room, size_t* tap_used, volatile uint64_t* progress);

static void* g_simulation;
static std::vector<uint8_t> g_pixels;

static void* simulation() {
  if (!g_simulation) g_simulation = accel_open();
  return g_simulation;
}

void kernel_write(unsigned long long word) {
  const uint64_t one = word;
  if (accel_write(simulation(), &one, 1)) std::abort();
}

void kernel_pixel(unsigned char value) { g_pixels.push_back(value); }

unsigned kernel_answer(unsigned mode, unsigned bank, unsigned bank_valid, unsigned local_expert, int theta,
                       unsigned ge_enable, unsigned le_enable) {
  const AccelSettings settings = {mode, bank, bank_valid, local_expert, theta, ge_enable, le_enable};
  const uint32_t length = g_pixels.size();
  uint32_t result = 0;
  uint8_t domains[2];
  volatile uint64_t progress = 0;
  if (accel_run(simulation(), g_pixels.data(), &length, 1, &settings, &result, domains, nullptr, nullptr, nullptr, &progress))
    std::abort();
  g_pixels.clear();
  return result;
}
}
