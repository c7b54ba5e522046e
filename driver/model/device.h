/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated device: the Verilated accelerator as a C library. One object is one device; different objects may run in
 * different threads. Every function that returns int gives 0 on success; device_failure() then tells the reason in this thread.
 *
 * Time passes only inside these calls. In every clock cycle, also in those of a register access, the pixel stream goes on
 * as far as pixels were sent, and results are taken into a buffer.
 */
#ifndef MOE_DEVICE_MODEL_H
#define MOE_DEVICE_MODEL_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

const char *device_failure(void);

/* A device after its power-on reset; memory files of the frozen weights are read from the directory. NULL on failure. */
void *device_open(const char *memory_directory);
void device_close(void *device);
int device_reset(void *device);

/* AXI4-Lite accesses; *response is the bus response (0 OKAY, 2 SLVERR). A burst writes all words to one address and
 * stops at the first error; *written is the number of words that were accepted. */
int device_read(void *device, uint32_t address, uint32_t *data, uint32_t *response);
int device_write(void *device, uint32_t address, uint32_t data, uint32_t strobes, uint32_t *response);
int device_write_burst(void *device, uint32_t address, const uint32_t *data, size_t count, size_t *written,
                       uint32_t *response);

/* Queue pixels; with last, TLAST goes with the final one. Costs no time. */
int device_send(void *device, const uint8_t *pixels, size_t count, int last);

/* The same with a label beside the first pixel (TUSER): class in bits 7 to 0, own image in 8, gate too in 9, valid in 10. */
int device_send_labelled(void *device, const uint8_t *pixels, size_t count, int last, uint32_t label);

/* Run until there are count results or a number of cycles has gone by without one; *received tells how many were copied.
 * tlast may be NULL. */
int device_receive(void *device, uint32_t *results, uint8_t *tlast, size_t count, uint64_t timeout, size_t *received);

/* Let time pass. */
int device_run(void *device, uint64_t cycles);
uint64_t device_cycles(void *device);
uint64_t device_result_cycle(void *device); /* in which the last result was taken; 0 before the first */
int device_interrupt(void *device); /* level of irq_o: 0 or 1 */

/* Pixels not yet taken and results not yet received. */
size_t device_pixels_waiting(void *device);
size_t device_results_waiting(void *device);

/* Power switches (pd_* of the accelerator), domain 0 to 3. A switch acknowledges after a number of cycles (default 3), or does
 * not: it is stuck open, stuck closed, or its acknowledge glitches for one cycle at random before it settles. */
enum device_switch_kind { DEVICE_SWITCH_GOOD, DEVICE_SWITCH_STUCK_OPEN, DEVICE_SWITCH_STUCK_CLOSED, DEVICE_SWITCH_GLITCHING };
void device_switch(void *device, unsigned domain, uint32_t latency, int kind);

/* Levels of all domains now, one bit each: [3:0] switch closed, [7:4] clock enabled, [11:8] reset released, [15:12] isolated,
 * [19:16] weight memories supplied. */
uint32_t device_power(void *device);

/* Only in a model built with DEVICE_CORRUPTION (see corruption.h). From now on, what is in a domain without power becomes random
 * (seed 0: no longer). device_corruptible: bits of a domain, with or without its weight memories; device_corrupted: bits
 * overwritten so far. */
int device_corrupt(void *device, uint64_t seed);
uint64_t device_corruptible(void *device, int domain, int memories);
uint64_t device_corrupted(void *device);

/* Only in a model built with DEVICE_SAIF: from now on, the switching activity of every net is counted; NULL ends that and writes
 * it to the file that was given. A device can be traced once. */
int device_trace(void *device, const char *file);

/* Only in a model built with DEVICE_WATCH (see watch.h): what happened since the last reset and was not yet taken. An image was
 * accepted; it, or a correction, began to go to the experts. image: the descriptor, accel_pkg::image_t; outputs: who is given
 * it, as feature_router numbers them. Gives how many were copied. */
enum device_event_kind { DEVICE_ACCEPTED, DEVICE_STARTED, DEVICE_CORRECTED };
struct device_event {
  uint64_t cycle;
  uint32_t kind, outputs, image[4];
};
size_t device_watched(void *device, struct device_event *events, size_t count);

/* 0: pixels and results never pause; otherwise they pause at random, one cycle in four. */
void device_pauses(void *device, uint32_t seed);

#ifdef __cplusplus
}
#endif
#endif
