// SPDX-License-Identifier: Apache-2.0
/// Walks through the payload of a bank's stream: which chunk of which run-time memory each of its words is.
///
/// Latency: outputs are those of the word at hand; the next one's follow advance_i by 1 cycle.
///
/// Protocol: restart_i goes to the first word; it wins over advance_i.
/// Does not: know where the payload ends.
///
/// Parameters
///   Segments  memories of a bank, in stream order
///   SegmentLayer, SegmentBias, SegmentWords, SegmentChunks  of each memory: layer number and kind in a write, words,
///             32-bit chunks a word; memory 0 in the low bits
module bank_walk
  import accel_pkg::*;
#(
    parameter int unsigned               Segments      = 2,
    parameter logic [Segments-1:0][LayerW-1:0]  SegmentLayer  = '0,
    parameter logic [Segments-1:0]       SegmentBias   = 2'b10,
    parameter logic [Segments-1:0][WriteAddrW-1:0] SegmentWords  = {WriteAddrW'(4), WriteAddrW'(4)},
    parameter logic [Segments-1:0][7:0]  SegmentChunks = {8'd1, 8'd1}
) (
    input  logic                  clk_i,
    input  logic                  restart_i,
    input  logic                  advance_i,
    output logic [LayerW-1:0]     layer_o,
    output logic                  bias_o,
    output logic [WriteAddrW-1:0] address_o
);
  localparam int unsigned SegmentW = (Segments > 1) ? $clog2(Segments) : 1;

  for (genvar s = 0; s < Segments; s++) begin : gen_check_segment
    if (SegmentChunks[s] < 1 || SegmentChunks[s] > 128) begin : gen_bad_chunks
      $error("bank_walk: memory %0d has %0d chunks a word, allowed are 1 to 128.", s, SegmentChunks[s]);
    end
  end

  logic [SegmentW-1:0] segment_q;
  logic [WriteAddrW-1:0] word_q;
  logic [7:0] chunk_q;
  logic last_chunk, last_word;

  assign last_chunk = chunk_q == SegmentChunks[segment_q] - 1'b1;
  assign last_word  = word_q == SegmentWords[segment_q] - 1'b1;
  assign layer_o    = SegmentLayer[segment_q];
  assign bias_o     = SegmentBias[segment_q];

  // {word, chunk} with as many chunk bits as the memory's word needs.
  always_comb begin
    address_o = word_q;
    for (int i = 0; i < 7; i++) begin
      if (SegmentChunks[segment_q] > 8'(1 << i)) address_o = address_o << 1;
    end
    address_o = address_o | WriteAddrW'(chunk_q);
  end

  always_ff @(posedge clk_i) begin
    if (restart_i) begin
      segment_q <= '0;
      word_q    <= '0;
      chunk_q   <= '0;
    end else if (advance_i) begin
      chunk_q <= last_chunk ? '0 : chunk_q + 1'b1;
      if (last_chunk) word_q <= last_word ? '0 : word_q + 1'b1;
      if (last_chunk && last_word) segment_q <= segment_q + 1'b1;
    end
  end
endmodule
