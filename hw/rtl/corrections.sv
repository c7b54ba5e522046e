// SPDX-License-Identifier: Apache-2.0
/// Corrections of answers given before: which images can still be learned, and when the learning of one starts.
///
/// A correction names an image by its sequence number. Local experts and gate keep what they saw of the last
/// ReplaySlots images (replay_ring), image n in slot n modulo ReplaySlots; here it is known of which images that is
/// still there. The correction starts between two images, as an image of its own without features and without a result.
///
/// Latency: 3 cycles from correct_i to replay_valid_o or refused_o. One correction at a time.
///
/// Protocol: correct_i.valid is a pulse while busy_o is low. replay_ready_i comes in a cycle after one with
/// replay_valid_o and without a started_i that is not yet seen here, which takes two cycles; replay_o is that of the
/// cycle of replay_ready_i. A session that ends in just that cycle waits for the correction, because busy_o was high
/// all along. busy_o is high from the pulse until the heads have seen all of it, or until refused_o; learning_o from
/// the start of the correction on only: what still waits must hold nothing up that it waits for itself, such as a
/// change of mode. started_i comes with the descriptor of every image, as its features begin to go to those heads that
/// it names.
/// Does not: wait for the update that follows; the heads hold the next image for that.
///
/// Parameters
///   LocalExperts  number of local experts
///   Classes       labels there are
module corrections
  import accel_pkg::*;
  import learn_pkg::*;
#(
    parameter int unsigned LocalExperts = 1,
    parameter int unsigned Classes      = 62
) (
    input  logic            clk_i,
    input  logic            rst_ni,
    input  learn_settings_t learn_i,
    input  logic            le_mode_i,    // the mode in force has local experts
    input  logic            gate_mode_i,  // ... and a gate
    input  logic            le_off_i,     // local experts forget
    input  logic            gate_off_i,   // the gate forgets
    input  logic            started_i,
    input  image_t          image_i,
    input  correction_t     correct_i,
    output logic            busy_o,
    output logic            learning_o,
    output logic            refused_o,
    output logic            replay_valid_o,
    input  logic            replay_ready_i,
    output image_t          replay_o,
    input  logic [LocalExperts-1:0] le_done_i,  // pulses: this local expert has seen all of it
    input  logic            gate_done_i   // the gate has
);
  localparam logic [MaxLocalExperts-1:0] AllLocal = MaxLocalExperts'((1 << LocalExperts) - 1);

  // ---- What the rings hold ----------------------------------------------------------------------------------
  typedef struct packed {
    logic [MaxLocalExperts-1:0] le;
    logic                       gate;
    logic [SeqW-1:ReplaySlotW]  turn;  // the sequence number's other bits are the slot's number
  } kept_t;

  kept_t kept_q[ReplaySlots];
  logic [ReplaySlotW-1:0] slot;
  assign slot = image_i.sequence_number[ReplaySlotW-1:0];

  always_ff @(posedge clk_i) begin
    for (int unsigned k = 0; k < ReplaySlots; k++) begin
      if (started_i && slot == ReplaySlotW'(k)) begin
        kept_q[k].le   <= image_i.use_le;
        kept_q[k].gate <= image_i.use_gate;
        kept_q[k].turn <= image_i.sequence_number[SeqW-1:ReplaySlotW];
      end
      if (!rst_ni || le_off_i) kept_q[k].le <= '0;
      if (!rst_ni || gate_off_i) kept_q[k].gate <= 1'b0;
    end
  end

  // ---- One correction ---------------------------------------------------------------------------------------
  typedef enum logic [2:0] {
    Idle,
    Look,
    Check,
    Offer,
    Learn
  } state_e;

  state_e state_q;
  correction_t now_q;
  kept_t kept;
  logic possible, possible_q, with_gate, with_gate_q;  // what must be found out about it, and a cycle later
  logic [LocalExperts:0] unseen_q, unseen;  // gate and local experts that have not seen all of it
  logic [MaxLocalExperts-1:0] learner;

  assign kept      = kept_q[now_q.sequence_number[ReplaySlotW-1:0]];
  assign learner   = MaxLocalExperts'(1) << learn_i.expert;
  assign unseen    = unseen_q & ~{gate_done_i, le_done_i};
  assign with_gate = gate_mode_i && now_q.label.gate && kept.gate && (kept.le & AllLocal) == AllLocal;
  assign possible  = learn_i.open && le_mode_i && 32'(now_q.label.label) < Classes &&
                     kept.turn == now_q.sequence_number[SeqW-1:ReplaySlotW] && (kept.le & learner) != '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q   <= Idle;
      refused_o <= 1'b0;
    end else begin
      refused_o <= state_q inside {Check, Offer} && !possible_q && !replay_ready_i;
      unique case (state_q)
        Idle:  if (correct_i.valid) state_q <= Look;
        Look:  state_q <= Check;
        Check: state_q <= possible_q ? Offer : Idle;
        Offer:
        if (replay_ready_i) state_q <= Learn;
        else if (!possible_q) state_q <= Idle;
        Learn: if (unseen == '0) state_q <= Idle;
        default: state_q <= Idle;
      endcase
    end
    possible_q  <= possible;
    with_gate_q <= with_gate;
    if (state_q == Idle && correct_i.valid) now_q <= correct_i;
    if (replay_ready_i) unseen_q <= {with_gate_q, replay_o.use_le[LocalExperts-1:0]};
    else unseen_q <= unseen;
  end

  // What was possible may have ended: a newer image has the slot, the mode has changed, a domain has slept.
  assign replay_valid_o = state_q == Offer && possible_q;
  assign busy_o         = state_q != Idle;
  assign learning_o     = state_q == Learn;

  always_comb begin
    replay_o                 = '0;
    replay_o.use_le          = with_gate_q ? AllLocal : learner;
    replay_o.use_gate        = with_gate_q;
    replay_o.expert          = ExpertW'(learn_i.expert) + 1'b1;
    replay_o.bank            = learn_i.bank;
    replay_o.sequence_number = now_q.sequence_number;
    replay_o.lesson          = now_q.label;
    replay_o.lesson.valid    = 1'b1;
  end

  logic unused_bits;
  assign unused_bits = ^{learn_i, image_i, now_q};
endmodule
