// SPDX-License-Identifier: Apache-2.0
/// Exact product of an unsigned activation and a signed weight, by one multiplier block with its own registers.
///
/// Formula: product = act * wgt, ActW + WgtW bits signed, never wraps.
///
/// Latency: 2 cycles, one for the operands, one for the product. Initiation interval: 1 cycle.
///
/// By default registers around a multiplication, which synthesis for AMD or an ASIC moves into the block or leaves.
/// With the macro TARGET_ECP5 it is the device's MULT18X18D, of which Yosys infers no registers. Yosys then needs
/// `read_verilog -lib +/ecp5/cells_bb.v` first, and its read_slang gives black boxes no parameters: those that put the
/// registers into use are set behind it (tools/yosys.py).
///
/// Protocol: valid_i[0] loads the operands, valid_i[1] the product: the enables of a token that comes by. Both may be
/// constant 1 where the operands hold between two tokens.
/// Does not: reset.
///
/// Parameters
///   ActW  activation width, bits, unsigned, at most 17
///   WgtW  weight width, bits, signed, at most 18
module multiplier_block #(
    parameter int unsigned ActW = 8,
    parameter int unsigned WgtW = 8
) (
    input  logic                        clk_i,
    input  logic        [          1:0] valid_i,
    input  logic        [     ActW-1:0] act_i,
    input  logic signed [     WgtW-1:0] wgt_i,
    output logic signed [ActW+WgtW-1:0] product_o
);
  localparam int unsigned BlockW = 18;
  if (ActW >= BlockW || WgtW > BlockW) begin : gen_bad_width
    $error("multiplier_block: ActW is %0d and WgtW %0d, at most 17 and 18 fit the block.", ActW, WgtW);
  end

`ifdef TARGET_ECP5
  logic [BlockW-1:0] a, b;
  logic [2*BlockW-1:0] p;

  assign a         = BlockW'(act_i);
  assign b         = BlockW'(wgt_i);
  assign product_o = p[ActW+WgtW-1:0];

  MULT18X18D u_block (
      .A17(a[17]), .A16(a[16]), .A15(a[15]), .A14(a[14]), .A13(a[13]), .A12(a[12]),
      .A11(a[11]), .A10(a[10]), .A9(a[9]), .A8(a[8]), .A7(a[7]), .A6(a[6]),
      .A5(a[5]), .A4(a[4]), .A3(a[3]), .A2(a[2]), .A1(a[1]), .A0(a[0]),
      .B17(b[17]), .B16(b[16]), .B15(b[15]), .B14(b[14]), .B13(b[13]), .B12(b[12]),
      .B11(b[11]), .B10(b[10]), .B9(b[9]), .B8(b[8]), .B7(b[7]), .B6(b[6]),
      .B5(b[5]), .B4(b[4]), .B3(b[3]), .B2(b[2]), .B1(b[1]), .B0(b[0]),
      .P35(p[35]), .P34(p[34]), .P33(p[33]), .P32(p[32]), .P31(p[31]), .P30(p[30]),
      .P29(p[29]), .P28(p[28]), .P27(p[27]), .P26(p[26]), .P25(p[25]), .P24(p[24]),
      .P23(p[23]), .P22(p[22]), .P21(p[21]), .P20(p[20]), .P19(p[19]), .P18(p[18]),
      .P17(p[17]), .P16(p[16]), .P15(p[15]), .P14(p[14]), .P13(p[13]), .P12(p[12]),
      .P11(p[11]), .P10(p[10]), .P9(p[9]), .P8(p[8]), .P7(p[7]), .P6(p[6]),
      .P5(p[5]), .P4(p[4]), .P3(p[3]), .P2(p[2]), .P1(p[1]), .P0(p[0]),
      .SIGNEDA(1'b1),
      .SIGNEDB(1'b1),
      .SOURCEA(1'b0),
      .SOURCEB(1'b0),
      .CLK0   (clk_i),
      .CE0    (valid_i[0]),
      .CE1    (valid_i[1]),
      .RST0   (1'b0)
  );

  logic unused_product;
  assign unused_product = ^p;
`else
  logic [ActW-1:0] act_q;
  logic signed [WgtW-1:0] wgt_q;

  always_ff @(posedge clk_i) begin
    if (valid_i[0]) begin
      act_q <= act_i;
      wgt_q <= wgt_i;
    end
    if (valid_i[1]) product_o <= (ActW + WgtW)'($signed({1'b0, act_q})) * (ActW + WgtW)'(wgt_q);
  end
`endif
endmodule
