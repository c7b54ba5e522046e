// SPDX-License-Identifier: Apache-2.0
/// Register stage of a stream in both directions: cuts a path of data or valid, and one of ready, without a bubble.
///
/// Two words: the one at the output, and a spare for the word that is on its way when the consumer stops.
///
/// Latency: 1 cycle. Initiation interval: 1 cycle.
///
/// Protocol: valid/ready; every output is a register.
/// Does not: hold more than two words; stream_fifo does, with less logic a bit and a memory read behind its pointer.
///
/// Parameters
///   Width  word width, bits
module stream_skid #(
    parameter int unsigned Width = 8
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             in_valid_i,
    output logic             in_ready_o,
    input  logic [Width-1:0] in_data_i,
    output logic             out_valid_o,
    input  logic             out_ready_i,
    output logic [Width-1:0] out_data_o
);
  if (Width < 1) begin : gen_bad_width
    $error("stream_skid: Width is %0d, it must be at least 1.", Width);
  end

  logic [Width-1:0] spare_q;
  logic ready_copy_q;  // in_ready_o for the registers here, which synthesis must not merge (tools/yosys.py)
  logic move;  // the output can take a word

  assign move = !out_valid_o || out_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_ready_o   <= 1'b1;
      ready_copy_q <= 1'b1;
      out_valid_o  <= 1'b0;
    end else if (move) begin
      in_ready_o   <= 1'b1;
      ready_copy_q <= 1'b1;
      out_valid_o  <= in_valid_i || !ready_copy_q;
    end else if (in_valid_i) begin
      in_ready_o   <= 1'b0;
      ready_copy_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (ready_copy_q) spare_q <= in_data_i;
    if (move) out_data_o <= ready_copy_q ? in_data_i : spare_q;
  end
endmodule
