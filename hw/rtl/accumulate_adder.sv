// SPDX-License-Identifier: Apache-2.0
/// Adds to a running sum, or to what the sum begins with: multiplexer and adder in one.
///
/// Formula: sum_o = (first_i ? start_i : acc_i) + add_i, modulo 2**Width.
///
/// Protocol: start_i is all ones while first_i is 0. An LUT in a carry chain of an ECP5 has four inputs, and so a
/// place for the multiplexer; but its lower half, where the two control inputs are 0, must be the carry that a bit
/// generates. Here they never are: first_i is one of them, start_i the other.
///
/// With the macro TARGET_ECP5 it is the device's CCU2C, as Yosys makes none with a multiplexer inside: it would put
/// one LUT a bit in front. The cell's parameters are set behind read_slang (tools/yosys.py), as of multiplier_block.
/// The first half cell adds zeros: it is the constant carry into bit 0 (tools/carries.py).
///
/// Latency: combinational.
///
/// Parameters
///   Width  bits
module accumulate_adder #(
    parameter int unsigned Width = 24
) (
    input  logic             first_i,
    input  logic [Width-1:0] start_i,
    input  logic [Width-1:0] acc_i,
    input  logic [Width-1:0] add_i,
    output logic [Width-1:0] sum_o
);
`ifdef TARGET_ECP5
  localparam int unsigned Cells = (Width + 2) / 2;

  logic [2*Cells-1:0] add, acc, start, sum;
  logic [Cells:0] carry;

  assign add      = (2 * Cells)'({add_i, 1'b0});
  assign acc      = (2 * Cells)'({acc_i, 1'b0});
  assign start    = (2 * Cells)'({start_i, 1'b0});
  assign carry[0] = 1'b0;
  assign sum_o    = sum[Width:1];

  for (genvar i = 0; i < Cells; i++) begin : gen_cell
    CCU2C u_carry (
        .CIN (carry[i]),
        .A0  (add[2*i]),
        .B0  (acc[2*i]),
        .C0  (start[2*i]),
        .D0  (first_i),
        .A1  (add[2*i+1]),
        .B1  (acc[2*i+1]),
        .C1  (start[2*i+1]),
        .D1  (first_i),
        .S0  (sum[2*i]),
        .S1  (sum[2*i+1]),
        .COUT(carry[i+1])
    );
  end

  logic unused_carry;
  assign unused_carry = ^{carry[Cells], sum};
`else
  assign sum_o = (first_i ? start_i : acc_i) + add_i;
`endif
endmodule
