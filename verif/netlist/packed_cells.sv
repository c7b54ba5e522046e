// SPDX-License-Identifier: Apache-2.0
/// A test design of which nextpnr's packer makes everything that verif/netlist/routed.py knows: carries, wide
/// multiplexers, both kinds of memory, a multiplier, registers with resets and enables, a gated clock.
///
/// Latency: 1 cycle from everything to everything but memory_o and parity_o.
module packed_cells (
    input  logic        clk_i,
    input  logic        rst_i,
    input  logic        write_i,
    input  logic [ 7:0] data_i,
    output logic [15:0] product_o,
    output logic [ 7:0] memory_o,
    output logic [ 7:0] block_o,
    output logic [ 7:0] difference_o,
    output logic        parity_o
);
  logic [9:0] count_q;
  logic [8:0] rotated_q;
  logic [15:0] history_q;
  logic [7:0] small_memory[16];
  logic [7:0] block_memory[1024];
  logic gated;

  DCCA u_gate (.CLKI(clk_i), .CE(data_i[7]), .CLKO(gated));

  always_ff @(posedge clk_i) begin
    if (rst_i) count_q <= 10'd1;
    else count_q <= count_q + 10'(data_i);
    if (rst_i) history_q <= '0;
    else history_q <= {history_q[7:0], data_i};
    if (write_i) block_memory[count_q] <= data_i;
    block_o <= block_memory[count_q ^ 10'd5];
    if (write_i) small_memory[count_q[3:0]] <= data_i;
    product_o <= 16'(data_i) * 16'(count_q[7:0]);
    difference_o <= rst_i ? '0 : rotated_q[7:0] - product_o[7:0];
  end
  always_ff @(posedge gated) begin
    if (rst_i) rotated_q <= 9'h1a5;
    else if (write_i) rotated_q <= {rotated_q[7:0], rotated_q[8] ^ data_i[0]};
  end

  assign memory_o = small_memory[data_i[3:0]];
  assign parity_o = (history_q[5:0] * 6'd7 > 6'd20) ^ (^history_q) ^ (&history_q[9:3]);
endmodule
