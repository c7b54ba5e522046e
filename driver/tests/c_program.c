/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs calls of the C driver on the simulated device: one call a line on stdin, one line of JSON each on stdout.
 * The argument is the directory of the memory files. Arguments of calls are numbers and file names without spaces.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "moe_driver.h"
#include "moe_learn.h"
#include "moe_simulated.h"

enum { MAX_BYTES = 1 << 20, MAX_IMAGES = 1000 };

static uint8_t bytes[MAX_BYTES];
static moe_result results[MAX_IMAGES];
static moe_label labels[MAX_IMAGES];

/* ---- A device whose register accesses fail from a certain one on --------------------------------------------------- */
static moe_io sound;
static long accesses_left = -1; /* -1: they never fail */

static int refused(void) {
  if (accesses_left > 0) --accesses_left;
  return accesses_left == 0;
}

static int read32(void *bus, uint32_t offset, uint32_t *value) { return refused() || sound.read32(bus, offset, value); }

static int write32(void *bus, uint32_t offset, uint32_t value) { return refused() || sound.write32(bus, offset, value); }

/* ---- Output --------------------------------------------------------------------------------------------------------- */
static void print_results(size_t count) {
  printf(", \"results\": [");
  for (size_t i = 0; i < count; ++i) {
    const moe_result *r = &results[i];
    printf("%s[%u, %u, %u, %u, %d, %d, %d, %d]", i ? ", " : "", r->answer, r->expert, r->bank, r->sequence, r->is_short,
           r->is_long, r->no_bank, r->disabled);
  }
  printf("]");
}

static void print_counters(const moe_counters *c) {
  static const char *const domains[MOE_DOMAINS] = {"fe", "ge", "le", "gn"};
  printf(", \"cycles\": %" PRIu64 ", \"images_in\": %" PRIu64 ", \"images_out\": %" PRIu64 ", \"answers_ge\": %" PRIu64,
         c->cycles, c->images_in, c->images_out, c->answers_ge);
  printf(", \"answers_le\": [");
  for (unsigned i = 0; i < MOE_MAX_LOCAL_EXPERTS; ++i) printf("%s%" PRIu64, i ? ", " : "", c->answers_le[i]);
  printf("], \"answers_nobody\": %" PRIu64 ", \"images_short\": %" PRIu64 ", \"images_long\": %" PRIu64
         ", \"images_no_bank\": %" PRIu64 ", \"stall_in\": %" PRIu64 ", \"stall_out\": %" PRIu64,
         c->answers_nobody, c->images_short, c->images_long, c->images_no_bank, c->stall_in, c->stall_out);
  printf(", \"bank_swaps\": %" PRIu64 ", \"bank_words_written\": %" PRIu64 ", \"feature_store_writes\": %" PRIu64
         ", \"feature_store_reads\": %" PRIu64 ", \"domains\": {",
         c->bank_swaps, c->bank_words_written, c->feature_store_writes, c->feature_store_reads);
  for (unsigned d = 0; d < MOE_DOMAINS; ++d) {
    const moe_domain_counters *m = &c->domain[d];
    printf("%s\"%s\": {\"on_cycles\": %" PRIu64 ", \"active_cycles\": %" PRIu64 ", \"macs\": %" PRIu64
           ", \"weight_reads\": %" PRIu64 ", \"buffer_writes\": %" PRIu64 ", \"wake_ups\": %" PRIu64 "}",
           d ? ", " : "", domains[d], m->on_cycles, m->active_cycles, m->macs, m->weight_reads, m->buffer_writes,
           m->wake_ups);
  }
  printf("}");
}

/* ---- Calls ---------------------------------------------------------------------------------------------------------- */
static size_t read_file(const char *name) {
  FILE *file = fopen(name, "rb");
  if (!file) {
    fprintf(stderr, "%s cannot be opened\n", name);
    exit(2);
  }
  const size_t size = fread(bytes, 1, MAX_BYTES, file);
  fclose(file);
  return size;
}

