/* SPDX-License-Identifier: Apache-2.0 */
#include "moe_learn.h"

#include "moe_access.h"

enum {
  SMALLEST_SHIFT = 8,
  LARGEST_SHIFT = 15,
  PATIENCE = 100000, /* reads of a status; a commit takes a few cycles a word of the bank */
  LAST_SEQUENCE = 4095
};
/* Bits of TUSER beside the class (spec/learning.py). */
enum { LABEL_OWN = 8, LABEL_GATE = 9, LABEL_VALID = 10 };

static moe_status read_session(const moe_device *device, moe_learn_state *state, moe_learn_reason *reason) {
  uint32_t word;
  TRY(read_register(device, REGISTER(learn_status), &word));
  *state = (moe_learn_state)GET(word, LEARN_STATUS__STATE);
  *reason = (moe_learn_reason)GET(word, LEARN_STATUS__REASON);
  return MOE_OK;
}

/* After a command: the session must be in this state, and the device must not have refused. */
static moe_status check_session(moe_device *device, moe_learn_state wanted) {
  moe_learn_state state;
  moe_learn_reason reason;
  TRY(read_session(device, &state, &reason));
  return state == wanted && reason == MOE_LEARN_REASON_NONE ? MOE_OK : refuse_lesson(device, reason);
}

static moe_status need_session(moe_device *device) {
  moe_learn_state state;
  moe_learn_reason reason;
  TRY(read_session(device, &state, &reason));
  return state == MOE_LEARN_STATE_OPEN ? MOE_OK : refuse_lesson(device, MOE_LEARN_REASON_NOT_OPEN);
}

/* Until the last lesson of a session that has ended is over. */
static moe_status await_lessons(const moe_device *device) {
  for (long i = 0; i < PATIENCE; ++i) {
    uint32_t word;
    TRY(read_register(device, REGISTER(learn_status), &word));
    if (!GET(word, LEARN_STATUS__LESSONS)) return MOE_OK;
  }
  return MOE_TIMEOUT;
}

/* ---- Sessions ---------------------------------------------------------------------------------------------------- */
static bool is_margin(uint32_t margin) { return margin <= GET(UINT32_MAX, LEARN_LOCAL__MARGIN); }

static bool is_shift(uint8_t shift) { return shift >= SMALLEST_SHIFT && shift <= LARGEST_SHIFT; }

/* A number that does not fit its field would otherwise be another one. */
static bool is_rule(const moe_rule *rule) {
  return is_margin(rule->local_margin) && is_margin(rule->own_margin) && is_margin(rule->generic_margin) &&
         is_shift(rule->local_shift) && is_shift(rule->gate_shift) && rule->seed;
}

moe_status moe_learn_set_rule(moe_device *device, const moe_rule *rule) {
  if (!is_rule(rule)) return MOE_BAD_RULE;
  TRY(write_register(device, REGISTER(learn_local),
                     PUT(rule->local_margin, LEARN_LOCAL__MARGIN) | PUT(rule->local_shift, LEARN_LOCAL__SHIFT)));
  TRY(write_register(device, REGISTER(learn_gate),
                     PUT(rule->own_margin, LEARN_GATE__MARGIN) | PUT(rule->gate_shift, LEARN_GATE__SHIFT)));
  return write_register(device, REGISTER(learn_generic), PUT(rule->generic_margin, LEARN_GENERIC__MARGIN));
}

moe_status moe_learn_start(moe_device *device, const moe_rule *rule, unsigned bank, unsigned expert) {
  moe_learn_state state;
  moe_learn_reason reason;
  if (!is_rule(rule)) return MOE_BAD_RULE;
  TRY(read_session(device, &state, &reason));
  /* Before anything is written that the open session uses. */
  if (state == MOE_LEARN_STATE_OPEN || state == MOE_LEARN_STATE_CLOSING) {
    return refuse_lesson(device, MOE_LEARN_REASON_ALREADY_OPEN);
  }
  if (bank >= device->banks) return refuse_lesson(device, MOE_LEARN_REASON_BANK_NOT_VALID);
  if (expert >= device->local_experts) return refuse_lesson(device, MOE_LEARN_REASON_NO_SUCH_EXPERT);
  TRY(await_lessons(device));
  TRY(write_register(device, REGISTER(learn_session),
                     PUT(bank, LEARN_SESSION__BANK) | PUT(expert, LEARN_SESSION__EXPERT)));
  TRY(moe_learn_set_rule(device, rule));
  TRY(write_register(device, REGISTER(learn_seed), PUT(rule->seed, LEARN_SEED__VALUE)));
  TRY(write_register(device, REGISTER(learn_command), MOE_REGS__LEARN_COMMAND__START_bm));
  return check_session(device, MOE_LEARN_STATE_OPEN);
}

