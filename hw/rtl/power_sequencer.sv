// SPDX-License-Identifier: Apache-2.0
/// Switches one power domain on and off in a fixed order.
///
/// On:  close the switch, wait for its acknowledge, start the clock under reset, release reset, restore, un-isolate,
///      accept work.
/// Off: stop accepting, drain, isolate, save, assert reset, stop the clock and open the switch, wait for the
///      acknowledge to fall.
///
///   output       is 1 in                    | output     is 1 in
///   switch_on_o  SwitchOn to Reset          | accept_o   On
///   clk_en_o     Clock to Reset             | on_o       On, Drain
///   rst_no       ReleaseReset to Save       | off_o      Off
///   isolate_o    all but Unisolate to Drain | error_o    Error
///   save_o       Save, if retaining         | wake_o     the first cycle of SwitchOn after Off
///   restore_o    Restore, if retained       | timeout_o  the first cycle of Error
///
/// isolate_o changes a cycle later than the others, so that a register is between the state and the clamps, which are
/// far away: a domain is isolated from the second cycle of Isolate to the first of Unisolate. Who withdraws in the
/// first cycle of Isolate, because work is there, finds the clamps open in the next, too: it may be moving already.
/// With delay_i of 0 or 1, save_o rises together with isolate_o, and accept_o as isolate_o falls.
///
/// Retention: retain_i is read when Save is entered and chooses for this sleep. If chosen, retain_o is 1 from the end
/// of Save until Restore ends in Unisolate, also when sequences are withdrawn in between: what was saved is neither
/// saved over nor lost. After a reset nothing is retained.
///
/// A request may change at any time. Withdrawn while switching on: SwitchOn goes to SwitchOff; Clock, ReleaseReset
/// and Restore to Reset; Unisolate to Drain. Withdrawn while switching off: Drain goes to On; Isolate and Save to
/// Unisolate; Reset to Clock; SwitchOff to SwitchOn. Each at the end of the current cycle.
///
/// Acknowledge: counts when it has the same value in two consecutive cycles, and not before the delay_i-th cycle of
/// SwitchOn or SwitchOff. With delay_i no shorter than the switch needs to answer, the late answer to a withdrawn
/// command is never taken for the answer to the present one. If it does not come within timeout_i cycles (or delay_i,
/// if that is more), the state is Error: isolated, in reset, clock stopped, switch open, until clear_error_i; then
/// SwitchOff. In other states the acknowledge is ignored: a switch that opens by itself is not noticed.
///
/// Latency, cycles, with D = max(delay_i, 1) and A = cycles from switch_on_o to the same value of switch_ack_i:
///   on_i rises in Off to accept_o high:  1 + max(A + 2, D) + 4 D, at most 1 + max(timeout_i, D) + 4 D
///   on_i falls in On to accept_o low:    1
///   on_i falls in On to off_o:           1 + W + 3 D + max(A + 2, D), W >= 1 cycles of Drain, the last with idle_i
///
/// Protocol: levels, all synchronous to clk_i; every output is a register. Work may be given in cycles with accept_o;
/// idle_i is low from the cycle after, until the work has left the domain. delay_i and timeout_i may change at any
/// time and count from the start of the current state. rst_ni switches everything off at once, in no order.
/// Does not: synchronise the acknowledge, gate the clock (clock_gate), clamp outputs, or move retained data.
module power_sequencer
  import accel_pkg::*;
