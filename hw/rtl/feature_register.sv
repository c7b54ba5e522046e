// SPDX-License-Identifier: Apache-2.0
/// Register stage on the features' way: cuts a path of data or valid, and one of ready.
///
/// One word, which a word every other cycle does not notice (Apart), else the two of a stream_skid: a bit less in
/// flip-flops and no multiplexer, of many bits in many places.
///
/// Latency: 1 cycle. Initiation interval: 2 cycles with Apart, else 1.
///
/// Protocol: valid/ready; every output is a register or its complement.
/// Does not: hold more words.
///
/// Parameters
///   Width  word width, bits
///   Apart  1: words come every other cycle at most
module feature_register #(
    parameter int unsigned Width = 8,
    parameter bit          Apart = 1'b0
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
  if (Apart) begin : gen_one
    stream_chain #(
        .Width(Width),
        .Depth(1)
    ) u_word (
        .clk_i,
        .rst_ni,
        .in_valid_i,
        .in_ready_o,
        .in_data_i,
        .out_valid_o,
        .out_ready_i,
        .out_data_o
    );
  end else begin : gen_two
    stream_skid #(
        .Width(Width)
    ) u_words (
        .clk_i,
        .rst_ni,
        .in_valid_i,
        .in_ready_o,
        .in_data_i,
        .out_valid_o,
        .out_ready_i,
        .out_data_o
    );
  end
endmodule
