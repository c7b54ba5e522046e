// SPDX-License-Identifier: Apache-2.0
/// Additions, subtractions and comparisons (`$alu` of Yosys) as carry chains of an ECP5 that begin in themselves.
///
/// Yosys' own map hands the first carry, a constant, to the chain's first cell, and place and route then puts a cell
/// (two LUT4 sites) in front that makes it. Here the first carry is made inside: with an odd width the chain's first
/// half cell, which would be left over at its end, is the constant; with an even one the first half makes only the
/// carry out of bit 0, and the sum of bit 0 is an LUT elsewhere. In either case that half's LUT is 0, so that its
/// carry does not depend on CIN, which tools/carries.py then leaves open.
///
/// INIT of a half cell: bits 15 to 8 are its LUT (D is 1) of C, B and A, bits 3 to 0 the carry when that is 0, of B and A.
/// The carry out is then either operand, so that one of them suffices: it is at A, the other one at C. Place and route
/// may swap A with B and C with D, and no other pins of a carry: with operands at A and B they block each other, with A
/// and C each has two pins to itself. In a graph of adders that was the difference between stalling and routed.

(* techmap_celltype = "$alu" *)
module _80_ecp5_chain (A, B, CI, BI, X, Y, CO);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CONSTMSK_CI_ = 1'b0;
  parameter _TECHMAP_CONSTVAL_CI_ = 1'b0;
  parameter _TECHMAP_CONSTMSK_BI_ = 1'b0;
  parameter _TECHMAP_CONSTVAL_BI_ = 1'b0;

  (* force_downto *) input [A_WIDTH-1:0] A;
  (* force_downto *) input [B_WIDTH-1:0] B;
  input CI, BI;
  (* force_downto *) output [Y_WIDTH-1:0] X, Y, CO;

  // Others are left to Yosys: short ones are no carry chains, and a chain may add what is no constant.
  wire _TECHMAP_FAIL_ = Y_WIDTH <= 4 || !_TECHMAP_CONSTMSK_CI_ || !_TECHMAP_CONSTMSK_BI_
                        || _TECHMAP_CONSTVAL_CI_ !== _TECHMAP_CONSTVAL_BI_;

  localparam SUB = _TECHMAP_CONSTVAL_BI_ === 1'b1;
  localparam ODD = Y_WIDTH % 2;
  localparam HALVES = Y_WIDTH + ODD;
  localparam [15:0] ADD_LUT = SUB ? 16'hA5AA : 16'h5AAA;  // A ^ C, inverted to subtract; carry A
  localparam [15:0] FIRST = ODD ? (SUB ? 16'h000f : 16'h0000) : (SUB ? 16'h000b : 16'h0008);

  (* force_downto *) wire [Y_WIDTH-1:0] a, b;
  \$pos #(.A_SIGNED(A_SIGNED), .A_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH)) a_conv (.A(A), .Y(a));
  \$pos #(.A_SIGNED(B_SIGNED), .A_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) b_conv (.A(B), .Y(b));

  (* force_downto *) wire [Y_WIDTH-1:0] added = SUB ? ~b : b;
  (* force_downto *) wire [Y_WIDTH-1:0] carry = {CO, CI};  // into each bit
  (* force_downto *) wire [HALVES-1:0] half_a = ODD ? {a, 1'b0} : a;
  (* force_downto *) wire [HALVES-1:0] half_b = ODD ? {b, 1'b0} : b;
  (* force_downto *) wire [HALVES-1:0] sum, out;  // out[i], i odd: the carry out of half i

  genvar i;
  generate
    for (i = 0; i < HALVES; i = i + 2) begin : slice
      CCU2C #(
        .INIT0(i == 0 ? FIRST : ADD_LUT),
        .INIT1(ADD_LUT),
        .INJECT1_0("NO"),
        .INJECT1_1("NO")
      ) cell_i (
        .CIN(i == 0 ? 1'b0 : out[i-1]),
        .A0(half_a[i]), .B0(i == 0 ? half_b[i] : 1'b1), .C0(i == 0 ? 1'b1 : half_b[i]), .D0(1'b1),
        .A1(half_a[i+1]), .B1(1'b1), .C1(half_b[i+1]), .D1(1'b1),
        .S0(sum[i]), .S1(sum[i+1]),
        .COUT(out[i+1])
      );
    end
    for (i = 0; i < Y_WIDTH; i = i + 1) begin : bit_
      if (i == 0) assign Y[0] = a[0] ^ b[0];
      else assign Y[i] = sum[i+ODD];
      if ((i + ODD) % 2) assign CO[i] = out[i+ODD];
      else assign CO[i] = (a[i] && added[i]) || (carry[i] && (a[i] || added[i]));
    end
  endgenerate

  assign X = a ^ added;
endmodule
