/* SPDX-License-Identifier: Apache-2.0
 *
 * moe_io for the simulated device of driver/model/device.h: programs for the device run and are tested without one.
 */
#ifndef MOE_SIMULATED_H
#define MOE_SIMULATED_H
#include "moe_driver.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A way to reach a device that device_open() gave. */
moe_io moe_simulated_io(void *device);

#ifdef __cplusplus
}
#endif
#endif
