// SPDX-License-Identifier: Apache-2.0
/// Proof: stream_width delivers every lane once, in order and unchanged, when it splits and when it gathers.
///
/// Parameters
///   InLanes, OutLanes  lanes of an input and an output word
module stream_width_proof #(
    parameter int unsigned InLanes  = 4,
    parameter int unsigned OutLanes = 2
) (
    input logic                 clk_i,
    input logic                 in_valid_i,
    input logic [2*InLanes-1:0] in_data_i,
    input logic                 out_ready_i,
    input logic                 mark_i,
    input logic [          7:0] lane_i
);
  localparam bit Split = InLanes > OutLanes;
  localparam int unsigned Capacity = Split ? InLanes : 2 * OutLanes - InLanes;

  logic rst_n = 1'b0;
  logic in_ready, out_valid, marked;
  logic [2*OutLanes-1:0] out_data;
  logic [1:0] value;
  logic [7:0] held, ahead;

  always_ff @(posedge clk_i) rst_n <= 1'b1;

  stream_width #(
      .LaneW   (2),
      .InLanes (InLanes),
      .OutLanes(OutLanes)
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
      .InLanes (InLanes),
      .OutLanes(OutLanes),
      .Capacity(Capacity)
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
      .lane_i,
      .held_o     (held),
      .marked_o   (marked),
      .ahead_o    (ahead),
      .value_o    (value)
  );

  always_comb if (rst_n) offers_whole_words : assert (out_valid == (held >= 8'(OutLanes)));

`ifdef INDUCTION
  // For induction: where the lanes are.
  if (Split) begin : gen_split
    logic [InLanes-1:0][1:0] lanes;
    assign lanes = u_dut.gen_split.data_q;
    always_comb begin
      if (rst_n) begin
        count :
        assert (held == (out_valid ? 8'(InLanes) - 8'(OutLanes) * 8'(u_dut.gen_split.gen_piece[0].idx_copy_q) : '0));
        index : assert (!out_valid || 8'(u_dut.gen_split.gen_piece[0].idx_copy_q) < 8'(InLanes / OutLanes));
        last :
        assert (u_dut.gen_split.gen_piece[0].last_copy_q ==
                (8'(u_dut.gen_split.gen_piece[0].idx_copy_q) == 8'(InLanes / OutLanes - 1)));
        if (marked) place : assert (lanes[ahead] == value);
      end
    end
  end else begin : gen_gather
    logic [2*OutLanes-InLanes-1:0][1:0] lanes;
    logic [7:0] place;
    assign lanes = {u_dut.gen_gather.group_q, u_dut.gen_gather.data_q};
    assign place = out_valid ? ahead : ahead + 8'(OutLanes);
    always_comb begin
      if (rst_n) begin
        count :
        assert (held == 8'(InLanes) * 8'(u_dut.gen_gather.idx_q) + (out_valid ? 8'(OutLanes) : '0));
        index : assert (8'(u_dut.gen_gather.idx_q) < 8'(OutLanes / InLanes));
        last : assert (u_dut.gen_gather.last_q == (8'(u_dut.gen_gather.idx_q) == 8'(OutLanes / InLanes - 1)));
        if (marked) found : assert (lanes[place] == value);
      end
    end
  end
`endif
endmodule
