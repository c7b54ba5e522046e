/* SPDX-License-Identifier: Apache-2.0 */
#include "moe_driver.h"

#include "moe_access.h"

enum { PATIENCE = 1000 }; /* reads of a status; a word of a bank takes a few cycles */

moe_status moe_open(moe_device *device, const moe_io *io) {
  uint32_t word;
  device->io = io;
  device->reason = MOE_BANK_REASON_NONE;
  device->learn_reason = MOE_LEARN_REASON_NONE;
  TRY(read_register(device, REGISTER(id), &word));
  if (word != MOE_REGS__ID__MAGIC_reset) return MOE_NO_DEVICE;
  TRY(read_register(device, REGISTER(version), &word));
  if (GET(word, VERSION__MAJOR) != MOE_VERSION_MAJOR) return MOE_VERSION;
  if (GET(word, VERSION__MINOR) < MOE_VERSION_MINOR) return MOE_VERSION;
  TRY(read_register(device, REGISTER(capability), &word));
  device->classes = GET(word, CAPABILITY__CLASSES);
  device->banks = GET(word, CAPABILITY__BANKS);
  device->local_experts = GET(word, CAPABILITY__LOCAL_EXPERTS);
  TRY(read_register(device, REGISTER(image_beats), &device->image_pixels));
  TRY(read_register(device, REGISTER(bank_words), &device->bank_words));
  TRY(read_register(device, REGISTER(ge_hash[0]), &device->ge_hash[0]));
  TRY(read_register(device, REGISTER(ge_hash[1]), &device->ge_hash[1]));
  return write_register(device, REGISTER(pixel_framing), PUT(1, PIXEL_FRAMING__BY_LENGTH));
}

/* ---- Settings ---------------------------------------------------------------------------------------------------- */
moe_status moe_set_mode(moe_device *device, moe_mode mode) {
  return write_register(device, REGISTER(mode), PUT(mode, MODE__MODE));
}

moe_status moe_set_threshold(moe_device *device, int32_t theta) {
  return write_register(device, REGISTER(theta), PUT(theta, THETA__VALUE));
}

moe_status moe_set_experts(moe_device *device, bool ge, uint8_t le) {
  return write_register(device, REGISTER(expert_enable), PUT(ge, EXPERT_ENABLE__GE) | PUT(le, EXPERT_ENABLE__LE));
}

moe_status moe_set_local_expert(moe_device *device, unsigned index) {
  return write_register(device, REGISTER(local_expert), PUT(index, LOCAL_EXPERT__INDEX));
}

/* ---- Banks ------------------------------------------------------------------------------------------------------- */
static moe_status check_bank(moe_device *device) {
  uint32_t word;
  TRY(read_register(device, REGISTER(bank_status), &word));
  if (GET(word, BANK_STATUS__STATE) != MOE_BANK_STATE_REFUSED) return MOE_OK;
  device->reason = (moe_bank_reason)GET(word, BANK_STATUS__REASON);
  return MOE_REFUSED;
}

static moe_status free_bank(const moe_device *device, uint32_t *number) {
  uint32_t selected, valid;
  TRY(read_register(device, REGISTER(bank_select), &selected));
  TRY(read_register(device, REGISTER(bank_valid), &valid));
  selected = GET(selected, BANK_SELECT__BANK);
  if (!(valid >> selected & 1)) {
    *number = selected < device->banks ? selected : 0;
    return MOE_OK;
  }
  if (device->banks == 1) return MOE_NO_FREE_BANK;
  *number = (selected + 1) % device->banks;
  return MOE_OK;
}

/* A number that does not fit its field would otherwise be another bank's. */
static moe_status check_number(moe_device *device, uint32_t number) {
  if (number < device->banks) return MOE_OK;
  device->reason = MOE_BANK_REASON_NO_SUCH_BANK;
  return MOE_REFUSED;
}

static moe_status target_bank(moe_device *device, uint32_t number) {
  TRY(check_number(device, number));
  return write_register(device, REGISTER(bank_target), PUT(number, BANK_TARGET__BANK));
}

moe_status moe_load_user(moe_device *device, const uint8_t *data, size_t size, int number, bool activate,
                         unsigned *loaded) {
  uint32_t bank = (uint32_t)number;
  uint32_t commit = MOE_REGS__BANK_COMMAND__COMMIT_bm;
  if (number == MOE_ANY_BANK) TRY(free_bank(device, &bank));
  TRY(target_bank(device, bank));
  TRY(write_register(device, REGISTER(bank_command), MOE_REGS__BANK_COMMAND__START_bm));
  TRY(check_bank(device));
  for (uint32_t i = 0; i < device->bank_words && i < size / 4; ++i) {
    const uint8_t *byte = data + 4 * (size_t)i;
    const uint32_t word = (uint32_t)byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 | (uint32_t)byte[3] << 24;
    TRY(write_register(device, REGISTER(bank_data), word));
  }
  if (activate) commit |= MOE_REGS__BANK_COMMAND__ACTIVATE_bm;
  TRY(write_register(device, REGISTER(bank_command), commit));
  TRY(check_bank(device));
  TRY(moe_protect_bank(device, bank, false));
  if (loaded) *loaded = bank;
  return MOE_OK;
}

