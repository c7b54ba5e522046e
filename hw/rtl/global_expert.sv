// SPDX-License-Identifier: Apache-2.0
/// Global expert (GE), the part behind the shared front end: the frozen layers of ge_tail and the arg max.
///
/// Initiation interval: that of its slowest layer. ge_tail is generated from the network specification.
///
/// Protocol: valid/ready; feature words in, one class an image out.
module global_expert
  import accel_pkg::*;
  import moe_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,
    input  logic in_valid_i,
    output logic in_ready_o,
    input  logic [FeatureWordW-1:0] in_data_i,
    output logic out_valid_o,
    input  logic out_ready_i,
    output logic [ClassW-1:0] out_class_o,
    output activity_t [GeLayers-1:0] activity_o
);
  logic acc_valid, acc_ready;
  logic [GeLogitLanes*GeLogitW-1:0] acc_data;

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

  // The GE's confidence is nobody's input.
  logic signed [GeLogitW-1:0] unused_max, unused_second;
  logit_arg_max #(
      .Count (Classes),
      .Lanes (GeLogitLanes),
      .LogitW(GeLogitW)
  ) u_class (
      .clk_i,
      .rst_ni,
      .in_valid_i  (acc_valid),
      .in_ready_o  (acc_ready),
      .in_data_i   (acc_data),
      .out_valid_o,
      .out_ready_i,
      .out_class_o,
      .out_max_o   (unused_max),
      .out_second_o(unused_second)
  );
endmodule
