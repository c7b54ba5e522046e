/* SPDX-License-Identifier: Apache-2.0 */
#include "moe_simulated.h"

#include "device.h"

#ifndef MOE_TIMEOUT_CYCLES
#define MOE_TIMEOUT_CYCLES 5000000 /* without a result */
#endif

static int read32(void *bus, uint32_t offset, uint32_t *value) {
  uint32_t response = 0;
  return device_read(bus, offset, value, &response) || response;
}

static int write32(void *bus, uint32_t offset, uint32_t value) {
  uint32_t response = 0;
  return device_write(bus, offset, value, 0xf, &response) || response;
}

/* One transfer, as from a DMA: TLAST at its end, whatever number of images it has. */
static int send(void *streams, const uint8_t *data, size_t pixels) { return device_send(streams, data, pixels, 1); }

/* TUSER and TLAST end with the image. */
static int send_labelled(void *streams, const uint8_t *image, size_t pixels, uint32_t label) {
  return device_send_labelled(streams, image, pixels, 1, label);
}

/* The packet must end with the last result, or a DMA would wait for more or take less. */
static int receive(void *streams, uint32_t *results, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    uint8_t last = 0;
    size_t received = 0;
    if (device_receive(streams, &results[i], &last, 1, MOE_TIMEOUT_CYCLES, &received)) return 1;
    if (received != 1 || (last != 0) != (i + 1 == count)) return 1;
  }
  return 0;
}

moe_io moe_simulated_io(void *device) {
  const moe_io io = {device, read32, write32, device, send, receive, send_labelled};
  return io;
}