(
    input  logic         clk_i,
    input  logic         rst_ni,
    input  logic         on_i,           // the domain is wanted
    input  logic         idle_i,         // the domain has drained
    input  logic         retain_i,       // keep the retained memories in the next sleep
    input  logic [ 7:0]  delay_i,        // cycles of each step; 0 counts as 1
    input  logic [15:0]  timeout_i,      // cycles the switch has to acknowledge; 0 counts as 1
    input  logic         clear_error_i,
    input  logic         switch_ack_i,   // follows switch_on_o
    output logic         accept_o,
    output logic         clk_en_o,
    output logic         rst_no,
    output logic         isolate_o,
    output logic         save_o,
    output logic         restore_o,
    output logic         retain_o,
    output logic         switch_on_o,
    output power_state_e state_o,
    output logic         on_o,
    output logic         off_o,
    output logic         error_o,
    output logic         timeout_o,
    output logic         wake_o
);
  power_state_e state_q, state_d;
  logic [15:0] count_q;  // cycles in this state, this one included
  logic step_done_q, timeout_q, expired, ack_q, acked, unacked;
  logic keep_q, keep_d;  // retention was chosen for this sleep
  logic isolate_q;

  assign expired = step_done_q && timeout_q;
  assign acked   = step_done_q && switch_ack_i && ack_q;
  assign unacked = step_done_q && !switch_ack_i && !ack_q;

  // What follows if the domain is wanted and if it is not: on_i comes late, and only chooses.
  function automatic power_state_e after(input logic wanted);
    after = state_q;
    unique case (state_q)
      PowerOff: if (wanted) after = PowerSwitchOn;
      PowerSwitchOn:
      if (!wanted) after = PowerSwitchOff;
      else if (acked) after = PowerClock;
      else if (expired) after = PowerError;
      PowerClock:
      if (!wanted) after = PowerReset;
      else if (step_done_q) after = PowerReleaseReset;
      PowerReleaseReset:
      if (!wanted) after = PowerReset;
      else if (step_done_q) after = PowerRestore;
      PowerRestore:
      if (!wanted) after = PowerReset;
      else if (step_done_q) after = PowerUnisolate;
      PowerUnisolate:
      if (!wanted) after = PowerDrain;  // the clamps may be open already, and work in the domain
      else if (step_done_q) after = PowerOn;
      PowerOn: if (!wanted) after = PowerDrain;
      PowerDrain:
      if (wanted) after = PowerOn;
      else if (idle_i) after = PowerIsolate;
      PowerIsolate:
      if (wanted) after = PowerUnisolate;
      else if (step_done_q) after = PowerSave;
      PowerSave:
      if (wanted) after = PowerUnisolate;
      else if (step_done_q) after = PowerReset;
      PowerReset:
      if (wanted) after = PowerClock;
      else if (step_done_q) after = PowerSwitchOff;
      PowerSwitchOff:
      if (wanted) after = PowerSwitchOn;
      else if (unacked) after = PowerOff;
      else if (expired) after = PowerError;
      PowerError: if (clear_error_i) after = PowerSwitchOff;
      default: after = PowerError;  // an upset: no sequence could be trusted
    endcase
  endfunction

  power_state_e if_wanted, if_not;
  logic moves;

  always_comb begin
    if_wanted = after(1'b1);
    if_not    = after(1'b0);
    state_d   = on_i ? if_wanted : if_not;
    moves     = on_i ? if_wanted != state_q : if_not != state_q;
  end

  // The choice is read once, so that what is retained is what was saved.
  always_comb begin
    keep_d = keep_q;
    if (state_d == PowerSave && state_q != PowerSave) keep_d = retain_i;
    if (state_d == PowerUnisolate) keep_d = 1'b0;
  end

  // Outputs are registers of the next state: no glitch reaches a switch, a clamp or a reset.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q     <= PowerOff;
      count_q     <= 16'd1;
      step_done_q <= 1'b0;
      timeout_q   <= 1'b0;
      ack_q       <= 1'b0;
      keep_q      <= 1'b0;
      accept_o    <= 1'b0;
      clk_en_o    <= 1'b0;
      rst_no      <= 1'b0;
      isolate_q   <= 1'b1;
      isolate_o   <= 1'b1;
      save_o      <= 1'b0;
      restore_o   <= 1'b0;
      retain_o    <= 1'b0;
      switch_on_o <= 1'b0;
      on_o        <= 1'b0;
      off_o       <= 1'b1;
      error_o     <= 1'b0;
      timeout_o   <= 1'b0;
      wake_o      <= 1'b0;
    end else begin
      state_q     <= state_d;
      ack_q       <= switch_ack_i;
      keep_q      <= keep_d;
      accept_o    <= state_d == PowerOn;
      clk_en_o    <= state_d >= PowerClock && state_d <= PowerReset;
      rst_no      <= state_d >= PowerReleaseReset && state_d <= PowerSave;
      isolate_q   <= state_d < PowerUnisolate || state_d > PowerDrain;
      isolate_o   <= isolate_q && (isolate_o || !on_i);
      save_o      <= state_d == PowerSave && keep_d;
      restore_o   <= state_d == PowerRestore && keep_d;
      retain_o    <= state_d != PowerSave && keep_d;
      switch_on_o <= state_d >= PowerSwitchOn && state_d <= PowerReset;
      on_o        <= state_d == PowerOn || state_d == PowerDrain;
      off_o       <= state_d == PowerOff;
      error_o     <= state_d == PowerError;
      timeout_o   <= state_d == PowerError && state_q != PowerError;
      wake_o      <= state_d == PowerSwitchOn && state_q == PowerOff;
      // The comparisons with software's figures are of the next cycle, so that no state waits for them.
      if (moves) begin
        count_q     <= 16'd1;
        step_done_q <= delay_i <= 8'd1;
        timeout_q   <= timeout_i <= 16'd1;
      end else begin
        if (count_q != '1) count_q <= count_q + 1'b1;
        step_done_q <= count_q >= 16'(delay_i) - 16'(delay_i != '0);
        timeout_q   <= count_q >= timeout_i - 16'(timeout_i != '0);
      end
    end
  end

  assign state_o = state_q;
endmodule