static void write_file(const char *name, size_t size) {
  FILE *file = fopen(name, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) {
    fprintf(stderr, "%s cannot be written\n", name);
    exit(2);
  }
}

/* Six numbers in the order of moe_rule. */
static moe_rule read_rule(const char *name) {
  unsigned long n[6] = {0};
  FILE *file = fopen(name, "r");
  if (!file || fscanf(file, "%lu %lu %lu %lu %lu %lu", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]) != 6) {
    fprintf(stderr, "%s is no rule\n", name);
    exit(2);
  }
  fclose(file);
  const moe_rule rule = {(uint32_t)n[0], (uint32_t)n[1], (uint32_t)n[2], (uint8_t)n[3], (uint8_t)n[4], (uint32_t)n[5]};
  return rule;
}

/* A label as it stands in TUSER: class, own in bit 8, with_gate in bit 9. */
static moe_label label_of(long word) {
  const moe_label label = {(uint8_t)(word & 0xff), word >> 8 & 1, word >> 9 & 1};
  return label;
}

/* A file of a images with one label each behind them, 16 bits in little-endian order. */
static moe_status learn(moe_device *device, const char *file, size_t count) {
  const uint8_t *behind = bytes + count * device->image_pixels;
  read_file(file);
  for (size_t i = 0; i < count; ++i) labels[i] = label_of(behind[2 * i] | behind[2 * i + 1] << 8);
  return moe_learn_images(device, bytes, labels, count, results);
}

/* Calls of moe_learn.h, and what belongs to learning in moe_driver.h; false if it is none of them. */
static bool run_learning(moe_device *device, moe_io *io, const char *call, const char *file, long a, long b,
                         moe_status *status) {
  const size_t size = 4 * (size_t)device->bank_words;
  moe_rule rule;
  if (strcmp(call, "start") == 0) {
    rule = read_rule(file);
    *status = moe_learn_start(device, &rule, (unsigned)a, (unsigned)b);
  } else if (strcmp(call, "rule") == 0) {
    rule = read_rule(file);
    *status = moe_learn_set_rule(device, &rule);
  } else if (strcmp(call, "learn") == 0) *status = learn(device, file, (size_t)a);
  else if (strcmp(call, "correct") == 0) *status = moe_correct(device, (uint16_t)a, label_of(b));
  else if (strcmp(call, "cancel") == 0) *status = moe_learn_cancel(device);
  else if (strcmp(call, "protect") == 0) *status = moe_protect_bank(device, (unsigned)a, b != 0);
  else if (strcmp(call, "save") == 0) {
    *status = moe_save_bank(device, (unsigned)a, bytes, b ? (size_t)b : size);
    if (*status == MOE_OK) write_file(file, size);
  } else if (strcmp(call, "unlabelled") == 0) io->send_labelled = NULL;
  else return false;
  return true;
}

