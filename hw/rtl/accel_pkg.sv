// SPDX-License-Identifier: Apache-2.0
/// Types shared by the always-on fabric: modes, the descriptor that accompanies an image, and the result word.
///
/// Widths here are those of the external interface and do not depend on the network; everything that does is in
/// the generated package moe_pkg.
package accel_pkg;
  localparam int unsigned MaxLocalExperts = 8;
  localparam int unsigned BankW = 4;
  localparam int unsigned SeqW = 12;
  localparam int unsigned ThetaW = 32;
  localparam logic [7:0] NoClass = 8'hff;  // class of a result that no expert answered

  // Values 5 to 7 are reserved and behave like ModeOff.
  typedef enum logic [2:0] {
    ModeOff         = 3'd0,
    ModeGeOnly      = 3'd1,
    ModeLeOnly      = 3'd2,
    ModeMoeParallel = 3'd3,  // every expert runs, the gate picks the answer
    ModeMoeGated    = 3'd4   // the gate decides first, the GE runs only when it is needed
  } mode_e;

  // What happens to one image: fixed when its first pixel is accepted, so that a mode, bank or threshold change
  // takes effect exactly between two images.
  typedef struct packed {
    logic                       use_ge;   // the GE's tail gets the features
    logic                       gated;    // ... and waits for the gate's decision
    logic [MaxLocalExperts-1:0] use_le;   // local experts that get the features
    logic                       use_gate; // the gate runs and decides
    logic [3:0]                 expert;   // who answers when the gate does not decide
    logic                       no_bank;  // the bank asked for holds no valid weights
    logic [BankW-1:0]           bank;
    logic [SeqW-1:0]            sequence_number;
    logic signed [ThetaW-1:0]   theta;
  } image_t;

  // Bits of the result's status field.
  typedef struct packed {
    logic reserved;
    logic no_bank;     // no valid bank: the GE answered for an MoE mode, nobody for LE_ONLY
    logic long_image;  // TLAST came late: surplus pixels were dropped
    logic short_image; // TLAST came early: missing pixels were taken as zero
  } status_t;

  // One word of the result stream, 32 bits.
  typedef struct packed {
    logic [SeqW-1:0]  sequence_number;
    logic [BankW-1:0] bank;
    status_t          status;
    logic [3:0]       expert;  // 0 = GE, i = local expert i - 1
    logic [7:0]       class_index;
  } result_t;
endpackage
