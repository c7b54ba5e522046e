// SPDX-License-Identifier: Apache-2.0
/// Learning on the device: the rule's constants, which are those of spec/learning.py, and what heads are told of it.
package learn_pkg;
  import accel_pkg::*;

  localparam int unsigned DitherW = 16;
  localparam int unsigned RandomW = 2 * DitherW;  // dithers of a local expert and of the gate
  localparam int unsigned MarginW = 24;
  localparam int unsigned ShiftW  = 4;
  localparam int unsigned LostW   = 16;  // movements of one lesson that the end of a weight's range prevented

  localparam logic [RandomW-1:0] LfsrTaps  = 32'h8020_0003;  // x^32 + x^22 + x^2 + x + 1, Galois form
  localparam int unsigned        LfsrSteps = 16;             // before each lesson
  localparam logic [DitherW-1:0] Weyl      = 16'd40503;      // from one input's dither to the next one's

  // Images whose features local experts and gate keep, to be corrected later.
  localparam int unsigned ReplaySlots = 8;
  localparam int unsigned ReplaySlotW = $clog2(ReplaySlots);
  localparam int unsigned Announced   = InFlight + 1;  // images in flight, and one correction

  typedef struct packed {
    logic            valid;
    logic [SeqW-1:0] sequence_number;  // of the image
    label_t          label;
  } correction_t;

  // Settings of one head. An image is learned when its target's logit is not a margin above every other one; a weight
  // moves by one with probability input / 2**shift, shift from 8 to 15.
  typedef struct packed {
    logic [MarginW-1:0] own_margin;
    logic [MarginW-1:0] generic_margin;
    logic [ShiftW-1:0]  shift;
  } learn_rule_t;

  // Settings of a session; they stay as they are while labelled images are in flight.
  typedef struct packed {
    logic                    open;    // labelled images are learned
    logic [BankW-1:0]        bank;    // which weights learn
    logic [LocalExpertW-1:0] expert;  // which local expert learns own images
    learn_rule_t             local_rule;
    learn_rule_t             gate_rule;
  } learn_settings_t;

  // What a head learns of one image.
  typedef struct packed {
    logic               valid;   // there is something to learn
    logic               own;     // the user's image, else a generic one
    logic [ClassW-1:0]  target;  // number of the logit that shall be the largest
    logic [DitherW-1:0] dither;  // of input 0
  } lesson_t;

  // What became of a lesson: one cycle of done.
  typedef struct packed {
    logic             done;
    logic             moved;  // weights were to move
    logic [LostW-1:0] lost;
  } learned_t;

  // What happens to lessons in a cycle, for counters.
  typedef struct packed {
    logic     answered;  // the result of an image with a lesson is formed
    logic     own;       // ... of the user's
    logic     right;     // ... and the local expert that learns gave it its label
    learned_t le;
    learned_t gn;
    logic     bad_label; // an image is accepted with a label that is no class
    logic     open;      // a lesson is in flight, or an update is open
  } lesson_events_t;

  function automatic logic [RandomW-1:0] next_random(logic [RandomW-1:0] state);
    logic [RandomW-1:0] s;
    s = state;
    for (int unsigned i = 0; i < LfsrSteps; i++) s = {1'b0, s[RandomW-1:1]} ^ (s[0] ? LfsrTaps : '0);
    return s;
  endfunction
endpackage
