// SPDX-License-Identifier: Apache-2.0
/// Learning sessions: which bank learns and when, and what its commit waits for.
///
/// A session opens on a bank that is valid and not protected, whether images use it or not; the bank stays valid. A
/// protection that comes later counts at the next start, and the open session goes on, as it does with its expert when
/// another is chosen for the next. No lesson may be left of the
/// session before, which would count as one of this, and take from its random numbers. A commit closes it: no
/// label counts from then on; when the last lesson is over, the bank is read through for its CRC (bank_reader), which
/// says that it is whole and what a program reads back. A cancel closes it as well, and makes the bank invalid: what
/// was before is in the bank that did not learn, or in a file.
///
/// Latency: open_o follows start_i by 1 cycle; committed a commit by the lessons in flight, and 8 cycles a word of the
/// bank or as many more as its layers read.
///
/// Protocol: start_i, commit_i (with activate_i) and cancel_i are pulses. lessons_i: images or corrections with a
/// lesson are in flight, or an update is open. reader_*: the reader is started when ready, and given nothing else
/// meanwhile.
/// learn_on_i: the memories of the bank have power. When the bank becomes invalid, as it does without power, the
/// session ends as with a cancel. opened_o is a pulse, active_o high from then until the session has ended.
/// Does not: hold settings (registers do), or learn.
///
/// Parameters
///   Banks, LocalExperts  that there are
module learn_control
  import accel_pkg::*;
  import moe_regs_pkg::*;
  import device_pkg::*;
#(
    parameter int unsigned Banks        = 2,
    parameter int unsigned LocalExperts = 1,
    parameter bit          Learn        = 1'b1
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic                    start_i,
    input  logic                    commit_i,
    input  logic                    activate_i,
    input  logic                    cancel_i,
    input  logic [BankW-1:0]        bank_i,
    input  logic [LocalExpertW-1:0] expert_i,
    input  logic [Banks-1:0]        bank_valid_i,
    input  logic [Banks-1:0]        bank_protect_i,  // banks that never learn
    input  logic                    learn_on_i,
    input  logic                    lessons_i,
    output logic                    reader_start_o,
    input  logic                    reader_done_i,
    output logic                    opened_o,
    output logic                    active_o,
    output logic                    open_o,
    output logic [BankW-1:0]        bank_o,
    output logic [LocalExpertW-1:0] expert_o,
    output logic [Banks-1:0]        drop_o,   // banks that become invalid
    output learn_status_t           status_o
);
  learn_state_e state_q;
  learn_reason_e reason_q, start_reason;
  logic [BankW-1:0] bank_q;
  logic [LocalExpertW-1:0] expert_q;
  logic activate_q, bank_ok, bank_protected, bank_lost, active, lost, ends, committed, reading_q;

  assign active = state_q inside {learn_state__OPEN, learn_state__CLOSING};

  always_comb begin
    bank_ok        = 1'b0;
    bank_protected = 1'b0;
    bank_lost      = 1'b0;
    for (int unsigned b = 0; b < Banks; b++) begin
      if (bank_i == BankW'(b)) begin
        bank_ok        = bank_valid_i[b];
        bank_protected = bank_protect_i[b];
      end
      if (bank_q == BankW'(b)) bank_lost = !bank_valid_i[b];
    end
    if (!Learn) start_reason = learn_reason__NOT_BUILT;
    else if (active || lessons_i) start_reason = learn_reason__ALREADY_OPEN;
    else if (!bank_ok) start_reason = learn_reason__BANK_NOT_VALID;
    else if (bank_protected) start_reason = learn_reason__BANK_PROTECTED;
    else if (32'(expert_i) >= LocalExperts) start_reason = learn_reason__NO_SUCH_EXPERT;
    else if (!learn_on_i) start_reason = learn_reason__POWER_OFF;
    else start_reason = learn_reason__NONE;
  end

  assign opened_o  = start_i && start_reason == learn_reason__NONE;
  assign lost      = active && bank_lost;
  assign ends      = active && (cancel_i || lost);
  assign committed = state_q == learn_state__CLOSING && reading_q && reader_done_i && !ends;

  assign reader_start_o = state_q == learn_state__CLOSING && !reading_q && !lessons_i && !ends;
  assign active_o       = active;
  assign open_o         = state_q == learn_state__OPEN;
  assign bank_o         = bank_q;
  assign expert_o       = expert_q;

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    assign drop_o[b] = ends && bank_q == BankW'(b);
  end

  logic refused;
  assign refused = (start_i && start_reason != learn_reason__NONE) || (commit_i && state_q != learn_state__OPEN) ||
                   (cancel_i && !active) || lost;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q   <= learn_state__IDLE;
      reason_q  <= learn_reason__NONE;
      reading_q <= 1'b0;
    end else begin
      if (reader_start_o) reading_q <= 1'b1;
      if (ends) begin
        state_q   <= learn_state__CANCELLED;
        reason_q  <= cancel_i ? learn_reason__NONE :
                     learn_on_i ? learn_reason__BANK_NOT_VALID : learn_reason__POWER_OFF;
        reading_q <= 1'b0;
      end else if (start_i) begin
        reason_q <= start_reason;
        if (opened_o) state_q <= learn_state__OPEN;
      end else if (commit_i) begin
        reason_q <= state_q == learn_state__OPEN ? learn_reason__NONE : learn_reason__NOT_OPEN;
        if (state_q == learn_state__OPEN) state_q <= learn_state__CLOSING;
      end else if (cancel_i) begin
        reason_q <= learn_reason__NOT_OPEN;
      end else if (committed) begin
        state_q   <= learn_state__COMMITTED;
        reading_q <= 1'b0;
      end
    end
    if (opened_o) begin
      bank_q   <= bank_i;
      expert_q <= expert_i;
    end
    if (commit_i && state_q == learn_state__OPEN) activate_q <= activate_i;
  end

  assign status_o = '{
          state: state_q,
          reason: reason_q,
          bank: bank_q,
          committed: committed,
          refused: refused,
          activate: committed && activate_q
      };
endmodule
