// SPDX-License-Identifier: Apache-2.0
/// Results until the host collects them, with their number. When it is full, the accelerator waits.
///
/// Latency: 1 cycle. Protocol: valid/ready on both sides.
///
/// Parameters
///   Depth  results it holds, 2 to 255
module result_queue #(
    parameter int unsigned Depth = 16
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        s_axis_tvalid,
    output logic        s_axis_tready,
    input  logic [31:0] s_axis_tdata,
    output logic        valid_o,
    input  logic        ready_i,
    output logic [31:0] result_o,
    output logic [7:0]  count_o
);
  if (Depth < 2 || Depth > 255) begin : gen_bad_depth
    $error("result_queue: Depth is %0d, allowed are 2 to 255.", Depth);
  end

  stream_fifo #(
      .Width(32),
      .Depth(Depth)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .in_valid_i (s_axis_tvalid),
      .in_ready_o (s_axis_tready),
      .in_data_i  (s_axis_tdata),
      .out_valid_o(valid_o),
      .out_ready_i(ready_i),
      .out_data_o (result_o)
  );

  logic push, pop;
  assign push = s_axis_tvalid && s_axis_tready;
  assign pop  = valid_o && ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) count_o <= '0;
    else count_o <= count_o + 8'(push) - 8'(pop);
  end
endmodule