moe_status moe_learn_commit(moe_device *device, bool activate, uint32_t *crc) {
  uint32_t command = MOE_REGS__LEARN_COMMAND__COMMIT_bm;
  moe_learn_state state = MOE_LEARN_STATE_CLOSING;
  moe_learn_reason reason;
  if (activate) command |= MOE_REGS__LEARN_COMMAND__ACTIVATE_bm;
  TRY(write_register(device, REGISTER(learn_command), command));
  for (long i = 0; i < PATIENCE && state == MOE_LEARN_STATE_CLOSING; ++i) TRY(read_session(device, &state, &reason));
  if (state == MOE_LEARN_STATE_CLOSING) return MOE_TIMEOUT;
  TRY(check_session(device, MOE_LEARN_STATE_COMMITTED));
  return crc ? read_register(device, REGISTER(learn_crc), crc) : MOE_OK;
}

moe_status moe_learn_cancel(moe_device *device) {
  TRY(write_register(device, REGISTER(learn_command), MOE_REGS__LEARN_COMMAND__CANCEL_bm));
  return check_session(device, MOE_LEARN_STATE_CANCELLED);
}

/* ---- Lessons ----------------------------------------------------------------------------------------------------- */
static uint32_t label_word(moe_label label) {
  return 1u << LABEL_VALID | (uint32_t)label.with_gate << LABEL_GATE | (uint32_t)label.own << LABEL_OWN | label.answer;
}

moe_status moe_learn_images(moe_device *device, const uint8_t *images, const moe_label *labels, size_t count,
                            moe_result *results) {
  if (!device->io->send_labelled) return MOE_NO_LABELS;
  for (size_t i = 0; i < count; ++i) {
    if (labels[i].answer >= device->classes) return MOE_BAD_LABEL;
  }
  TRY(need_session(device));
  TRY(moe_check_mode(device));
  while (count) {
    const size_t group = count < MOE_GROUP ? count : MOE_GROUP;
    uint32_t words[MOE_GROUP];
    for (size_t i = 0; i < group; ++i) words[i] = label_word(labels[i]);
    TRY(moe_run_group(device, images, words, group, results));
    images += group * device->image_pixels;
    labels += group;
    results += group;
    count -= group;
  }
  return MOE_OK;
}

static moe_status wait_for_correction(const moe_device *device) {
  for (long i = 0; i < PATIENCE; ++i) {
    uint32_t word;
    TRY(read_register(device, REGISTER(learn_status), &word));
    if (!GET(word, LEARN_STATUS__CORRECTING)) return MOE_OK;
  }
  return MOE_TIMEOUT;
}

moe_status moe_correct(moe_device *device, uint16_t sequence, moe_label label) {
  uint32_t word;
  if (label.answer >= device->classes) return MOE_BAD_LABEL;
  if (sequence > LAST_SEQUENCE) return MOE_UNKNOWN_IMAGE;
  TRY(need_session(device));
  TRY(wait_for_correction(device));
  TRY(write_register(device, REGISTER(errors), MOE_REGS__ERRORS__CORRECTION_REFUSED_bm));
  TRY(write_register(device, REGISTER(learn_correct),
                     PUT(sequence, LEARN_CORRECT__SEQUENCE_NUMBER) | PUT(label.answer, LEARN_CORRECT__LABEL) |
                         PUT(label.own, LEARN_CORRECT__OWN) | PUT(label.with_gate, LEARN_CORRECT__GATE)));
  TRY(wait_for_correction(device));
  TRY(read_register(device, REGISTER(errors), &word));
  return GET(word, ERRORS__CORRECTION_REFUSED) ? MOE_UNKNOWN_IMAGE : MOE_OK;
}

moe_status moe_read_lesson_counts(moe_device *device, moe_lesson_counts *counts) {
  TRY(read_register(device, REGISTER(learn_own), &counts->own));
  TRY(read_register(device, REGISTER(learn_right), &counts->right));
  TRY(read_register(device, REGISTER(learn_generic_images), &counts->generic));
  TRY(read_register(device, REGISTER(learn_local_moves), &counts->local_moves));
  TRY(read_register(device, REGISTER(learn_gate_moves), &counts->gate_moves));
  return read_register(device, REGISTER(learn_lost), &counts->lost);
}

/* ---- Texts ------------------------------------------------------------------------------------------------------- */
const char *moe_learn_reason_text(moe_learn_reason reason) {
  switch (reason) {
    case MOE_LEARN_REASON_NONE: return "no reason was given";
    case MOE_LEARN_REASON_NOT_BUILT: return "the device was built without learning";
    case MOE_LEARN_REASON_ALREADY_OPEN: return "a session is open, or the last lesson of the one before is not over";
    case MOE_LEARN_REASON_BANK_NOT_VALID: return "the bank holds no valid weights";
    case MOE_LEARN_REASON_NO_SUCH_EXPERT: return "the device has no local expert of that number";
    case MOE_LEARN_REASON_POWER_OFF: return "the memories of local experts or gate have no power";
    case MOE_LEARN_REASON_NOT_OPEN: return "there is no session";
    case MOE_LEARN_REASON_BANK_PROTECTED: return "the bank is protected from learning";
    case MOE_LEARN_REASON_COUNT: break;
  }
  return "there is no such reason";
}
