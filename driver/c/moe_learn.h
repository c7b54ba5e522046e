/* SPDX-License-Identifier: Apache-2.0
 *
 * A device that learns (docs/learning.md), with the calls of the Python driver's Session: open a session on a bank,
 * teach images with their labels or correct answers, commit. C99, no dynamic memory, no global state.
 *
 * A device has one session at most, so there is no object for it. After MOE_LEARN_REFUSED, moe_device.learn_reason says
 * why; moe_learn_reason_text() makes a sentence of it. moe_protect_bank and moe_save_bank are in moe_driver.h.
 */
#ifndef MOE_LEARN_H
#define MOE_LEARN_H
#include "moe_driver.h"

#ifdef __cplusplus
extern "C" {
#endif

/* When and how fast a device learns; margins are in units of the logits, 0 to 2^24 - 1, shifts 8 to 15. */
typedef struct moe_rule {
  uint32_t local_margin;   /* an own image is learned when its label's logit is not this much above the best other */
  uint32_t own_margin;     /* the same for the gate's logits, of own images ... */
  uint32_t generic_margin; /* ... and of generic ones */
  uint8_t local_shift;     /* a weight moves with probability input / 2^shift */
  uint8_t gate_shift;
  uint32_t seed;           /* first state of the LFSR, not 0 */
} moe_rule;

/* What is right of an image. */
typedef struct moe_label {
  uint8_t answer; /* class */
  bool own;       /* the user's image, else a generic one */
  bool with_gate; /* the gate learns, too */
} moe_label;

/* Counts since the session was opened. */
typedef struct moe_lesson_counts {
  uint32_t own;         /* own images with a label; corrections do not count */
  uint32_t right;       /* ... of those, answered right before they were learned */
  uint32_t generic;     /* generic images with a label */
  uint32_t local_moves; /* lessons that moved weights of the local expert */
  uint32_t gate_moves;  /* ... of the gate */
  uint32_t lost;        /* movements that the end of a weight's range prevented */
} moe_lesson_counts;

/* Open a session, when no lesson of the one before is left. The mode must be one with local experts; the gate learns
 * in MOE_PARALLEL and MOE_GATED only.
 *
 * bank: the bank that learns, which must be valid and not protected.
 * expert: the local expert that learns.
 *
 * MOE_LEARN_REFUSED, MOE_BAD_RULE: nothing learns; a session that is open goes on as it was.
 */
moe_status moe_learn_start(moe_device *device, const moe_rule *rule, unsigned bank, unsigned expert);

/* Other margins or shifts for the lessons to come; the LFSR stays as it is. */
moe_status moe_learn_set_rule(moe_device *device, const moe_rule *rule);

/* Teach images, count * image_pixels bytes, in their order; blocks until all results are there. The results are what
 * the local expert answered before it learned each of them.
 *
 * MOE_NO_LABELS, MOE_BAD_LABEL, MOE_LEARN_REFUSED, MOE_OFF: no image was sent.
 */
moe_status moe_learn_images(moe_device *device, const uint8_t *images, const moe_label *labels, size_t count,
                            moe_result *results);

/* Teach what is right of an image that was answered before, one of the last eight.
 *
 * sequence: number of its result.
 *
 * MOE_UNKNOWN_IMAGE, MOE_BAD_LABEL, MOE_LEARN_REFUSED: nothing was learned.
 */
moe_status moe_correct(moe_device *device, uint16_t sequence, moe_label label);

/* End the session, in any mode; blocks until the last lesson is over and the bank is read through.
 *
 * activate: also let the images to come use the bank.
 * crc: receives the CRC-32 of the learned bank's stream; may be NULL.
 */
moe_status moe_learn_commit(moe_device *device, bool activate, uint32_t *crc);

/* End the session; its bank is not valid any more. */
moe_status moe_learn_cancel(moe_device *device);

/* What was learned in the session, or in the last one. */
moe_status moe_read_lesson_counts(moe_device *device, moe_lesson_counts *counts);

/* A sentence; never NULL. */
const char *moe_learn_reason_text(moe_learn_reason reason);

#ifdef __cplusplus
}
#endif
#endif