moe_status moe_protect_bank(moe_device *device, unsigned number, bool protect) {
  uint32_t word, bit;
  TRY(check_number(device, number));
  bit = PUT(1u << number, BANK_PROTECT__PROTECT);
  TRY(read_register(device, REGISTER(bank_protect), &word));
  word = protect ? word | bit : word & ~bit;
  return write_register(device, REGISTER(bank_protect), word);
}

static moe_status check_valid(const moe_device *device, unsigned number) {
  uint32_t valid;
  TRY(read_register(device, REGISTER(bank_valid), &valid));
  return number < device->banks && valid >> number & 1 ? MOE_OK : MOE_NOT_VALID;
}

moe_status moe_select_bank(moe_device *device, unsigned number) {
  TRY(check_valid(device, number));
  return write_register(device, REGISTER(bank_select), PUT(number, BANK_SELECT__BANK));
}

moe_status moe_forget_user(moe_device *device, unsigned number) {
  TRY(target_bank(device, number));
  return write_register(device, REGISTER(bank_command), MOE_REGS__BANK_COMMAND__INVALIDATE_bm);
}

/* The reader stands still while a session is open, and waits for heads that sleep. */
static moe_status wait_for_word(moe_device *device) {
  for (int i = 0; i < PATIENCE; ++i) {
    uint32_t status;
    TRY(read_register(device, REGISTER(bank_read_status), &status));
    if (GET(status, BANK_READ_STATUS__READY)) return MOE_OK;
    if (!GET(status, BANK_READ_STATUS__BUSY)) return refuse_lesson(device, MOE_LEARN_REASON_ALREADY_OPEN);
  }
  return MOE_ASLEEP;
}

moe_status moe_save_bank(moe_device *device, unsigned number, uint8_t *data, size_t size) {
  if (size / 4 < device->bank_words) return MOE_NO_SPACE;
  TRY(check_valid(device, number));
  TRY(target_bank(device, number));
  TRY(write_register(device, REGISTER(bank_read_command), MOE_REGS__BANK_READ_COMMAND__START_bm));
  for (uint32_t i = 0; i < device->bank_words; ++i) {
    uint32_t word;
    TRY(wait_for_word(device));
    TRY(read_register(device, REGISTER(bank_read_data), &word));
    for (unsigned byte = 0; byte < 4; ++byte) data[4 * (size_t)i + byte] = (uint8_t)(word >> 8 * byte);
  }
  return MOE_OK;
}

/* ---- Images ------------------------------------------------------------------------------------------------------ */
/* The fields of accel_pkg::result_t. */
static moe_result decode(uint32_t word) {
  moe_result result;
  result.answer = (uint8_t)(word & 0xff);
  result.expert = (uint8_t)(word >> 8 & 0xf);
  result.is_short = word >> 12 & 1;
  result.is_long = word >> 13 & 1;
  result.no_bank = word >> 14 & 1;
  result.disabled = word >> 15 & 1;
  result.bank = (uint8_t)(word >> 16 & 0xf);
  result.sequence = (uint16_t)(word >> 20);
  return result;
}

moe_status moe_check_mode(const moe_device *device) {
  uint32_t mode;
  TRY(read_register(device, REGISTER(mode), &mode));
  return GET(mode, MODE__MODE) == MOE_MODE_OFF ? MOE_OFF : MOE_OK;
}

static int send_images(const moe_io *io, const uint8_t *images, size_t pixels, const uint32_t *labels, size_t group) {
  if (!labels) return io->send(io->streams, images, group * pixels);
  for (size_t i = 0; i < group; ++i) {
    if (io->send_labelled(io->streams, images + i * pixels, pixels, labels[i])) return 1;
  }
  return 0;
}

moe_status moe_run_group(const moe_device *device, const uint8_t *images, const uint32_t *labels, size_t group,
                         moe_result *results) {
  const moe_io *io = device->io;
  uint32_t words[MOE_GROUP];
  TRY(write_register(device, REGISTER(result_packet), PUT(group, RESULT_PACKET__RESULTS)));
  if (send_images(io, images, device->image_pixels, labels, group)) return MOE_STREAM_ERROR;
  if (io->receive(io->streams, words, group)) return MOE_STREAM_ERROR;
  for (size_t i = 0; i < group; ++i) results[i] = decode(words[i]);
  return MOE_OK;
}

moe_status moe_classify(moe_device *device, const uint8_t *images, size_t count, moe_result *results) {
  TRY(moe_check_mode(device));
  while (count) {
    const size_t group = count < MOE_GROUP ? count : MOE_GROUP;
    TRY(moe_run_group(device, images, NULL, group, results));
    images += group * device->image_pixels;
    results += group;
    count -= group;
  }
  return MOE_OK;
}

/* ---- Counters ---------------------------------------------------------------------------------------------------- */
static moe_status read_counter(const moe_device *device, uint32_t offset, uint64_t *value) {
  uint32_t low, high;
  TRY(read_register(device, offset, &low));
  TRY(read_register(device, offset + 4, &high));
  *value = (uint64_t)high << 32 | low;
  return MOE_OK;
}

