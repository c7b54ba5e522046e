/* SPDX-License-Identifier: Apache-2.0
 *
 * C driver of the accelerator, with the calls of the Python driver: load a user, choose a mode, classify images, read
 * counters (moe_learn.h: let it learn). C99, no dynamic memory, no operating system, no global state.
 *
 * Registers are those of the generated moe_regs.h (python scripts/registers.py writes build/regs/moe_regs.h).
 * The device is reached through the functions of moe_io; moe_mmio.h has two of them for mapped registers.
 *
 * Every call that can fail returns a moe_status; moe_status_text() and moe_reason_text() make sentences of it.
 * A device may be used from one thread at a time. docs/driver.md has examples.
 */
#ifndef MOE_DRIVER_H
#define MOE_DRIVER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOE_VERSION_MAJOR 1u
#define MOE_VERSION_MINOR 1u
#define MOE_ANY_BANK (-1)
#define MOE_NO_CLASS 255u  /* class of an image that no expert answered */
#define MOE_GROUP 8u       /* images sent before their results are taken: as many as the device holds at most */
#define MOE_MAX_LOCAL_EXPERTS 8u
#define MOE_DOMAINS 4u

/* What the calls return. */
typedef enum moe_status {
  MOE_OK = 0,
  MOE_BUS_ERROR,     /* a register access was answered with an error response; it changed nothing */
  MOE_STREAM_ERROR,  /* sending pixels or receiving results failed; reset the device before the next image */
  MOE_NO_DEVICE,     /* the identification register is not the accelerator's */
  MOE_VERSION,       /* the registers have another major version than this driver knows, or a minor one that lacks some */
  MOE_REFUSED,       /* the device refused the bank; moe_device.reason says why */
  MOE_NO_FREE_BANK,  /* the device has one bank, and it is selected */
  MOE_NOT_VALID,     /* the bank to select or to save holds no valid weights */
  MOE_OFF,           /* the mode is OFF: no images are taken */
  MOE_LEARN_REFUSED, /* the device refused to learn; moe_device.learn_reason says why */
  MOE_NO_LABELS,     /* moe_io has no function that sends labels */
  MOE_BAD_LABEL,     /* a label is not one of the device's classes */
  MOE_BAD_RULE,      /* a margin, shift or seed is out of range */
  MOE_UNKNOWN_IMAGE, /* the image to correct is not one of the last that the device answered */
  MOE_NO_SPACE,      /* the memory is smaller than a bank */
  MOE_ASLEEP,        /* a bank cannot be read: local experts or gate do not wake up, or a session was opened */
  MOE_TIMEOUT,       /* a session or a correction does not end; reset the device */
  MOE_STATUS_COUNT
} moe_status;

/* Modes; the values are those of the enumeration mode in hw/regs/moe_regs.rdl. */
typedef enum moe_mode {
  MOE_MODE_OFF = 0,
  MOE_MODE_GE_ONLY = 1,
  MOE_MODE_LE_ONLY = 2,
  MOE_MODE_MOE_PARALLEL = 3,
  MOE_MODE_MOE_GATED = 4
} moe_mode;

/* State of the bank loader; the values are those of the enumeration bank_state in hw/regs/moe_regs.rdl. */
typedef enum moe_bank_state {
  MOE_BANK_STATE_IDLE = 0,
  MOE_BANK_STATE_LOADING = 1,
  MOE_BANK_STATE_COMMITTED = 2,
  MOE_BANK_STATE_REFUSED = 3
} moe_bank_state;

/* Why a bank was refused; the values are those of the enumeration bank_reason in hw/regs/moe_regs.rdl. */
typedef enum moe_bank_reason {
  MOE_BANK_REASON_NONE = 0,
  MOE_BANK_REASON_BAD_MAGIC = 1,
  MOE_BANK_REASON_BAD_VERSION = 2,
  MOE_BANK_REASON_FOREIGN_GE = 3,
  MOE_BANK_REASON_FOREIGN_LAYOUT = 4,
  MOE_BANK_REASON_BAD_LENGTH = 5,
  MOE_BANK_REASON_INCOMPLETE = 6,
  MOE_BANK_REASON_OVERRUN = 7,
  MOE_BANK_REASON_CRC_MISMATCH = 8,
  MOE_BANK_REASON_BANK_ACTIVE = 9,
  MOE_BANK_REASON_BANK_IN_USE = 10,
  MOE_BANK_REASON_NO_SUCH_BANK = 11,
  MOE_BANK_REASON_NOT_STARTED = 12,
  MOE_BANK_REASON_MEMORY_OFF = 13,
  MOE_BANK_REASON_COUNT
} moe_bank_reason;

