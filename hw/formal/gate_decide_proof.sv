// SPDX-License-Identifier: Apache-2.0
/// Proof: gate_decide chooses exactly one expert, 0 to Count - 1, by its formula, for any logits and thresholds.
///
/// The formula is stated expert by expert and must hold for exactly one: local expert i is chosen when its margin over
/// the generic logit exceeds theta, no local logit is larger and none before it as large; the GE when no margin does.
///
/// Parameters
///   Count  logits: 1 + number of local experts
///   DataW  logit width, bits
module gate_decide_proof
  import accel_pkg::*;
#(
    parameter int unsigned Count = 3,
    parameter int unsigned DataW = 3
) (
    input logic                     clk_i,
    input logic signed [ThetaW-1:0] theta_i,
    input logic                     in_valid_i,
    input logic signed [ DataW-1:0] in_data_i,
    input logic                     out_ready_i
);
  logic rst_n = 1'b0;
  logic in_ready, out_valid, taken, stalled_q;
  logic due_q;  // the last logit came in the cycle before: the threshold of this cycle counts
  logic [3:0] expert, expert_q, beat_q;

  gate_decide #(
      .Count(Count),
      .DataW(DataW)
  ) u_dut (
      .clk_i,
      .rst_ni      (rst_n),
      .theta_i,
      .in_valid_i,
      .in_ready_o  (in_ready),
      .in_data_i,
      .out_valid_o (out_valid),
      .out_ready_i,
      .out_expert_o(expert)
  );

  // Sign-extended to where no difference wraps.
  logic signed [ThetaW:0] theta, logit[Count];
  logic signed [DataW-1:0] logit_q[Count];
  logic [Count-1:0] choose, choose_q;
  logic [7:0] pending_q;

  assign taken = in_valid_i && in_ready;
  assign theta = (ThetaW + 1)'(theta_i);
  for (genvar i = 0; i < Count; i++) begin : gen_logit
    assign logit[i] = (ThetaW + 1)'(logit_q[i]);
    always_ff @(posedge clk_i) if (taken && beat_q == 4'(i)) logit_q[i] <= in_data_i;
  end

  always_comb begin
    choose = '1;
    for (int unsigned i = 1; i < Count; i++) begin
      if (logit[i] - logit[0] > theta) choose[0] = 1'b0;
      else choose[i] = 1'b0;
      for (int unsigned j = 1; j < Count; j++) begin
        if (logit[j] > logit[i] || (j < i && logit[j] == logit[i])) choose[i] = 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    rst_n     <= 1'b1;
    stalled_q <= rst_n && out_valid && !out_ready_i;
    expert_q  <= expert;
    if (!rst_n) begin
      beat_q    <= '0;
      due_q     <= 1'b0;
      pending_q <= '0;
    end else begin
      due_q <= taken && beat_q == 4'(Count - 1);
      if (taken) beat_q <= (beat_q == 4'(Count - 1)) ? '0 : beat_q + 1'b1;
      pending_q <= pending_q + 8'(taken && beat_q == 4'(Count - 1)) - 8'(out_valid && out_ready_i);
    end
    if (due_q) choose_q <= choose;
  end

  logic [Count-1:0] decoded;
  always_comb begin
    for (int unsigned i = 0; i < Count; i++) decoded[i] = expert == 4'(i);
  end

  always_comb begin
    if (rst_n) begin
      one_decision_each : assert (pending_q == 8'(out_valid) + 8'(due_q));
      waiting_decision_stays : assert (!stalled_q || (out_valid && expert == expert_q));
      if (out_valid) begin
        in_range : assert (expert < 4'(Count));
        one_hot : assert (decoded != '0 && (decoded & (decoded - 1'b1)) == '0);
        formula : assert (decoded == choose_q);
      end
    end
  end

`ifdef INDUCTION
  // For induction: what the design has kept of the logits so far.
  logic [3:0] known;
  assign known = due_q ? 4'(Count) : beat_q;
  always_comb begin
    if (rst_n) begin
      beat : assert (u_dut.beat_q == beat_q && beat_q < 4'(Count));
      due : assert (u_dut.whole_q == due_q && !(due_q && (out_valid || beat_q != 4'd0)));
      if (known > 4'd0) generic : assert (u_dut.generic_q == logit_q[0]);
      if (known > 4'd1) index : assert (u_dut.best_index_q >= 4'd1 && u_dut.best_index_q < known);
    end
  end
  for (genvar i = 1; i < Count; i++) begin : gen_best
    always_comb begin
      if (rst_n && 4'(i) < known) begin
        best : assert (u_dut.best_q >= logit_q[i]);
        if (u_dut.best_index_q == 4'(i)) is_best : assert (u_dut.best_q == logit_q[i]);
        if (u_dut.best_index_q > 4'(i)) first_best : assert (u_dut.best_q > logit_q[i]);
      end
    end
  end
`endif
endmodule
