// SPDX-License-Identifier: Apache-2.0
/// All products of one step of the matrix-vector unit: Pe x Simd, registered.
///
/// Formula: product[p][s] = act[s] * wgt[p][s], ActW + WgtW bits signed, never wraps.
///
/// Multiplier selects what the products are made of:
///   0  one multiplier block each (ECP5: MULT18X18D)
///   1  logic only, shifts and adds of the weight's bits: for weights of 2 to 4 bits the adders are smaller than the
///      share of a block is worth
///   2  one multiplier block for the products of two neighbouring outputs, see multiplier_pair: narrow weights only
///
/// Latency: 3 cycles with Multiplier = 0, 2 with 1, 4 with 2. Initiation interval: 1 cycle. The first is a register of
/// the operands in front of whatever multiplies: the memories of the weights lie far from the blocks.
///
/// Protocol: valid_i[0] comes with the operands, valid_i[1] and [2] follow a cycle later each: registers only load for
/// a valid step, so that nothing toggles when the memories are read for another reason. With Multiplier = 2 they load
/// always, see multiplier_pair; such weights are constants that nothing else reads.
/// Does not: say when a product is valid.
///
/// Parameters
///   Pe, Simd    outputs and inputs of a step
///   ActW, WgtW  activation width (unsigned) and weight width (signed), bits
///   Multiplier  see above
module mvu_products #(
    parameter int unsigned  Pe         = 2,
    parameter int unsigned  Simd       = 1,
    parameter int unsigned  ActW       = 8,
    parameter int unsigned  WgtW       = 4,
    parameter int unsigned  Multiplier = 0,
    localparam int unsigned ProdW      = ActW + WgtW
) (
    input  logic                                clk_i,
    input  logic [2:0]                          valid_i,
    input  logic [Simd-1:0][ActW-1:0]           act_i,
    input  logic [Pe-1:0][Simd-1:0][WgtW-1:0]   wgt_i,
    output logic [Pe-1:0][Simd-1:0][ProdW-1:0]  product_o
);
  if (Multiplier > 2) begin : gen_bad_multiplier
    $error("mvu_products: Multiplier is %0d, allowed are 0 to 2.", Multiplier);
  end

  logic [Pe-1:0][Simd-1:0][WgtW-1:0] wgt_q;

  always_ff @(posedge clk_i) begin
    if (valid_i[0] || Multiplier == 2) wgt_q <= wgt_i;
  end

  if (Multiplier == 0) begin : gen_blocks
    logic [Simd-1:0][ActW-1:0] act_q;
    always_ff @(posedge clk_i) if (valid_i[0]) act_q <= act_i;

    for (genvar p = 0; p < Pe; p++) begin : gen_pe
      for (genvar s = 0; s < Simd; s++) begin : gen_lane
        multiplier_block #(
            .ActW(ActW),
            .WgtW(WgtW)
        ) u_multiplier (
            .clk_i,
            .valid_i  (valid_i[2:1]),
            .act_i    (act_q[s]),
            .wgt_i    (wgt_q[p][s]),
            .product_o(product_o[p][s])
        );
      end
    end
  end else if (Multiplier == 1) begin : gen_logic
    // An activation for each output: the loads of a single one would lie far apart.
    logic [Pe-1:0][Simd-1:0][ActW-1:0] act_copy_q;
    logic [Pe-1:0][Simd-1:0][ProdW-1:0] product;

    for (genvar p = 0; p < Pe; p++) begin : gen_pe
      for (genvar s = 0; s < Simd; s++) begin : gen_lane
        multiplier #(
            .ActW(ActW),
            .WgtW(WgtW)
        ) u_logic (
            .act_i    (act_copy_q[p][s]),
            .wgt_i    (wgt_q[p][s]),
            .product_o(product[p][s])
        );
      end
    end

    always_ff @(posedge clk_i) begin
      if (valid_i[0]) act_copy_q <= {Pe{act_i}};
      if (valid_i[1]) product_o <= product;
    end

    logic unused_valid;
    assign unused_valid = valid_i[2];
  end else begin : gen_pairs
    logic [Simd-1:0][ActW-1:0] act_q;
    always_ff @(posedge clk_i) act_q <= act_i;

    logic unused_valid;
    assign unused_valid = ^valid_i;

    if (Pe % 2 != 0) begin : gen_bad_pe
      $error("mvu_products: paired products need an even Pe, it is %0d.", Pe);
    end
    for (genvar p = 0; p + 1 < Pe; p += 2) begin : gen_pe
      for (genvar s = 0; s < Simd; s++) begin : gen_lane
        multiplier_pair #(
            .ActW(ActW),
            .WgtW(WgtW)
        ) u_pair (
            .clk_i,
            .act_i     (act_q[s]),
            .wgt0_i    (wgt_q[p][s]),
            .wgt1_i    (wgt_q[p+1][s]),
            .product0_o(product_o[p][s]),
            .product1_o(product_o[p+1][s])
        );
      end
    end
  end
endmodule
