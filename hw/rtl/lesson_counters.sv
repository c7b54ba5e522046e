// SPDX-License-Identifier: Apache-2.0
/// Counts what became of lessons since a session was opened.
///
/// Latency: 1 cycle. Initiation interval: 1 cycle.
///
/// Protocol: clear_i wins. Counters stop at their largest value.
/// Does not: tell lessons of images from those of corrections, which give no answer and move weights all the same.
module lesson_counters
  import learn_pkg::*;
  import device_pkg::*;
(
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             clear_i,
    input  lesson_events_t   events_i,
    output lesson_counters_t counters_o
);
  function automatic logic [31:0] up(logic [31:0] count, logic event_now);
    return count + 32'(event_now && count != '1);
  endfunction

  logic [32:0] lost;
  assign lost = {1'b0, counters_o.lost} + 33'((LostW + 1)'(events_i.le.lost) + (LostW + 1)'(events_i.gn.lost));

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      counters_o <= '0;
    end else begin
      counters_o.own         <= up(counters_o.own, events_i.answered && events_i.own);
      counters_o.right       <= up(counters_o.right, events_i.right);
      counters_o.generic     <= up(counters_o.generic, events_i.answered && !events_i.own);
      counters_o.local_moves <= up(counters_o.local_moves, events_i.le.done && events_i.le.moved);
      counters_o.gate_moves  <= up(counters_o.gate_moves, events_i.gn.done && events_i.gn.moved);
      counters_o.lost        <= lost[32] ? '1 : lost[31:0];
    end
  end

  logic unused_events;
  assign unused_events = ^events_i;
endmodule