moe_status moe_read_counters(moe_device *device, bool clear, moe_counters *counters) {
  uint32_t command = MOE_REGS__COUNTER_SNAPSHOT__SNAPSHOT_bm;
  if (clear) command |= MOE_REGS__COUNTER_SNAPSHOT__CLEAR_bm;
  TRY(write_register(device, REGISTER(counter_snapshot), command));
#define COUNTER(name) TRY(read_counter(device, REGISTER(counters.name), &counters->name))
  COUNTER(cycles);
  COUNTER(images_in);
  COUNTER(images_out);
  COUNTER(answers_ge);
  for (uint32_t i = 0; i < MOE_MAX_LOCAL_EXPERTS; ++i) {
    const uint32_t stride = REGISTER(counters.answers_le[1]) - REGISTER(counters.answers_le[0]);
    TRY(read_counter(device, REGISTER(counters.answers_le[0]) + i * stride, &counters->answers_le[i]));
  }
  COUNTER(answers_nobody);
  COUNTER(images_short);
  COUNTER(images_long);
  COUNTER(images_no_bank);
  COUNTER(stall_in);
  COUNTER(stall_out);
  COUNTER(bank_swaps);
  COUNTER(bank_words_written);
  COUNTER(feature_store_writes);
  COUNTER(feature_store_reads);
#undef COUNTER
  for (uint32_t d = 0; d < MOE_DOMAINS; ++d) {
    const uint32_t base = d * (REGISTER(domain[1]) - REGISTER(domain[0]));
#define COUNTER(name) TRY(read_counter(device, base + REGISTER(domain[0].name), &counters->domain[d].name))
    COUNTER(on_cycles);
    COUNTER(active_cycles);
    COUNTER(macs);
    COUNTER(weight_reads);
    COUNTER(buffer_writes);
    COUNTER(wake_ups);
#undef COUNTER
  }
  return MOE_OK;
}

/* ---- Texts ------------------------------------------------------------------------------------------------------- */
const char *moe_status_text(moe_status status) {
  switch (status) {
    case MOE_OK: return "it succeeded";
    case MOE_BUS_ERROR: return "a register access was answered with an error";
    case MOE_STREAM_ERROR: return "sending pixels or receiving results failed";
    case MOE_NO_DEVICE: return "no accelerator answers: its identification is another one";
    case MOE_VERSION: return "the device has a register version that this driver does not know";
    case MOE_REFUSED: return "the device refused the bank";
    case MOE_NO_FREE_BANK: return "the device has one bank, and it is selected: forget its user first";
    case MOE_NOT_VALID: return "the bank holds no valid weights";
    case MOE_OFF: return "the accelerator is in mode OFF and takes no images";
    case MOE_LEARN_REFUSED: return "the device refused to learn";
    case MOE_NO_LABELS: return "the way to the device carries no labels: classify the images, then correct them";
    case MOE_BAD_LABEL: return "a label is not a class of the device";
    case MOE_BAD_RULE: return "a margin, shift or seed of the rule is out of range";
    case MOE_UNKNOWN_IMAGE: return "the image cannot be corrected: the device does not know it any more";
    case MOE_NO_SPACE: return "the memory is smaller than a bank";
    case MOE_ASLEEP: return "the bank cannot be read: local experts or gate do not wake up, or a session was opened";
    case MOE_TIMEOUT: return "the device does not end a session or a correction";
    case MOE_STATUS_COUNT: break;
  }
  return "there is no such status";
}

const char *moe_reason_text(moe_bank_reason reason) {
  switch (reason) {
    case MOE_BANK_REASON_NONE: return "no reason was given";
    case MOE_BANK_REASON_BAD_MAGIC: return "the stream is not a bank";
    case MOE_BANK_REASON_BAD_VERSION: return "the bank has a format version that the device does not know";
    case MOE_BANK_REASON_FOREIGN_GE: return "the bank was made for another global expert";
    case MOE_BANK_REASON_FOREIGN_LAYOUT: return "the bank was made for another gate, shape or folding";
    case MOE_BANK_REASON_BAD_LENGTH: return "the bank's length is not the device's";
    case MOE_BANK_REASON_INCOMPLETE: return "the bank is not complete";
    case MOE_BANK_REASON_OVERRUN: return "more words came than a bank has";
    case MOE_BANK_REASON_CRC_MISMATCH: return "the bank's CRC-32 is wrong";
    case MOE_BANK_REASON_BANK_ACTIVE: return "the bank is the selected one";
    case MOE_BANK_REASON_BANK_IN_USE: return "images in flight still use the bank";
    case MOE_BANK_REASON_NO_SUCH_BANK: return "the device has no bank of that number";
    case MOE_BANK_REASON_NOT_STARTED: return "no load was started";
    case MOE_BANK_REASON_MEMORY_OFF: return "the memories of the banks have no power";
    case MOE_BANK_REASON_COUNT: break;
  }
  return "there is no such reason";
}
