// SPDX-License-Identifier: Apache-2.0
/// What netlists use of the ECP5's MULT18X18D, for simulation: an 18 x 18 bit multiplier with a register at each
/// operand and one behind it, or without.
/// Source: Lattice FPGA-TN-02205, "ECP5 and ECP5-5G sysDSP Usage Guide".
///
/// Formula: P = A * B, each operand signed as SIGNEDA and SIGNEDB say; 36 bits.
///
/// Latency: a cycle for each kind of register that is in use.
///
/// The operands' registers are enabled by CE0, that of the product by CE0 or CE1.
/// Does not: know of resets, of other clocks, or of operands from the block beside it; what is asked for is an error.
///
/// Parameters, with the cell's own defaults (tools/yosys.py sets those that multiplier_block needs)
///   REG_INPUTA_CLK, REG_INPUTB_CLK  "CLK0" for a register, "NONE" for none
///   REG_OUTPUT_CLK                  the same
///   REG_OUTPUT_CE                   "CE0" or "CE1"
module MULT18X18D #(
    parameter string REG_INPUTA_CLK = "NONE",
    parameter string REG_INPUTB_CLK = "NONE",
    parameter string REG_OUTPUT_CLK = "NONE",
    parameter string REG_OUTPUT_CE  = "CE0"
) (
    input  logic A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
    input  logic B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
    input  logic SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, CLK0, CE0, CE1, RST0,
    output logic P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16,
                 P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
);
  if (!(REG_INPUTA_CLK == "NONE" || REG_INPUTA_CLK == "CLK0")
      || REG_INPUTB_CLK != REG_INPUTA_CLK
      || !(REG_OUTPUT_CLK == "NONE" || REG_OUTPUT_CLK == "CLK0")
      || !(REG_OUTPUT_CE == "CE0" || REG_OUTPUT_CE == "CE1")) begin : gen_not_modelled
    $error("MULT18X18D: these registers are not in this model.");
  end

  logic signed [18:0] a, b, factor_a, factor_b;  // with the sign that makes an unsigned operand positive
  logic signed [35:0] product;
  logic [35:0] p;

  assign a[17:0] = {
    A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0
  };
  assign b[17:0] = {
    B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0
  };
  assign a[18] = SIGNEDA && A17;
  assign b[18] = SIGNEDB && B17;

  if (REG_INPUTA_CLK == "NONE") begin : gen_operands
    assign factor_a = a;
    assign factor_b = b;
  end else begin : gen_operands
    always_ff @(posedge CLK0) begin
      if (CE0) begin
        factor_a <= a;
        factor_b <= b;
      end
    end
  end

  assign product = 36'(factor_a) * 36'(factor_b);

  if (REG_OUTPUT_CLK == "NONE") begin : gen_product
    assign p = product;
  end else begin : gen_product
    always_ff @(posedge CLK0) begin
      if (REG_OUTPUT_CE == "CE1" ? CE1 : CE0) p <= product;
    end
  end

  assign {
    P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16,
    P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
  } = p;

  // ---- What is not in this model ----------------------------------------------------------------------------
  logic others;
  assign others = SOURCEA || SOURCEB || RST0;

  always_comb begin
    assert (others !== 1'b1)
    else $error("MULT18X18D: reset and operands from the block beside it are not in this model.");
  end

  logic unused;
  assign unused = ^{CLK0, CE0, CE1};
endmodule
