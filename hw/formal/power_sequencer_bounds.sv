// SPDX-License-Identifier: Apache-2.0
/// Proof: a request that stays is served, or the error is flagged, within the bound of power_sequencer's header.
///
/// Settings are any constants up to MaxDelay and MaxTimeout. A request for on that has not been served, and one for off
/// (with the domain idle) likewise, is counted from any state. OnBound and OffBound are the formulas of the header:
/// one less must fail, that is, the bounds are exact.
///
/// Parameters
///   Answers     1: the switch follows its command within MaxLag cycles, and no error may occur; 0: it does anything
///   MaxDelay    delay_i is 0 to this, cycles
///   MaxTimeout  timeout_i is at most this, cycles (with Answers, at least MaxLag + 2)
///   MaxLag      cycles that the switch may take
///   OnBound     cycles from a request to accept_o
///   OffBound    cycles from a request to off_o
module power_sequencer_bounds
  import accel_pkg::*;
#(
    parameter bit          Answers    = 1'b1,
    parameter int unsigned MaxDelay   = 2,
    parameter int unsigned MaxTimeout = 7,
    parameter int unsigned MaxLag     = 3,
    parameter int unsigned Wait       = Answers ? MaxLag + 2 : MaxTimeout,
    parameter int unsigned OnBound    = 1 + Wait + 4 * MaxDelay,
    parameter int unsigned OffBound   = 1 + 1 + 3 * MaxDelay + Wait
) (
    input logic        clk_i,
    input logic        rst_ni,
    input logic        on_i,
    input logic        idle_i,
    input logic        retain_i,
    input logic [ 7:0] delay_i,
    input logic [15:0] timeout_i,
    input logic        clear_error_i,
    input logic        switch_ack_i
);
  logic accept, switch_on, off, error;
  power_state_e state;

  power_sequencer u_dut (
      .clk_i,
      .rst_ni,
      .on_i,
      .idle_i,
      .retain_i,
      .delay_i,
      .timeout_i,
      .clear_error_i,
      .switch_ack_i,
      .accept_o   (accept),
      .clk_en_o   (),
      .rst_no     (),
      .isolate_o  (),
      .save_o     (),
      .restore_o  (),
      .retain_o   (),
      .switch_on_o(switch_on),
      .state_o    (state),
      .on_o       (),
      .off_o      (off),
      .error_o    (error),
      .timeout_o  (),
      .wake_o     ()
  );

  logic known_q = 1'b0;
  logic [7:0] delay_q;
  logic [15:0] timeout_q;
  logic [7:0] waits_on_q, waits_off_q;
  logic [7:0] lag_q;  // cycles that the acknowledge has differed from the command
  logic switch_on_q, answered_q;  // the command of the cycle before, and whether it was acknowledged

  always_ff @(posedge clk_i) begin
    known_q     <= 1'b1;
    delay_q     <= delay_i;
    timeout_q   <= timeout_i;
    waits_on_q  <= (rst_ni && on_i && !accept && !error) ? waits_on_q + 1'b1 : '0;
    waits_off_q <= (rst_ni && !on_i && idle_i && !off && !error) ? waits_off_q + 1'b1 : '0;
    switch_on_q <= switch_on;
    answered_q  <= switch_ack_i == switch_on;
    lag_q       <= (switch_ack_i == switch_on) ? '0 : (switch_on != switch_on_q) ? 8'd1 : lag_q + 1'b1;
  end

  always_comb begin
    if (!known_q) begin
      assume (!rst_ni);
    end else begin
      assume (delay_i == delay_q && timeout_i == timeout_q);
    end
    assume (delay_i <= 8'(MaxDelay) && timeout_i <= 16'(MaxTimeout));
    if (Answers) begin
      assume (timeout_i >= 16'(MaxLag + 2));
      if (known_q) begin
        // Late by at most MaxLag, and what it has answered it keeps answering.
        if (switch_on != switch_on_q) begin
          assume (MaxLag > 0 || switch_ack_i == switch_on);
        end else begin
          assume (switch_ack_i == switch_on || (!answered_q && lag_q < 8'(MaxLag)));
        end
      end
    end
  end

  always_comb begin
    if (known_q) begin
      switched_on :  assert (waits_on_q <= 8'(OnBound));
      switched_off : assert (waits_off_q <= 8'(OffBound));
      no_error :     assert (!Answers || !error);
    end
  end

`ifdef INDUCTION
  // For induction.
  always_comb begin
    if (known_q) begin
      legal :    assert (state <= PowerError && error == (state == PowerError) && off == (state == PowerOff));
      on :       assert (accept == (state == PowerOn));
      command :  assert (switch_on == (state >= PowerSwitchOn && state <= PowerReset));
      counted :  assert (u_dut.count_q >= 16'd1);
      compared : assert (state == PowerOff || (u_dut.step_done_q == (u_dut.count_q >= 16'(delay_i)) &&
                         u_dut.timeout_q == (u_dut.count_q >= timeout_i)));
      in_time :  assert (!(state == PowerSwitchOn || state == PowerSwitchOff) || u_dut.count_q <= 16'd1 ||
                         u_dut.count_q <= timeout_i || u_dut.count_q <= 16'(delay_i));
    end
  end
`endif
endmodule
