// SPDX-License-Identifier: Apache-2.0
/// Proof: expert_mux (one local expert) forms exactly one result for each descriptor, of the expert that was chosen,
/// consumes exactly what belongs to the image, and holds a result while it waits.
module expert_mux_proof
  import accel_pkg::*;
(
    input logic       clk_i,
    input logic       image_valid_i,
    input image_t     image_i,
    input logic       status_valid_i,
    input logic       status_short_i,
    input logic       status_long_i,
    input logic       gate_valid_i,
    input logic [3:0] gate_expert_i,
    input logic       ge_valid_i,
    input logic [7:0] ge_class_i,
    input logic       le_valid_i,
    input logic [7:0] le_class_i,
    input logic       out_ready_i
);
  logic rst_n = 1'b0;
  logic image_ready, status_ready, gate_ready, ge_ready, le_ready, out_valid;
  result_t result;

  expert_mux #(
      .LocalExperts(1)
  ) u_dut (
      .clk_i,
      .rst_ni        (rst_n),
      .image_valid_i,
      .image_ready_o (image_ready),
      .image_i,
      .status_valid_i,
      .status_ready_o(status_ready),
      .status_short_i,
      .status_long_i,
      .gate_valid_i,
      .gate_ready_o  (gate_ready),
      .gate_expert_i,
      .ge_valid_i,
      .ge_ready_o    (ge_ready),
      .ge_class_i,
      .le_valid_i,
      .le_ready_o    (le_ready),
      .le_class_i,
      .out_valid_o   (out_valid),
      .out_ready_i,
      .out_result_o  (result)
  );

  logic accepted, ge_ran, stalled_q;
  logic [3:0] chosen;
  logic [7:0] pending_q;  // descriptors accepted whose result has not left
  result_t expected, expected_q, result_q;

  assign accepted = image_valid_i && image_ready;
  assign chosen   = (image_i.use_gate && !image_i.lesson.valid) ? gate_expert_i : image_i.expert;
  assign ge_ran   = image_i.use_ge && (!image_i.gated || gate_expert_i == '0);

  always_comb begin
    expected = '{
        sequence_number: image_i.sequence_number,
        bank: image_i.bank,
        status: '{
            disabled: image_i.disabled,
            no_bank: image_i.no_bank,
            long_image: status_long_i,
            short_image: status_short_i
        },
        expert: chosen,
        class_index: NoClass
    };
    if (chosen == 4'd0 && ge_ran) expected.class_index = ge_class_i;
    if (chosen == 4'd1 && image_i.use_le[0]) expected.class_index = le_class_i;
  end

  always_ff @(posedge clk_i) begin
    rst_n     <= 1'b1;
    pending_q <= rst_n ? pending_q + 8'(accepted) - 8'(out_valid && out_ready_i) : '0;
    stalled_q <= rst_n && out_valid && !out_ready_i;
    result_q  <= result;
    if (accepted) expected_q <= expected;
  end

  // What is offered stays until it is taken.
  logic image_waits_q, gate_waits_q, ge_waits_q, le_waits_q, status_waits_q;
  image_t image_q;
  logic [ExpertW-1:0] gate_expert_q;
  always_ff @(posedge clk_i) begin
    image_waits_q  <= rst_n && image_valid_i && !image_ready;
    status_waits_q <= rst_n && status_valid_i && !status_ready;
    gate_waits_q   <= rst_n && gate_valid_i && !gate_ready;
    ge_waits_q     <= rst_n && ge_valid_i && !ge_ready;
    le_waits_q     <= rst_n && le_valid_i && !le_ready;
    image_q        <= image_i;
    gate_expert_q  <= gate_expert_i;
  end
  always_comb begin
    if (rst_n) begin
      assume (!image_i.gated || image_i.use_gate);  // image_ingress
      assume (!image_waits_q || (image_valid_i && image_i == image_q));
      assume (!gate_waits_q || (gate_valid_i && gate_expert_i == gate_expert_q));
      assume (!status_waits_q || status_valid_i);
      assume (!ge_waits_q || ge_valid_i);
      assume (!le_waits_q || le_valid_i);
    end
  end

`ifdef INDUCTION
  // For induction: what is decided a cycle before is that what is at hand is complete.
  always_comb begin
    if (rst_n) begin
      complete :
      assert (!u_dut.complete_q || (image_waits_q && status_waits_q && (gate_waits_q || !image_q.use_gate) &&
              (le_waits_q || !image_q.use_le[0]) &&
              (ge_waits_q || !image_q.use_ge || (image_q.gated && gate_expert_q != '0))));
    end
  end
`endif

  always_comb begin
    if (rst_n) begin
      one_result_each : assert (pending_q == 8'(out_valid));
      right_result : assert (!out_valid || result == expected_q);
      waiting_result_stays : assert (!stalled_q || (out_valid && result == result_q));
      nothing_without_all_items :
      assert (!accepted || (status_valid_i && (gate_valid_i || !image_i.use_gate) && (ge_valid_i || !ge_ran) &&
                            (le_valid_i || !image_i.use_le[0])));
      consumes_its_own :
      assert (status_ready == accepted && gate_ready == (accepted && image_i.use_gate) &&
              ge_ready == (accepted && ge_ran) && le_ready == (accepted && image_i.use_le[0]));
    end
  end
endmodule