/* One line of JSON for one call; exits on one that does not exist. */
static void run(moe_device *device, moe_io *io, const char *call, const char *file, long a, long b) {
  moe_status status = MOE_OK;
  size_t answered = 0;
  unsigned number = 0;
  uint32_t crc = 0;
  moe_counters counters;
  moe_lesson_counts lessons;
  if (run_learning(device, io, call, file, a, b, &status)) answered = (size_t)a;
  else if (strcmp(call, "commit") == 0) status = moe_learn_commit(device, a != 0, &crc);
  else if (strcmp(call, "lessons") == 0) status = moe_read_lesson_counts(device, &lessons);
  else if (strcmp(call, "open") == 0) status = moe_open(device, io);
  else if (strcmp(call, "mode") == 0) status = moe_set_mode(device, (moe_mode)a);
  else if (strcmp(call, "threshold") == 0) status = moe_set_threshold(device, (int32_t)a);
  else if (strcmp(call, "experts") == 0) status = moe_set_experts(device, a != 0, (uint8_t)b);
  else if (strcmp(call, "local_expert") == 0) status = moe_set_local_expert(device, (unsigned)a);
  else if (strcmp(call, "select") == 0) status = moe_select_bank(device, (unsigned)a);
  else if (strcmp(call, "forget") == 0) status = moe_forget_user(device, (unsigned)a);
  else if (strcmp(call, "load") == 0) status = moe_load_user(device, bytes, read_file(file), (int)a, b != 0, &number);
  else if (strcmp(call, "counters") == 0) status = moe_read_counters(device, a != 0, &counters);
  else if (strcmp(call, "fail_at") == 0) accesses_left = a;
  else if (strcmp(call, "write") == 0) status = io->write32(io->bus, (uint32_t)a, (uint32_t)b) ? MOE_BUS_ERROR : MOE_OK;
  else if (strcmp(call, "classify") == 0) {
    answered = read_file(file) / device->image_pixels;
    status = moe_classify(device, bytes, answered, results);
  } else {
    fprintf(stderr, "there is no call %s\n", call);
    exit(2);
  }
  printf("{\"call\": \"%s\", \"status\": %d, \"text\": \"%s\"", call, (int)status, moe_status_text(status));
  if (status == MOE_REFUSED) {
    printf(", \"reason\": %d, \"reason_text\": \"%s\"", (int)device->reason, moe_reason_text(device->reason));
  }
  if (status == MOE_LEARN_REFUSED) {
    printf(", \"reason\": %d, \"reason_text\": \"%s\"", (int)device->learn_reason,
           moe_learn_reason_text(device->learn_reason));
  }
  if (status == MOE_OK && strcmp(call, "commit") == 0) printf(", \"crc\": %" PRIu32, crc);
  if (status == MOE_OK && strcmp(call, "lessons") == 0) {
    printf(", \"own\": %" PRIu32 ", \"right\": %" PRIu32 ", \"generic\": %" PRIu32 ", \"local_moves\": %" PRIu32
           ", \"gate_moves\": %" PRIu32 ", \"lost\": %" PRIu32,
           lessons.own, lessons.right, lessons.generic, lessons.local_moves, lessons.gate_moves, lessons.lost);
  }
  if (status == MOE_OK && strcmp(call, "open") == 0) {
    printf(", \"banks\": %u, \"local_experts\": %u, \"classes\": %u, \"image_pixels\": %" PRIu32
           ", \"bank_words\": %" PRIu32 ", \"ge_hash\": [%" PRIu32 ", %" PRIu32 "]",
           device->banks, device->local_experts, device->classes, device->image_pixels, device->bank_words,
           device->ge_hash[0], device->ge_hash[1]);
  }
  if (status == MOE_OK && strcmp(call, "load") == 0) printf(", \"number\": %u", number);
  if (status == MOE_OK && (strcmp(call, "classify") == 0 || strcmp(call, "learn") == 0)) print_results(answered);
  if (status == MOE_OK && strcmp(call, "counters") == 0) print_counters(&counters);
  printf("}\n");
}

int main(int argc, char **argv) {
  void *model = argc == 2 ? device_open(argv[1]) : NULL;
  if (!model) {
    fprintf(stderr, "usage: c_program MEMORY_DIRECTORY < CALLS\n%s\n", device_failure());
    return 2;
  }
  sound = moe_simulated_io(model);
  moe_io io = sound;
  io.read32 = read32;
  io.write32 = write32;
  moe_device device = {0};
  char line[1024], call[64], file[900];
  while (fgets(line, sizeof line, stdin)) {
    long a = 0, b = 0;
    if (sscanf(line, "%63s %899s %ld %ld", call, file, &a, &b) < 2) return 2;
    run(&device, &io, call, file, a, b);
  }
  device_close(model);
  return 0;
}
