// SPDX-License-Identifier: Apache-2.0
/// Requantisation of one accumulator to an unsigned activation (ReLU included).
///
/// Formula: out = clamp(round_half_even(acc / 2**Shift), 0, 2**OutW - 1).
///
/// This is `ap_ufixed<..., AP_RND_CONV, AP_SAT>` of HLS and `torch.round` followed by a clamp; a negative
/// accumulator gives 0, which is the ReLU. Shift = 0 only clamps.
///
/// Latency: combinational.
/// Does not: pipeline or handle per-channel scales (power-of-two per-tensor scales only).
///
/// Parameters
///   AccW   accumulator width, bits, signed
///   Shift  binary places dropped
///   OutW   result width, bits, unsigned
module requantize #(
    parameter int unsigned AccW  = 24,
    parameter int unsigned Shift = 8,
    parameter int unsigned OutW  = 8
) (
    input  logic signed [AccW-1:0] acc_i,
    output logic        [OutW-1:0] data_o
);
  if (AccW < 2) begin : gen_bad_acc_w
    $error("requantize: AccW is %0d, it must be at least 2.", AccW);
  end
  if (OutW < 1) begin : gen_bad_out_w
    $error("requantize: OutW is %0d, it must be at least 1.", OutW);
  end

  // Wide enough that the quotient has a bit above OutW, whatever the ratio of Shift to AccW.
  localparam int unsigned ExtW  = (AccW > Shift + OutW + 1) ? AccW : Shift + OutW + 1;
  localparam int unsigned QuotW = ExtW - Shift;

  // The sign bit is not part of the magnitude: a negative accumulator gives 0 anyway.
  logic [ExtW-1:0] magnitude;
  assign magnitude = ExtW'(acc_i[AccW-2:0]);

  logic round_up;
  if (Shift == 0) begin : gen_exact
    assign round_up = 1'b0;
  end else if (Shift == 1) begin : gen_half
    assign round_up = magnitude[0] & magnitude[1];
  end else begin : gen_round
    // Up when above the middle, or exactly in the middle and the quotient is odd.
    assign round_up = magnitude[Shift-1] & ((|magnitude[Shift-2:0]) | magnitude[Shift]);
  end

  logic [QuotW:0] quotient;
  assign quotient = (QuotW + 1)'(magnitude[ExtW-1:Shift]) + (QuotW + 1)'(round_up);

  always_comb begin
    if (acc_i[AccW-1]) data_o = '0;
    else if (|quotient[QuotW:OutW]) data_o = '1;
    else data_o = quotient[OutW-1:0];
  end
endmodule
