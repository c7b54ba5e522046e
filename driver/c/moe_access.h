/* SPDX-License-Identifier: Apache-2.0
 *
 * What the driver's own sources share: registers by name, and images on their way. Not for programs.
 */
#ifndef MOE_ACCESS_H
#define MOE_ACCESS_H
#include "moe_driver.h"
#include "moe_regs.h"

/* Byte offset of a register by its name in hw/regs/moe_regs.rdl. */
#define REGISTER(name) ((uint32_t)offsetof(moe_regs_t, name))
/* Value of a field in a register's word, and a register's word with one field. */
#define GET(word, field) (((word) & MOE_REGS__##field##_bm) >> MOE_REGS__##field##_bp)
#define PUT(value, field) (((uint32_t)(value) << MOE_REGS__##field##_bp) & MOE_REGS__##field##_bm)
/* Leave the function when a call did not succeed. */
#define TRY(call)                        \
  do {                                   \
    const moe_status tried_ = (call);    \
    if (tried_ != MOE_OK) return tried_; \
  } while (0)

static inline moe_status read_register(const moe_device *device, uint32_t offset, uint32_t *value) {
  return device->io->read32(device->io->bus, offset, value) ? MOE_BUS_ERROR : MOE_OK;
}

static inline moe_status write_register(const moe_device *device, uint32_t offset, uint32_t value) {
  return device->io->write32(device->io->bus, offset, value) ? MOE_BUS_ERROR : MOE_OK;
}

static inline moe_status refuse_lesson(moe_device *device, moe_learn_reason reason) {
  device->learn_reason = reason;
  return MOE_LEARN_REFUSED;
}

/* MOE_OFF when the mode takes no images. */
moe_status moe_check_mode(const moe_device *device);

/* Send at most MOE_GROUP images and take their results. labels: TUSER of each image's first pixel, or NULL without. */
moe_status moe_run_group(const moe_device *device, const uint8_t *images, const uint32_t *labels, size_t group,
                         moe_result *results);
#endif