/* State of a learning session; the values are those of the enumeration learn_state in hw/regs/moe_regs.rdl. */
typedef enum moe_learn_state {
  MOE_LEARN_STATE_IDLE = 0,
  MOE_LEARN_STATE_OPEN = 1,
  MOE_LEARN_STATE_CLOSING = 2,
  MOE_LEARN_STATE_COMMITTED = 3,
  MOE_LEARN_STATE_CANCELLED = 4
} moe_learn_state;

/* Why learning was refused; the values are those of the enumeration learn_reason in hw/regs/moe_regs.rdl. */
typedef enum moe_learn_reason {
  MOE_LEARN_REASON_NONE = 0,
  MOE_LEARN_REASON_NOT_BUILT = 1,
  MOE_LEARN_REASON_ALREADY_OPEN = 2,
  MOE_LEARN_REASON_BANK_NOT_VALID = 3,
  MOE_LEARN_REASON_NO_SUCH_EXPERT = 4,
  MOE_LEARN_REASON_POWER_OFF = 5,
  MOE_LEARN_REASON_NOT_OPEN = 6,
  MOE_LEARN_REASON_BANK_PROTECTED = 7,
  MOE_LEARN_REASON_COUNT
} moe_learn_reason;

/* How to reach a device. Each function returns 0 on success, anything else on failure.
 *
 * read32, write32: one register at a byte offset; a bus error response is a failure.
 * send: hand over whole images, `pixels` bytes, and return when the memory may be used again. It is called with at most
 *   MOE_GROUP images, which the device takes without giving a result, so it may block until all are taken. TLAST may be
 *   anywhere: the driver lets the device count the pixels of an image.
 * receive: return when `count` results are there, or fail after a time of your choice. TLAST comes with the last one.
 * send_labelled: the same as send for one image, with `label` as TUSER of its first pixel and 0 of the others. NULL
 *   when the way to the device has no TUSER, as with most DMAs: then a device can be taught by corrections only.
 */
typedef struct moe_io {
  void *bus; /* first argument of read32 and write32 */
  int (*read32)(void *bus, uint32_t offset, uint32_t *value);
  int (*write32)(void *bus, uint32_t offset, uint32_t value);
  void *streams; /* first argument of send and receive */
  int (*send)(void *streams, const uint8_t *data, size_t pixels);
  int (*receive)(void *streams, uint32_t *results, size_t count);
  int (*send_labelled)(void *streams, const uint8_t *image, size_t pixels, uint32_t label);
} moe_io;

/* An open device; all members are set by moe_open and are to be read only. */
typedef struct moe_device {
  const moe_io *io;
  uint32_t image_pixels;       /* bytes of an image: rows, columns, one byte a pixel */
  uint32_t bank_words;         /* 32-bit words of the stream that loads a bank */
  uint32_t ge_hash[2];         /* first 8 bytes of the global expert's digest, as in a bank file's bytes 8 to 15 */
  unsigned classes;
  unsigned banks;
  unsigned local_experts;
  moe_bank_reason reason;        /* of the last call that returned MOE_REFUSED */
  moe_learn_reason learn_reason; /* of the last call that returned MOE_LEARN_REFUSED */
} moe_device;

/* The answer to an image. */
typedef struct moe_result {
  uint8_t answer;   /* class, or MOE_NO_CLASS */
  uint8_t expert;   /* 0: global, i: local expert i - 1 */
  uint8_t bank;
  uint16_t sequence; /* counts images, modulo 4096 */
  bool is_short;    /* the image had too few pixels */
  bool is_long;     /* the image had too many pixels */
  bool no_bank;     /* there was no valid bank */
  bool disabled;    /* an expert that the mode asks for was disabled */
} moe_result;

