// SPDX-License-Identifier: Apache-2.0
/// What multiplier_block uses of the ECP5's MULT18X18D, for simulation: an 18 x 18 bit multiplier with a register at
/// each operand (clock enable CE0) and one behind it (CE1), as tools/yosys.py sets them up.
/// Source: Lattice FPGA-TN-02205, "ECP5 and ECP5-5G sysDSP Usage Guide".
module MULT18X18D (
    input  logic A17, A16, A15, A14, A13, A12, A11, A10, A9,
    input  logic A8, A7, A6, A5, A4, A3, A2, A1, A0,
    input  logic B17, B16, B15, B14, B13, B12, B11, B10, B9,
    input  logic B8, B7, B6, B5, B4, B3, B2, B1, B0,
    input  logic SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, CLK0, CE0, CE1, RST0,
    output logic P35, P34, P33, P32, P31, P30, P29, P28, P27,
    output logic P26, P25, P24, P23, P22, P21, P20, P19, P18,
    output logic P17, P16, P15, P14, P13, P12, P11, P10, P9,
    output logic P8, P7, P6, P5, P4, P3, P2, P1, P0
);
  logic signed [17:0] a_q, b_q;
  logic signed [35:0] p_q;

  always_ff @(posedge CLK0) begin
    assert (SIGNEDA && SIGNEDB && !SOURCEA && !SOURCEB && !RST0)
    else $error("MULT18X18D: only signed operands from the fabric are in this model.");
    if (CE0) begin
      a_q <= {
      A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6,
      A5, A4, A3, A2, A1, A0
      };
      b_q <= {
      B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6,
      B5, B4, B3, B2, B1, B0
      };
    end
    if (CE1) p_q <= 36'(a_q) * 36'(b_q);
  end

  assign {
      P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24,
      P23, P22, P21, P20, P19, P18, P17, P16, P15, P14, P13, P12,
      P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
  } = p_q;
endmodule
