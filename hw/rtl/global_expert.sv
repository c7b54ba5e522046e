// SPDX-License-Identifier: Apache-2.0
/// Global expert (GE), the part behind the shared front end: the frozen layers of ge_tail and the arg max.
///
/// Initiation interval: that of its slowest layer. ge_tail is generated from the network specification.
///
/// Protocol: valid/ready; feature words in, one class an image out.
module global_expert
  import moe_pkg::*;
(
    input  logic                            clk_i,
    input  logic                            rst_ni,
    input  logic                            in_valid_i,
    output logic                            in_ready_o,
    input  logic [FeatureLanes*FeatureW-1:0] in_data_i,
    output logic                            out_valid_o,
    input  logic                            out_ready_i,
    output logic [7:0]                      out_class_o,
    output activity_pkg::activity_t [GeLayers-1:0] activity_o
);
  if (Classes < 2 || Classes > 255) begin : gen_bad_classes
    $error("global_expert: Classes is %0d, allowed are 2 to 255 (255 in a result says that nobody answered).", Classes);
  end

  localparam int unsigned IndexW = (Classes > 1) ? $clog2(Classes) : 1;

  logic acc_valid, acc_ready, logit_valid, logit_ready;
  logic [GeLogitLanes*GeLogitW-1:0] acc_data;
  logic signed [GeLogitW-1:0] logit, top, second;
  logic [IndexW-1:0] index;

  ge_tail u_tail (
      .clk_i,
      .rst_ni,
      .in_valid_i,
      .in_ready_o,
      .in_data_i,
      .out_valid_o(acc_valid),
      .out_ready_i(acc_ready),
      .out_data_o (acc_data),
      .activity_o
  );

  stream_width #(
      .LaneW   (GeLogitW),
      .InLanes (GeLogitLanes),
      .OutLanes(1)
  ) u_logits (
      .clk_i,
      .rst_ni,
      .in_valid_i (acc_valid),
      .in_ready_o (acc_ready),
      .in_data_i  (acc_data),
      .out_valid_o(logit_valid),
      .out_ready_i(logit_ready),
      .out_data_o (logit)
  );

  arg_max #(
      .Count(Classes),
      .DataW(GeLogitW)
  ) u_arg_max (
      .clk_i,
      .rst_ni,
      .in_valid_i  (logit_valid),
      .in_ready_o  (logit_ready),
      .in_data_i   (logit),
      .out_valid_o,
      .out_ready_i,
      .out_index_o (index),
      .out_max_o   (top),
      .out_second_o(second)
  );

  assign out_class_o = 8'(index);

  // The GE's confidence is nobody's input.
  logic unused_confidence;
  assign unused_confidence = ^{top, second};
endmodule
