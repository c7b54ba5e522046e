/* SPDX-License-Identifier: Apache-2.0 */
#include "moe_mmio.h"

int moe_mmio_read32(void *bus, uint32_t offset, uint32_t *value) {
  *value = ((volatile uint32_t *)bus)[offset / 4];
  return 0;
}

int moe_mmio_write32(void *bus, uint32_t offset, uint32_t value) {
  ((volatile uint32_t *)bus)[offset / 4] = value;
  return 0;
}
