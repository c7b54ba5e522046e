// SPDX-License-Identifier: Apache-2.0
/// One processing element of the matrix-vector unit: the sum of Simd products, added to the fold's accumulator.
///
/// Formula, for the token at the accumulator: acc_o = (first ? bias : acc_i) + sum over s of product[s]; on the last
/// word it also goes to result_o. The accumulators of all folds are outside, in accumulator_file.
///
/// Pipeline, with valid_i[k] high while the token is in stage k (k = 0: product_i valid):
///   0 .. Stages - 1 adder tree, Stages accumulate and result register.
/// bias_i, acc_i and acc_o belong to the accumulate stage; bias_i is all ones there unless acc_first_i is high.
/// Every register only loads for a valid token, which keeps operands still between tokens (operand isolation) and saves
/// simulation time.
/// Does not: stall. mvu never issues a token whose result would have no place.
///
/// Parameters: see mvu; Stages is the latency of adder_tree for Simd inputs.
module mvu_pe #(
    parameter int unsigned  Simd          = 1,
    parameter int unsigned  ActW          = 8,
    parameter int unsigned  WgtW          = 8,
    parameter int unsigned  BiasW         = 16,
    parameter int unsigned  AccW          = 24,
    localparam int unsigned Stages        = ($clog2(Simd) + 1) / 2,
    localparam int unsigned ProdW         = ActW + WgtW
) (
    input  logic                             clk_i,
    input  logic        [Stages:0]           valid_i,
    input  logic [Simd-1:0][ProdW-1:0]       product_i,
    input  logic                             acc_first_i,
    input  logic                             acc_take_i,
    input  logic signed [AccW-1:0]           acc_i,
    input  logic signed [BiasW-1:0]          bias_i,
    output logic signed [AccW-1:0]           acc_o,
    output logic signed [AccW-1:0]           result_o
);
  localparam int unsigned SumW = ProdW + $clog2(Simd);

  logic signed [ProdW-1:0] product[Simd];
  for (genvar s = 0; s < Simd; s++) begin : gen_lane
    assign product[s] = product_i[s];
  end

  logic signed [SumW-1:0] sum;
  adder_tree #(
      .Inputs(Simd),
      .InW   (ProdW)
  ) u_adder_tree (
      .clk_i  (clk_i),
      .valid_i(valid_i[(Stages > 0 ? Stages - 1 : 0):0]),
      .in_i   (product),
      .sum_o  (sum)
  );

  // Addition modulo 2**AccW: exact whenever the true value fits, which the assertion below checks.
  logic acc_valid;
  assign acc_valid = valid_i[Stages];

  accumulate_adder #(
      .Width(AccW)
  ) u_accumulate (
      .first_i(acc_first_i),
      .start_i(AccW'(bias_i)),
      .acc_i  (acc_i),
      .add_i  (AccW'(sum)),
      .sum_o  (acc_o)
  );

  always_ff @(posedge clk_i) begin
    if (acc_take_i) result_o <= acc_o;
  end

`ifndef SYNTHESIS
  localparam int unsigned WideW = (AccW > SumW ? AccW : SumW) + BiasW;
  always_ff @(posedge clk_i) begin
    if (acc_valid) begin
      assert (WideW'(acc_o) == (acc_first_i ? WideW'(bias_i) : WideW'(acc_i)) + WideW'(sum))
      else $error("mvu_pe: the accumulator overflows its %0d bits.", AccW);
      assert (acc_first_i || (&bias_i))
      else $error("mvu_pe: bias_i is %0d behind the first word, accumulate_adder needs all ones.", bias_i);
    end
  end
`endif
endmodule
