// SPDX-License-Identifier: Apache-2.0
/// Two exact products of one unsigned activation with two narrow signed weights, from one multiplier block.
///
/// Formula: product0 = act * wgt0, product1 = act * wgt1, ActW + WgtW bits signed, never wraps.
///
/// The weights are packed into one number, wgt1 * 2**(ActW+WgtW) + wgt0, so that one multiplication gives
/// product1 * 2**(ActW+WgtW) + product0. The low part is product0 itself; a negative product0 has borrowed one from
/// the high part, which is given back. The packed number must fit the block: ActW + 2*WgtW + 1 <= 18 bits.
///
/// Latency: 3 cycles: those of multiplier_block, and one for the borrow. Initiation interval: 1 cycle.
///
/// Protocol: none. Its registers load in every cycle: an enable for all blocks of a large layer would be its longest
/// wire. The caller holds the operands between two tokens, so that nothing toggles.
/// Does not: reset.
///
/// Parameters
///   ActW  activation width, bits, unsigned
///   WgtW  weight width, bits, signed
module multiplier_pair #(
    parameter int unsigned  ActW  = 8,
    parameter int unsigned  WgtW  = 4,
    localparam int unsigned ProdW = ActW + WgtW
) (
    input  logic                    clk_i,
    input  logic        [ ActW-1:0] act_i,
    input  logic signed [ WgtW-1:0] wgt0_i,
    input  logic signed [ WgtW-1:0] wgt1_i,
    output logic signed [ProdW-1:0] product0_o,
    output logic signed [ProdW-1:0] product1_o
);
  localparam int unsigned PackedW = ProdW + WgtW + 1;
  if (PackedW > 18) begin : gen_bad_width
    $error("multiplier_pair: two %0d-bit weights and %0d-bit activations need %0d bits, 18 are there.", WgtW, ActW,
           PackedW);
  end

  // wgt1 * 2**ProdW + wgt0: a negative wgt0 takes one from wgt1's field.
  logic signed [PackedW-1:0] packed_weights;
  assign packed_weights = PackedW'($signed({wgt1_i, {ProdW{1'b0}}})) + PackedW'(wgt0_i);

  logic signed [ActW+PackedW-1:0] both;
  multiplier_block #(
      .ActW(ActW),
      .WgtW(PackedW)
  ) u_multiplier (
      .clk_i,
      .valid_i  ('1),
      .act_i,
      .wgt_i    (packed_weights),
      .product_o(both)
  );

  always_ff @(posedge clk_i) begin
    product0_o <= both[ProdW-1:0];
    product1_o <= both[2*ProdW-1:ProdW] + ProdW'(both[ProdW-1]);
  end

  logic unused_sign;
  assign unused_sign = both[ActW+PackedW-1];
endmodule
