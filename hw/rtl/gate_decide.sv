// SPDX-License-Identifier: Apache-2.0
/// The binary gate's decision: exactly one expert answers.
///
/// Formula: with logits g[0] (generic) and g[1..Count-1] (local experts), best = the largest local logit (lowest
/// index on a tie); the answer is local expert best when g[best] - g[0] > theta, else the GE. A tie goes to the GE.
///
/// Latency: 2 cycles from the last logit: the best is chosen, then its margin compared. Initiation interval: Count
/// cycles, 3 with Count = 2.
///
/// Protocol: valid/ready; one logit a beat; theta_i belongs to the oldest vector whose decision has not left. It is
/// read in the cycle after the last logit, which is therefore taken only when no earlier decision waits or is made.
/// Does not: weigh experts; the gate is binary.
///
/// Parameters
///   Count  logits: 1 + number of local experts, at least 2
///   DataW  logit width, bits, signed
module gate_decide
  import accel_pkg::*;
#(
    parameter int unsigned Count = 2,
    parameter int unsigned DataW = 24
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic signed [ThetaW-1:0] theta_i,
    input  logic                     in_valid_i,
    output logic                     in_ready_o,
    input  logic signed [DataW-1:0]  in_data_i,
    output logic                     out_valid_o,
    input  logic                     out_ready_i,
    output logic [ExpertW-1:0]       out_expert_o  // 0 = GE, i = local expert i - 1
);
  if (Count < 2 || Count > MaxLocalExperts + 1) begin : gen_bad_count
    $error("gate_decide: Count is %0d, allowed are 2 to 9.", Count);
  end

  // Wide enough for any difference of two logits and for theta.
  localparam int unsigned DiffW = ((DataW > ThetaW) ? DataW : ThetaW) + 1;

  logic [ExpertW-1:0] beat_q, best_index_q;
  logic signed [DataW-1:0] generic_q, best_q;
  logic signed [DiffW-1:0] difference;
  logic last, taken, better, whole_q;  // whole_q: the last logit came in the cycle before

  assign last       = beat_q == ExpertW'(Count - 1);
  assign in_ready_o = !last || !(whole_q || out_valid_o);
  assign taken      = in_valid_i && in_ready_o;
  assign better     = beat_q == ExpertW'(1) || in_data_i > best_q;
  assign difference = DiffW'(best_q) - DiffW'(generic_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_q      <= '0;
      whole_q     <= 1'b0;
      out_valid_o <= 1'b0;
    end else begin
      if (taken) beat_q <= last ? '0 : beat_q + 1'b1;
      whole_q <= taken && last;
      if (whole_q) out_valid_o <= 1'b1;
      else if (out_ready_i) out_valid_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (taken && beat_q == '0) generic_q <= in_data_i;
    if (taken && beat_q != '0 && better) begin
      best_q       <= in_data_i;
      best_index_q <= beat_q;
    end
    if (whole_q) out_expert_o <= (difference > DiffW'(theta_i)) ? best_index_q : '0;
  end
endmodule