/* Activity of a power domain; units are those of hw/regs/moe_regs.rdl. */
typedef struct moe_domain_counters {
  uint64_t on_cycles;
  uint64_t active_cycles;
  uint64_t macs;
  uint64_t weight_reads;
  uint64_t buffer_writes;
  uint64_t wake_ups;
} moe_domain_counters;

/* All counters as of one cycle. */
typedef struct moe_counters {
  uint64_t cycles;
  uint64_t images_in;
  uint64_t images_out;
  uint64_t answers_ge;
  uint64_t answers_le[MOE_MAX_LOCAL_EXPERTS];
  uint64_t answers_nobody;
  uint64_t images_short;
  uint64_t images_long;
  uint64_t images_no_bank;
  uint64_t stall_in;
  uint64_t stall_out;
  uint64_t bank_swaps;
  uint64_t bank_words_written;
  uint64_t feature_store_writes;
  uint64_t feature_store_reads;
  moe_domain_counters domain[MOE_DOMAINS]; /* front end, global expert, local experts, gate */
} moe_counters;

/* Recognise the device, read what it is, and let it count the pixels of an image. No image may be under way. */
moe_status moe_open(moe_device *device, const moe_io *io);

/* Mode of the images to come; those in flight keep theirs. */
moe_status moe_set_mode(moe_device *device, moe_mode mode);

/* Gate threshold: an image is local when best local logit - generic logit > theta. */
moe_status moe_set_threshold(moe_device *device, int32_t theta);

/* Which experts may answer; le has one bit a local expert. After reset all may. */
moe_status moe_set_experts(moe_device *device, bool ge, uint8_t le);

/* Who answers in LE_ONLY, 0 to 7. */
moe_status moe_set_local_expert(moe_device *device, unsigned index);

/* Load a user's bank while images go on.
 *
 * data, size: bytes of a bank file that was packed for this device's folding. The device itself checks its stream, the
 *   first bank_words words; the description behind it is not looked at.
 * number: bank to load, or MOE_ANY_BANK for one that is not selected.
 * activate: also select it.
 * loaded: receives the number of the bank; may be NULL.
 *
 * The bank may learn, whatever was protected there before (moe_protect_bank).
 *
 * MOE_REFUSED: device->reason says why, and the bank that was in force stays in force.
 */
moe_status moe_load_user(moe_device *device, const uint8_t *data, size_t size, int number, bool activate,
                         unsigned *loaded);

/* Keep a bank from learning, or let it learn again (moe_learn.h); a session that is open on it goes on. */
moe_status moe_protect_bank(moe_device *device, unsigned number, bool protect);

/* Read a bank back as the stream that loads it, so that moe_load_user takes it as it is.
 *
 * number: a valid bank; no session may be open, and local experts and gate must be on.
 * data, size: receive the stream, 4 * bank_words bytes, of which the last four are its CRC-32.
 *
 * MOE_NOT_VALID, MOE_NO_SPACE, MOE_ASLEEP, and MOE_LEARN_REFUSED while a session is open: data is no bank.
 */
moe_status moe_save_bank(moe_device *device, unsigned number, uint8_t *data, size_t size);

/* Let the images to come use a bank that was loaded before. */
moe_status moe_select_bank(moe_device *device, unsigned number);

/* Make a bank invalid: images that ask for it are the global expert's, with no_bank. */
moe_status moe_forget_user(moe_device *device, unsigned number);

/* Answer images, count * image_pixels bytes; blocks until all results are there. */
moe_status moe_classify(moe_device *device, const uint8_t *images, size_t count, moe_result *results);

/* Take all counters at once; with clear they start anew, and no event is lost in between. */
moe_status moe_read_counters(moe_device *device, bool clear, moe_counters *counters);

/* A sentence; never NULL. */
const char *moe_status_text(moe_status status);
const char *moe_reason_text(moe_bank_reason reason);

#ifdef __cplusplus
}
#endif
#endif
