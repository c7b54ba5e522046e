// SPDX-License-Identifier: Apache-2.0
/// Exact product of an unsigned activation and a signed weight.
///
/// Formula: product = act * wgt, ActW + WgtW bits signed, never wraps.
///
/// Lut = 0 leaves the choice to synthesis, which takes a multiplier block (ECP5: one MULT18X18D). Lut = 1
/// writes the shifts and adds out, so that synthesis cannot see a multiplication: right for 2 to 4-bit
/// weights, where the adders are smaller than the share of a block is worth.
///
/// Latency: combinational.
///
/// Parameters
///   ActW  activation width, bits, unsigned
///   WgtW  weight width, bits, signed
///   Lut   1 = logic only, 0 = synthesis may use a multiplier block
module multiplier #(
    parameter int unsigned ActW = 8,
    parameter int unsigned WgtW = 4,
    parameter bit          Lut  = 1'b0
) (
    input  logic        [     ActW-1:0] act_i,
    input  logic signed [     WgtW-1:0] wgt_i,
    output logic signed [ActW+WgtW-1:0] product_o
);
  localparam int unsigned ProdW = ActW + WgtW;

  if (Lut) begin : gen_lut
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
  end else begin : gen_block
    assign product_o = ProdW'($signed({1'b0, act_i})) * ProdW'(wgt_i);
  end
endmodule
