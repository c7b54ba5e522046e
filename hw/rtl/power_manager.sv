// SPDX-License-Identifier: Apache-2.0
/// Decides which domains are on, and brings a new mode into force only when nothing of the old one is left.
///
/// A change of mode_i stops the acceptance of images at once; images in flight are answered in the mode that was in
/// force when they were accepted. When the last one has left and all domains are quiet, the new mode comes into force,
/// the domains that it needs are switched on and the others off, and acceptance goes on when all have arrived. A
/// request that changes meanwhile is followed: the last one counts, and going back to the mode in force costs nothing
/// but the wait.
///
/// In ModeMoeGated the GE is wanted only while it has work, and idle_i cycles longer. A domain also stays on while its
/// force_on_i bit is set. Domains are numbered as in accel_pkg. A device with LocalOnly has neither GE nor gate: modes
/// that need them are ModeOff, and their domains are never wanted.
///
/// Latency, cycles: from a change of mode_i without images in flight to mode_o: 2 + Quiet; then the slowest power
/// sequence; then 1.
///
/// Protocol: levels. quiet_i, on_i, off_i describe each domain now: no layer moved data, accepts work, is off.
/// ge_work_i: the GE has an image, or one waits for it. An idle domain that begins to move counts as idle for one more
/// cycle; what makes it move must show in in_flight_i or ge_work_i in its own cycle, and these count at once. want_o
/// goes to the sequencers, idle_o tells them that their domain has drained. changed_o pulses when a mode other than the
/// last one has come into force and images are accepted in it.
/// Does not: time the steps of a sequence (power_sequencer), or end an image whose last pixels never come: then the
/// change waits.
///
/// Parameters
///   Quiet      cycles without any activity after which a drained domain counts as idle: more than the deepest pipeline
///              between two layers
///   IdleW      width of idle_i, bits
///   LocalOnly  1: there are front end and local experts only
module power_manager
  import accel_pkg::*;
#(
    parameter int unsigned Quiet     = 32,
    parameter int unsigned IdleW     = 24,
    parameter bit          LocalOnly = 1'b0
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    // Request
    input  logic [ModeW-1:0]   mode_i,
    input  logic [IdleW-1:0]   idle_i,      // cycles that the GE stays on without work in ModeMoeGated
    input  logic [Domains-1:0] force_on_i,
    // State of the accelerator
    input  logic               in_flight_i,  // images accepted and not answered
    input  logic               ge_work_i,
    input  logic [Domains-1:0] quiet_i,
    input  logic [Domains-1:0] on_i,
    input  logic [Domains-1:0] off_i,
    // Decisions
    output mode_e              mode_o,
    output logic               accept_o,
    output logic [Domains-1:0] want_o,
    output logic [Domains-1:0] idle_o,
    output logic               pending_o,
    output logic               changed_o
);
  localparam int unsigned QuietW = $clog2(Quiet + 1);

  typedef enum logic [1:0] {
    Run,    // images are accepted in the mode in force
    Drain,  // another mode is asked for: wait for the last image
    Settle  // the new mode is in force: wait for its domains
  } state_e;

  state_e state_q, state_d;
  mode_e mode_q, wanted_mode;
  logic differs, drained, settled;

  // Reserved values behave like ModeOff, everywhere, and so do modes that the device does not have.
  logic known_mode;
  assign known_mode  = mode_i == ModeLeOnly ||
                       (!LocalOnly && mode_i inside {ModeGeOnly, ModeMoeParallel, ModeMoeGated});
  assign wanted_mode = known_mode ? mode_e'(mode_i) : ModeOff;
  assign differs     = wanted_mode != mode_q;

  // ---- Quiet domains ----------------------------------------------------------------------------------------
  logic [Domains-1:0][QuietW-1:0] quiet_q;
  logic [Domains-1:0] idle;

  always_ff @(posedge clk_i) begin
    for (int unsigned d = 0; d < Domains; d++) begin
      if (!rst_ni || !quiet_i[d]) begin
        quiet_q[d] <= '0;
        idle[d]    <= 1'b0;
      end else if (!idle[d]) begin
        quiet_q[d] <= quiet_q[d] + 1'b1;
        idle[d]    <= quiet_q[d] == QuietW'(Quiet - 1);
      end
    end
  end

  // The GE's own idle time, counted from the end of its last work.
  logic [IdleW:0] ge_idle_q, ge_idle_d;
  logic ge_expired_q;  // compared a cycle before, because software's figure is far away
  logic ge_busy;
  assign ge_busy   = !rst_ni || ge_work_i || !quiet_i[DomainGe];
  assign ge_idle_d = ge_expired_q ? ge_idle_q : ge_idle_q + 1'b1;
  always_ff @(posedge clk_i) begin
    ge_idle_q    <= ge_busy ? '0 : ge_idle_d;
    ge_expired_q <= ge_busy ? idle_i == '0 : ge_idle_d >= (IdleW + 1)'(idle_i);
  end

  // ---- Who is wanted ----------------------------------------------------------------------------------------
  localparam logic [Domains-1:0] Present = LocalOnly ? Domains'((1 << DomainFe) | (1 << DomainLe)) : '1;
  logic [Domains-1:0] needed;
  always_comb begin
    needed = '0;
    unique case (mode_q)
      ModeGeOnly:      needed = Domains'((1 << DomainFe) | (1 << DomainGe));
      ModeLeOnly:      needed = Domains'((1 << DomainFe) | (1 << DomainLe));
      ModeMoeParallel: needed = '1;
      ModeMoeGated: begin
        needed           = '1;
        needed[DomainGe] = ge_work_i || !(ge_expired_q && idle[DomainGe]);
      end
      default:         needed = '0;
    endcase
  end
  assign want_o = (needed | force_on_i) & Present;

  always_comb begin
    idle_o           = idle & {Domains{!in_flight_i}};
    // The GE may sleep while images are in flight that do not need it.
    idle_o[DomainGe] = idle[DomainGe] && !ge_work_i;
  end

  // ---- Mode in force ----------------------------------------------------------------------------------------
  // Going to sleep on its own, the GE may be anywhere: it wakes for its work.
  logic [Domains-1:0] arrived;
  always_comb begin
    arrived = (want_o & on_i) | (~want_o & off_i);
    if (mode_q == ModeMoeGated) arrived[DomainGe] = 1'b1;
  end
  assign drained = !in_flight_i && !ge_work_i && (&(idle | off_i));
  assign settled = &arrived;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Run:     if (differs) state_d = Drain;
      Drain: begin
        if (!differs) state_d = Run;
        else if (drained) state_d = Settle;
      end
      Settle:  if (settled && !differs) state_d = Run;
      default: state_d = Drain;
    endcase
  end

  mode_e last_mode_q;  // in which images were last accepted

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q     <= Run;
      mode_q      <= ModeOff;
      last_mode_q <= ModeOff;
      changed_o   <= 1'b0;
    end else begin
      state_q   <= state_d;
      changed_o <= 1'b0;
      if ((state_q == Drain && state_d == Settle) || (state_q == Settle && differs)) mode_q <= wanted_mode;
      if (state_q == Settle && state_d == Run) begin
        changed_o   <= mode_q != last_mode_q;
        last_mode_q <= mode_q;
      end
    end
  end

  assign mode_o    = mode_q;
  assign accept_o  = state_q == Run && !differs;
  assign pending_o = state_q != Run || differs;
endmodule
