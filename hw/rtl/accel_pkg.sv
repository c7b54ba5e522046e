// SPDX-License-Identifier: Apache-2.0
/// Types shared by the always-on fabric: modes, the descriptor that accompanies an image, and the result word.
///
/// Widths here are those of the external interface and do not depend on the network; everything that does is in
/// the generated package moe_pkg.
package accel_pkg;
  localparam int unsigned MaxLocalExperts = 8;
  localparam int unsigned LocalExpertW = $clog2(MaxLocalExperts);
  localparam int unsigned ExpertW = $clog2(MaxLocalExperts + 1);  // 0 = GE, i = local expert i - 1
  localparam int unsigned ModeW = 3;
  localparam int unsigned ClassW = 8;
  localparam int unsigned BankW = 4;
  localparam int unsigned SeqW = 12;
  localparam int unsigned ThetaW = 32;
  localparam logic [ClassW-1:0] NoClass = '1;  // class of a result that no expert answered

  // Images between their first pixel and their result.
  localparam int unsigned InFlight = 8;
  localparam int unsigned InFlightW = $clog2(InFlight + 1);

  // Values 5 to 7 are reserved and behave like ModeOff.
  typedef enum logic [ModeW-1:0] {
    ModeOff         = 3'd0,
    ModeGeOnly      = 3'd1,
    ModeLeOnly      = 3'd2,
    ModeMoeParallel = 3'd3,  // every expert runs, the gate picks the answer
    ModeMoeGated    = 3'd4   // the gate decides first, the GE runs only when it is needed
  } mode_e;

  // A label that comes with an image's first pixel (AXI4-Stream TUSER).
  typedef struct packed {
    logic              valid;
    logic              gate;   // the gate learns, too
    logic              own;    // the user's image; else a generic one
    logic [ClassW-1:0] label;
  } label_t;
  localparam int unsigned LabelW = ClassW + 3;

  // What happens to one image: fixed when its first pixel is accepted, so that a mode, bank or threshold change
  // takes effect exactly between two images.
  typedef struct packed {
    logic                       use_ge;   // the GE's tail gets the features
    logic                       gated;    // ... and waits for the gate's decision
    logic [MaxLocalExperts-1:0] use_le;   // local experts that get the features
    logic                       use_gate; // the gate runs and decides
    logic [ExpertW-1:0]         expert;   // who answers when the gate does not decide
    logic                       no_bank;  // the bank asked for holds no valid weights
    logic                       disabled; // an expert that the mode calls for is disabled
    logic [BankW-1:0]           bank;
    logic [SeqW-1:0]            sequence_number;
    logic signed [ThetaW-1:0]   theta;
    label_t                     lesson;   // valid: the image is learned, and expert answers, whatever the gate says
  } image_t;

  // Bits of the result's status field.
  typedef struct packed {
    logic disabled;    // an expert of the mode is disabled: the others answered, or nobody
    logic no_bank;     // no valid bank: the GE answered for an MoE mode, nobody for LE_ONLY
    logic long_image;  // TLAST came late: surplus pixels were dropped
    logic short_image; // TLAST came early: missing pixels were taken as zero
  } status_t;

  // Run-time weights: one 32-bit chunk a cycle of the write clock. Layers are numbered by what a bank can hold, local
  // experts first (their output layers, then their hidden ones); a number that no layer has writes nothing.
  localparam int unsigned LayerW = 5;
  localparam int unsigned WriteAddrW = 20;
  localparam int unsigned ChunkBits = 32;
  localparam logic [LayerW-1:0] LayerLocalExpert = LayerW'(0);  // of local expert 0; the others follow
  localparam logic [LayerW-1:0] LayerLocalHidden = LayerW'(MaxLocalExperts);  // its hidden layer; the others follow
  localparam logic [LayerW-1:0] LayerGateHidden = LayerW'(MaxLocalExperts + MaxLocalExperts);
  localparam logic [LayerW-1:0] LayerGateOut = LayerW'(LayerGateHidden + 1);

  typedef struct packed {
    logic                  enable;
    logic [LayerW-1:0]     layer;
    logic                  bias;     // 1: the layer's biases, 0: its weights
    logic [BankW-1:0]      bank;
    logic [WriteAddrW-1:0] address;  // {word, chunk}, with as many chunk bits as the memory's word needs
    logic [ChunkBits-1:0]  data;
  } weight_write_t;

  // Reading one chunk of a run-time memory: the request stays until it is done, and is low for a cycle at least before
  // the next one; zero where there is no such memory.
  typedef struct packed {
    logic                  valid;
    logic [LayerW-1:0]     layer;
    logic                  bias;
    logic [BankW-1:0]      bank;
    logic [WriteAddrW-1:0] address;  // as in a write
  } weight_read_t;

  typedef struct packed {
    logic                 done;
    logic [ChunkBits-1:0] data;  // zero without done
  } weight_read_data_t;

  typedef activity_pkg::activity_t activity_t;

  // Power domains that can be switched.
  localparam int unsigned Domains = 4;
  localparam int unsigned DomainFe = 0;  // front end
  localparam int unsigned DomainGe = 1;  // the global expert's tail
  localparam int unsigned DomainLe = 2;  // local experts
  localparam int unsigned DomainGn = 3;  // gating network

  // States of power_sequencer, in the order of a sequence on (1 to 6) and off (7 to 11).
  typedef enum logic [3:0] {
    PowerOff          = 4'd0,
    PowerSwitchOn     = 4'd1,   // switch closed, waits for its acknowledge
    PowerClock        = 4'd2,   // clock runs, reset still asserted
    PowerReleaseReset = 4'd3,
    PowerRestore      = 4'd4,   // retained memories are written back
    PowerUnisolate    = 4'd5,   // clamps open, no work yet
    PowerOn           = 4'd6,
    PowerDrain        = 4'd7,   // no new work, waits until the domain is idle
    PowerIsolate      = 4'd8,
    PowerSave         = 4'd9,   // retained memories are copied away
    PowerReset        = 4'd10,  // reset asserted, clock still runs
    PowerSwitchOff    = 4'd11,  // clock stopped, switch open, waits for the acknowledge to fall
    PowerError        = 4'd12   // the switch did not answer: everything off until cleared
  } power_state_e;

  // Activity counters, in the units that activity_counters and the register description give.
  localparam int unsigned CounterW = 64;
  typedef struct packed {
    logic [CounterW-1:0] on_cycles;
    logic [CounterW-1:0] active_cycles;
    logic [CounterW-1:0] macs;
    logic [CounterW-1:0] weight_reads;
    logic [CounterW-1:0] buffer_writes;
    logic [CounterW-1:0] wake_ups;
  } domain_counters_t;

  typedef struct packed {
    logic [CounterW-1:0]                      cycles;
    logic [CounterW-1:0]                      images_in;
    logic [CounterW-1:0]                      images_out;
    logic [CounterW-1:0]                      answers_ge;
    logic [MaxLocalExperts-1:0][CounterW-1:0] answers_le;
    logic [CounterW-1:0]                      answers_nobody;
    logic [CounterW-1:0]                      images_short;
    logic [CounterW-1:0]                      images_long;
    logic [CounterW-1:0]                      images_no_bank;
    logic [CounterW-1:0]                      stall_in;
    logic [CounterW-1:0]                      stall_out;
    logic [CounterW-1:0]                      bank_swaps;
    logic [CounterW-1:0]                      bank_words_written;
    logic [CounterW-1:0]                      feature_store_writes;
    logic [CounterW-1:0]                      feature_store_reads;
    domain_counters_t [Domains-1:0]           domain;
  } counters_t;

  // One word of the result stream, 32 bits.
  typedef struct packed {
    logic [SeqW-1:0]    sequence_number;
    logic [BankW-1:0]   bank;
    status_t            status;
    logic [ExpertW-1:0] expert;
    logic [ClassW-1:0]  class_index;
  } result_t;
endpackage
