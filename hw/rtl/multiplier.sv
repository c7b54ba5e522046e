// SPDX-License-Identifier: Apache-2.0
/// Exact product of an unsigned activation and a signed weight, made of logic.
///
/// Formula: product = act * wgt, ActW + WgtW bits signed, never wraps.
///
/// Shifts and adds are written out, so that synthesis cannot see a multiplication: right for 2 to 4-bit
/// weights, where the adders are smaller than the share of a block is worth (multiplier_block).
///
/// Latency: combinational.
///
/// Parameters
///   ActW  activation width, bits, unsigned
///   WgtW  weight width, bits, signed
module multiplier #(
    parameter int unsigned ActW = 8,
    parameter int unsigned WgtW = 4
) (
    input  logic        [     ActW-1:0] act_i,
    input  logic signed [     WgtW-1:0] wgt_i,
    output logic signed [ActW+WgtW-1:0] product_o
);
  localparam int unsigned ProdW = ActW + WgtW;

  logic signed [ProdW-1:0] act;
  assign act = ProdW'(act_i);

  // The top bit of a two's-complement weight counts negative. It is subtracted last, in a carry chain of its own:
  // negating the activation instead would be shared by all multipliers of that activation, one long fan-out.
  // Terms are masked and not selected, so that no multiplexer stands between two adders.
  always_comb begin
    product_o = '0;
    for (int unsigned b = 0; b + 1 < WgtW; b++) begin
      product_o = product_o + ((act <<< b) & {ProdW{wgt_i[b]}});
    end
    product_o = product_o - ((act <<< (WgtW - 1)) & {ProdW{wgt_i[WgtW-1]}});
  end
endmodule
