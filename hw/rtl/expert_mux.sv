// SPDX-License-Identifier: Apache-2.0
/// The binary-gated mux: connects exactly one expert to the result stream, image by image, in input order.
///
/// The head of the descriptor queue says what the image waits for: its length status, the gate's decision if the gate
/// runs, the answers of all local experts that ran, and the GE's answer unless the gate spared it. When all of it is
/// there, the result is formed and everything that belongs to the image is consumed in one cycle. An image with a
/// lesson is answered by the expert of its descriptor; what the gate says of it is dropped.
///
/// Latency: 1 cycle from the last item to the result. Initiation interval: 2 cycles.
///
/// Protocol: valid/ready on every side; inputs are queues in image order.
/// Does not: compute anything.
///
/// Parameters
///   LocalExperts  number of local experts, 1 to 8
module expert_mux
  import accel_pkg::*;
#(
    parameter int unsigned LocalExperts = 1
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    input  logic                         image_valid_i,
    output logic                         image_ready_o,
    input  image_t                       image_i,
    input  logic                         status_valid_i,
    output logic                         status_ready_o,
    input  logic                         status_short_i,
    input  logic                         status_long_i,
    input  logic                         gate_valid_i,
    output logic                         gate_ready_o,
    input  logic [ExpertW-1:0]           gate_expert_i,
    input  logic                         ge_valid_i,
    output logic                         ge_ready_o,
    input  logic [ClassW-1:0]            ge_class_i,
    input  logic [LocalExperts-1:0]      le_valid_i,
    output logic [LocalExperts-1:0]      le_ready_o,
    input  logic [LocalExperts-1:0][ClassW-1:0] le_class_i,
    output logic                         out_valid_o,
    input  logic                         out_ready_i,
    output result_t                      out_result_o
);
  logic needs_ge, complete, complete_q, fire;
  logic [LocalExperts-1:0] needs_le;
  logic [ExpertW-1:0] expert;
  result_t result;

  assign expert   = (image_i.use_gate && !image_i.lesson.valid) ? gate_expert_i : image_i.expert;
  assign needs_le = image_i.use_le[LocalExperts-1:0];
  assign needs_ge = image_i.use_ge && !(image_i.gated && gate_expert_i != '0);
  assign complete = image_valid_i && status_valid_i && (gate_valid_i || !image_i.use_gate) &&
                    (ge_valid_i || !needs_ge) && (&(le_valid_i | ~needs_le));
  // What is complete stays so until it is taken; that it is, is decided by one register for those who are far away.
  assign fire     = complete_q && !out_valid_o;

  assign image_ready_o  = fire;
  assign status_ready_o = fire;
  assign gate_ready_o   = fire && image_i.use_gate;
  assign ge_ready_o     = fire && needs_ge;
  assign le_ready_o     = {LocalExperts{fire}} & needs_le;

  always_comb begin
    result                    = '0;
    result.sequence_number    = image_i.sequence_number;
    result.bank               = image_i.bank;
    result.status.disabled    = image_i.disabled;
    result.status.no_bank     = image_i.no_bank;
    result.status.long_image  = status_long_i;
    result.status.short_image = status_short_i;
    result.expert             = expert;
    result.class_index        = NoClass;
    if (expert == '0 && needs_ge) result.class_index = ge_class_i;
    for (int unsigned i = 0; i < LocalExperts; i++) begin
      if (expert == ExpertW'(i + 1) && needs_le[i]) result.class_index = le_class_i[i];
    end
  end

  always_ff @(posedge clk_i) begin
    complete_q <= rst_ni && complete && !fire;
    if (!rst_ni) out_valid_o <= 1'b0;
    else if (fire) out_valid_o <= 1'b1;
    else if (out_ready_i) out_valid_o <= 1'b0;
    if (fire) out_result_o <= result;
  end

  // Threshold and unused experts' bits were for others.
  logic unused_image;
  assign unused_image = ^image_i;
endmodule
