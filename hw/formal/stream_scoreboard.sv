// SPDX-License-Identifier: Apache-2.0
/// What every stream module promises, for proofs: no lane of a word is lost, repeated, changed or overtaken.
///
/// Counts the lanes inside. One lane of one input word, any, is marked and followed: it must come out in its place
/// with its value. Since the solver chooses it, this holds for all. A waiting output word must stay as it is.
///
/// Protocol: watches a stream in and out; mark_i and lane_i are free. The outputs are for invariants of the design.
///
/// Parameters
///   LaneW               lane width, bits
///   InLanes, OutLanes   lanes of an input and an output word
///   Capacity            lanes that the design can hold
module stream_scoreboard #(
    parameter int unsigned LaneW    = 2,
    parameter int unsigned InLanes  = 1,
    parameter int unsigned OutLanes = 1,
    parameter int unsigned Capacity = 4
) (
    input  logic                               clk_i,
    input  logic                               rst_ni,
    input  logic                               in_valid_i,
    input  logic                               in_ready_i,
    input  logic [ InLanes-1:0][LaneW-1:0]     in_data_i,
    input  logic                               out_valid_i,
    input  logic                               out_ready_i,
    input  logic [OutLanes-1:0][LaneW-1:0]     out_data_i,
    input  logic                               mark_i,
    input  logic [                  7:0]       lane_i,
    output logic [                  7:0]       held_o,    // lanes inside
    output logic                               marked_o,  // one of them is marked
    output logic [                  7:0]       ahead_o,   // lanes in front of it
    output logic [            LaneW-1:0]       value_o    // what it must be
);
  logic push, pop, stalled_q;
  logic [OutLanes-1:0][LaneW-1:0] out_data_q;
  logic [7:0] rest;  // lanes inside that do not leave in this cycle

  assign push = in_valid_i && in_ready_i;
  assign pop  = out_valid_i && out_ready_i;
  assign rest = held_o - (pop ? 8'(OutLanes) : 8'd0);

  always_ff @(posedge clk_i) begin
    out_data_q <= out_data_i;
    if (!rst_ni) begin
      held_o    <= '0;
      marked_o  <= 1'b0;
      stalled_q <= 1'b0;
    end else begin
      held_o    <= rest + (push ? 8'(InLanes) : 8'd0);
      stalled_q <= out_valid_i && !out_ready_i;
      if (!marked_o) begin
        marked_o <= push && mark_i;
        ahead_o  <= rest + lane_i;
        value_o  <= in_data_i[lane_i];
      end else if (pop) begin
        marked_o <= ahead_o >= 8'(OutLanes);
        ahead_o  <= ahead_o - 8'(OutLanes);
      end
    end
  end

  always_comb assume (lane_i < 8'(InLanes));

  always_comb begin
    if (rst_ni) begin
      waiting_word_stays : assert (!stalled_q || (out_valid_i && out_data_i == out_data_q));
      nothing_from_nothing : assert (!out_valid_i || held_o >= 8'(OutLanes));
      not_more_than_it_holds : assert (held_o <= 8'(Capacity));
      marked_is_inside : assert (!marked_o || ahead_o < held_o);
      if (marked_o && pop && ahead_o < 8'(OutLanes)) begin
        right_word_in_its_place : assert (out_data_i[ahead_o] == value_o);
      end
    end
  end
endmodule
