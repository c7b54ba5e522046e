/* SPDX-License-Identifier: Apache-2.0
 *
 * Register access for moe_io on a processor that sees the registers in its address space:
 *
 *   moe_io io = {(void *)0x43C00000, moe_mmio_read32, moe_mmio_write32, dma, dma_send, dma_receive, NULL};
 *
 * bus is the address of the first register, mapped as device memory (in Linux: mmap of a UIO device). An error response
 * cannot be seen here: the processor raises an exception, or drops it. So these two never fail. The last member is for
 * labels beside the images (TUSER); with NULL a device is taught by corrections.
 */
#ifndef MOE_MMIO_H
#define MOE_MMIO_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

int moe_mmio_read32(void *bus, uint32_t offset, uint32_t *value);
int moe_mmio_write32(void *bus, uint32_t offset, uint32_t value);

#ifdef __cplusplus
}
#endif
#endif
