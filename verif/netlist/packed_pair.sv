// SPDX-License-Identifier: Apache-2.0
/// packed_cells and its routed netlist, side by side.
///
/// Latency: none of its own.
module packed_pair (
    input  logic       clk_i,
    input  logic       rst_i,
    input  logic       write_i,
    input  logic [7:0] data_i,
    output logic [4:0] same_o
);
  logic [15:0] product[2];
  logic [7:0] memory[2], block[2], difference[2];
  logic parity[2];

  packed_cells u_source (
    .clk_i, .rst_i, .write_i, .data_i,
    .product_o(product[0]), .memory_o(memory[0]), .block_o(block[0]), .difference_o(difference[0]),
    .parity_o(parity[0])
  );
  packed_cells_routed u_routed (
    .clk_i, .rst_i, .write_i, .data_i,
    .product_o(product[1]), .memory_o(memory[1]), .block_o(block[1]), .difference_o(difference[1]),
    .parity_o(parity[1])
  );

  assign same_o = {
    product[0] == product[1], memory[0] == memory[1], block[0] == block[1], difference[0] == difference[1],
    parity[0] == parity[1]
  };
endmodule
