// SPDX-License-Identifier: Apache-2.0
/// Proof: power_sequencer is safe and keeps its order, for any inputs, settings and resets.
///
/// An order is stated on the outputs alone: each may change only when those before it in the sequence have changed
/// and settled. Exempt is the cycle after a reset, which switches everything off at once.
module power_sequencer_order
  import accel_pkg::*;
(
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
  typedef struct packed {
    logic accept, clk_en, rst_n, isolate, save, restore, retain, switch_on, on, off, error, timeout, wake;
  } outputs_t;

  outputs_t now, past_q;
  power_state_e state, state_q;

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
      .accept_o   (now.accept),
      .clk_en_o   (now.clk_en),
      .rst_no     (now.rst_n),
      .isolate_o  (now.isolate),
      .save_o     (now.save),
      .restore_o  (now.restore),
      .retain_o   (now.retain),
      .switch_on_o(now.switch_on),
      .state_o    (state),
      .on_o       (now.on),
      .off_o      (now.off),
      .error_o    (now.error),
      .timeout_o  (now.timeout),
      .wake_o     (now.wake)
  );

  logic known_q = 1'b0;  // the design has been reset once
  logic steady_q = 1'b0;  // ... and was not in reset in the cycle before
  logic on_q, idle_q, idle_before_q, retain_q, ack_q, ack_before_q;
  logic saved_q;  // the retained memories hold what the domain had

  always_ff @(posedge clk_i) begin
    known_q       <= 1'b1;
    steady_q      <= known_q && rst_ni;
    past_q        <= now;
    state_q       <= state;
    on_q          <= on_i;
    idle_q        <= idle_i;
    idle_before_q <= idle_q;
    retain_q      <= retain_i;
    ack_q         <= switch_ack_i;
    ack_before_q  <= rst_ni && ack_q;
    saved_q       <= rst_ni && (now.save || (saved_q && now.isolate));
  end

  outputs_t rose, fell;
  assign rose = now & ~past_q;
  assign fell = ~now & past_q;

  always_comb if (!known_q) assume (!rst_ni);

  always_comb begin
    if (known_q) begin
      // Safety, at all times.
      isolated_unless_powered : assert (now.isolate || (now.switch_on && now.clk_en && now.rst_n));
      accepts_only_when_on :    assert (!now.accept || (now.on && !now.isolate));
      error_is_safe :           assert (!now.error || (now.isolate && !now.rst_n && !now.clk_en && !now.switch_on));
      off_is_off :              assert (!now.off || (now.isolate && !now.rst_n && !now.clk_en && !now.switch_on));
      clock_needs_the_switch :  assert (!now.clk_en || now.switch_on);
      running_needs_the_clock : assert (!now.rst_n || now.clk_en);
      saves_while_running :     assert (!now.save || (now.isolate && now.rst_n && !now.retain));
      restores_while_running :  assert (!now.restore || (now.isolate && now.rst_n && now.retain));
      retains_what_was_saved :  assert (!now.retain || saved_q);

      // Pairs of state and event that the coverage of the tests calls unreachable.
      on_cannot_rise : assert (!(state >= PowerSwitchOn && state <= PowerOn) || on_q);
      on_cannot_fall : assert (!(state >= PowerDrain && state <= PowerReset) || !on_q);
    end
    if (steady_q) begin
      // Order on.
      switch_first :           assert (!rose.switch_on || (past_q.isolate && !past_q.rst_n && !past_q.clk_en));
      acknowledge_then_clock : assert (!rose.clk_en || (past_q.switch_on && ack_q && ack_before_q));
      clock_under_reset :      assert (!rose.clk_en || (!past_q.rst_n && !now.rst_n));
      clock_then_release :     assert (!rose.rst_n || (past_q.clk_en && now.clk_en && now.isolate));
      release_then_restore :   assert (!rose.restore || (past_q.rst_n && now.isolate));
      restore_then_open :      assert (!fell.isolate || (past_q.rst_n && now.rst_n && !now.restore && !now.retain));
      restored_if_retained :   assert (!fell.retain || (past_q.restore && now.isolate && now.rst_n));
      open_then_accept :       assert (!rose.accept || (!now.isolate && past_q.rst_n));
      // Order off.
      stop_then_isolate :      assert (!rose.isolate || (!past_q.accept && !now.accept));
      drain_then_isolate :     assert (!rose.isolate || idle_before_q);
      open_for_who_comes :     assert (!rose.isolate || !on_q);  // also outside On: the GE takes work whenever open
      isolate_then_save :      assert (!rose.save || (now.isolate && past_q.rst_n && retain_q));
      save_then_reset :        assert (!fell.rst_n || (past_q.isolate && now.clk_en && now.retain == (past_q.save ||
                                       past_q.retain)));
      saved_means_retained :   assert (!rose.retain || (past_q.save && fell.rst_n));
      reset_then_clock_off :   assert (!fell.clk_en || (!past_q.rst_n && past_q.isolate));
      clock_off_with_switch :  assert (!fell.switch_on || (!past_q.rst_n && past_q.isolate && !now.clk_en));
      off_after_acknowledge :  assert (!rose.off || (!past_q.switch_on && !ack_q && !ack_before_q));
      // Pulses and the error state.
      wake_is_from_off :       assert (now.wake == (past_q.off && !now.off));
      timeout_is_first_error : assert (now.timeout == rose.error);
      time_out_while_waiting : assert (!rose.error || state_q == PowerSwitchOn || state_q == PowerSwitchOff);
    end
  end

`ifdef INDUCTION
  // What ties the outputs to the state: not asked for as such, but induction starts in any state that it allows.
  always_comb begin
    if (known_q) begin
      legal :     assert (state <= PowerError);
      accept :    assert (now.accept == (state == PowerOn));
      clk_en :    assert (now.clk_en == (state >= PowerClock && state <= PowerReset));
      rst_n :     assert (now.rst_n == (state >= PowerReleaseReset && state <= PowerSave));
      isolate :   assert (u_dut.isolate_q == (state < PowerUnisolate || state > PowerDrain));
      isolated :  assert (now.isolate || (state >= PowerUnisolate && state <= PowerIsolate));
      open :      assert (!now.isolate || !(state == PowerOn || state == PowerDrain));
      switch_on : assert (now.switch_on == (state >= PowerSwitchOn && state <= PowerReset));
      save :      assert (now.save == (state == PowerSave && u_dut.keep_q));
      restore :   assert (now.restore == (state == PowerRestore && u_dut.keep_q));
      retain :    assert (now.retain == (state != PowerSave && u_dut.keep_q));
      on :        assert (now.on == (state == PowerOn || state == PowerDrain));
      off :       assert (now.off == (state == PowerOff));
      error :     assert (now.error == (state == PowerError));
      dropped :   assert (!(state >= PowerUnisolate && state <= PowerIsolate) || !u_dut.keep_q);
      kept :      assert (!u_dut.keep_q || saved_q || state == PowerSave);
      acked :     assert (!steady_q || u_dut.ack_q == ack_q);
      drained :   assert (!(state == PowerIsolate && !now.isolate) || !steady_q || idle_q);
    end
  end
`endif
endmodule
