// SPDX-License-Identifier: Apache-2.0
/// Stands in the place of the global expert's branch in a device that has none: no domain, no store, no answers.
///
/// Protocol: ports as of the branch. Whatever comes is taken and forgotten, so that nothing waits; work_o is low and
/// quiet_o high for ever.
/// Does not: answer; power_manager has no mode in which somebody would ask.
module ge_branch
  import accel_pkg::*;
  import moe_pkg::*;
(
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     domain_clk_i,
    input  logic                     domain_rst_ni,
    input  logic                     isolate_i,
    // Features
    input  logic                     frame_start_i,
    input  image_t                   image_i,
    input  logic                     in_valid_i,
    output logic                     in_ready_o,
    input  logic [FeatureWordW-1:0]  in_data_i,
    // The gate's decisions
    input  logic                     keep_valid_i,
    output logic                     keep_ready_o,
    input  logic                     keep_i,
    // Answers
    output logic                     out_valid_o,
    input  logic                     out_ready_i,
    output logic [ClassW-1:0]        out_class_o,
    // What is going on
    output logic                     store_write_o,
    output logic                     store_read_o,
    output activity_t [GeLayers-1:0] activity_o,
    output logic                     work_o,
    output logic                     quiet_o
);
  assign in_ready_o    = 1'b1;
  assign keep_ready_o  = 1'b1;
  assign out_valid_o   = 1'b0;
  assign out_class_o   = '0;
  assign store_write_o = 1'b0;
  assign store_read_o  = 1'b0;
  assign activity_o    = '0;
  assign work_o        = 1'b0;
  assign quiet_o       = 1'b1;

  logic unused_inputs;
  assign unused_inputs = ^{clk_i, rst_ni, domain_clk_i, domain_rst_ni, isolate_i, frame_start_i, image_i, in_valid_i,
                           in_data_i, keep_valid_i, keep_i, out_ready_i};
endmodule
