// SPDX-License-Identifier: Apache-2.0
/// Proof: stream_skid delivers every word once, in order and unchanged, takes a word whenever it has room for it, and
/// offers what it holds.
module stream_skid_proof (
    input logic       clk_i,
    input logic       in_valid_i,
    input logic [1:0] in_data_i,
    input logic       out_ready_i,
    input logic       mark_i
);
  logic rst_n = 1'b0;
  logic in_ready, out_valid, marked;
  logic [1:0] out_data, value;
  logic [7:0] held, ahead;

  always_ff @(posedge clk_i) rst_n <= 1'b1;

  stream_skid #(
      .Width(2)
  ) u_dut (
      .clk_i,
      .rst_ni     (rst_n),
      .in_valid_i,
      .in_ready_o (in_ready),
      .in_data_i,
      .out_valid_o(out_valid),
      .out_ready_i,
      .out_data_o (out_data)
  );

  stream_scoreboard #(
      .LaneW   (2),
      .Capacity(2)
  ) u_scoreboard (
      .clk_i,
      .rst_ni     (rst_n),
      .in_valid_i,
      .in_ready_i (in_ready),
      .in_data_i,
      .out_valid_i(out_valid),
      .out_ready_i,
      .out_data_i (out_data),
      .mark_i,
      .lane_i     (8'd0),
      .held_o     (held),
      .marked_o   (marked),
      .ahead_o    (ahead),
      .value_o    (value)
  );

  always_comb begin
    if (rst_n) begin
      offers_what_it_holds : assert (out_valid == (held != '0));
      takes_unless_full : assert (in_ready == (held != 8'd2));
    end
  end

`ifdef INDUCTION
  // For induction: where the words are.
  always_comb begin
    if (rst_n) same : assert (u_dut.ready_copy_q == in_ready);
    if (rst_n && marked) place : assert ((ahead == '0 ? out_data : u_dut.spare_q) == value);
  end
`endif
endmodule
