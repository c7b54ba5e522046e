// SPDX-License-Identifier: Apache-2.0
/// Proof: stream_fifo delivers every word once, in order and unchanged, and is full and empty when it should be.
///
/// Parameters
///   Depth  words it holds
module stream_fifo_proof #(
    parameter int unsigned Depth = 3
) (
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

  stream_fifo #(
      .Width(2),
      .Depth(Depth)
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
      .Capacity(Depth)
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
      takes_unless_full : assert (in_ready == (held != 8'(Depth) || (Depth == 1 && out_ready_i)));
    end
  end

`ifdef INDUCTION
  // For induction: where the words are.
  if (Depth == 1) begin : gen_register
    always_comb if (rst_n && marked) place : assert (out_data == value);
  end else begin : gen_memory
    logic [7:0] read, place;
    assign read  = 8'(u_dut.gen_memory.rd_ptr_q);
    assign place = (read + ahead >= 8'(Depth)) ? read + ahead - 8'(Depth) : read + ahead;

    logic [7:0] free;
    assign free = (read + held >= 8'(Depth)) ? read + held - 8'(Depth) : read + held;
    for (genvar i = 0; i < Depth; i++) begin : gen_word
      always_comb if (rst_n && marked && place == 8'(i)) word : assert (u_dut.gen_memory.mem[i] == value);
    end
    always_comb begin
      if (rst_n) begin
        count : assert (8'(u_dut.gen_memory.count_q) == held);
        pointers : assert (read < 8'(Depth) && 8'(u_dut.gen_memory.wr_ptr_q) == free);
      end
    end
  end
`endif
endmodule
