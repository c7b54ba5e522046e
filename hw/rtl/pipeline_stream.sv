// SPDX-License-Identifier: Apache-2.0
/// Makes a valid/ready stream of a pipeline that cannot stall, such as an adder graph, and requantises its sums.
///
/// The pipeline lies outside: it gets graph_data_o with graph_valid_o[0], graph_valid_o[k] says that its stage k
/// holds a vector, and its sums return on graph_data_i Stages cycles later. Vectors are issued against credits
/// for the output FIFO, so that whatever is in flight has a place.
///
/// Latency: Stages + 1 cycles. Initiation interval: 1 cycle.
///
/// Protocol: valid/ready. Lane i of the output is the requantised lane i of the sums (see requantize).
/// Does not: compute the sums.
///
/// Parameters
///   InW              input word width, bits
///   Stages           pipeline stages, at least 1
///   Lanes            sums a vector
///   AccW             sum width, bits, signed
///   Shift, OutW      of requantize
module pipeline_stream #(
    parameter int unsigned InW    = 200,
    parameter int unsigned Stages = 4,
    parameter int unsigned Lanes  = 20,
    parameter int unsigned AccW   = 17,
    parameter int unsigned Shift  = 7,
    parameter int unsigned OutW   = 8
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  in_valid_i,
    output logic                  in_ready_o,
    input  logic [InW-1:0]        in_data_i,
    output logic [Stages-1:0]     graph_valid_o,
    output logic [InW-1:0]        graph_data_o,
    input  logic [Lanes-1:0][AccW-1:0] graph_data_i,
    output logic                  out_valid_o,
    input  logic                  out_ready_i,
    output logic [Lanes*OutW-1:0] out_data_o
);
  // One word for each stage, one for the sums, one because a credit returns a cycle late.
  localparam int unsigned Depth   = Stages + 2;
  localparam int unsigned CreditW = $clog2(Depth + 1);

  logic [CreditW-1:0] used_q;  // words in flight or in the FIFO
  logic [Stages-1:0] valid_q;  // valid_q[Stages-1]: the sums are there
  logic issue, unused_fifo_ready;
  logic [Lanes-1:0][OutW-1:0] activation;

  assign in_ready_o   = used_q != CreditW'(Depth);
  assign issue        = in_valid_i && in_ready_o;
  assign graph_data_o = in_data_i;

  if (Stages > 1) begin : gen_stages
    assign graph_valid_o = {valid_q[Stages-2:0], issue};
  end else begin : gen_stage
    assign graph_valid_o = issue;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      used_q  <= '0;
    end else begin
      valid_q <= graph_valid_o;
      used_q  <= used_q + CreditW'(issue) - CreditW'(out_valid_o && out_ready_i);
    end
  end

  for (genvar i = 0; i < Lanes; i++) begin : gen_requantize
    requantize #(
        .AccW (AccW),
        .Shift(Shift),
        .OutW (OutW)
    ) u_requantize (
        .acc_i (graph_data_i[i]),
        .data_o(activation[i])
    );
  end

  stream_fifo #(
      .Width    (Lanes * OutW),
      .Depth    (Depth),
      .NeverFull(1'b1)
  ) u_fifo (
      .clk_i,
      .rst_ni,
      .in_valid_i (valid_q[Stages-1]),
      .in_ready_o (unused_fifo_ready),
      .in_data_i  (activation),
      .out_valid_o,
      .out_ready_i,
      .out_data_o
  );
endmodule
