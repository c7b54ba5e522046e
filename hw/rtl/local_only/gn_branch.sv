// SPDX-License-Identifier: Apache-2.0
/// Stands in the place of the gate's branch in a device that has none: no domain, no memories, no decisions.
///
/// Latency of read_o: 0 cycles.
///
/// Protocol: ports as of the branch. Whatever comes is taken and forgotten, so that nothing waits; quiet_o is high for
/// ever. A bank has the gate's weights all the same: what is written of them is ignored, and they are read as zeros.
/// Does not: decide; power_manager has no mode in which somebody would ask.
module gn_branch
  import accel_pkg::*;
  import learn_pkg::*;
  import moe_pkg::*;
(
    input  logic                                    clk_i,
    input  logic                                    rst_ni,
    input  logic                                    domain_clk_i,
    input  logic                                    domain_rst_ni,
    input  logic                                    isolate_i,
    input  logic                                    wr_clk_i,
    input  weight_write_t                           write_i,
    // Features
    input  logic                                    frame_start_i,
    input  image_t                                  image_i,
    input  logic                                    in_valid_i,
    output logic                                    in_ready_o,
    input  logic [FeatureWordW-1:0]                 in_data_i,
    // Learning
    input  learn_settings_t                         learn_i,
    input  logic [DitherW-1:0]                      dither_i,
    input  logic                                    replay_i,
    output logic                                    replayed_o,
    output learned_t                                learned_o,
    output logic                                    busy_o,
    input  weight_read_t                            read_i,
    output weight_read_data_t                       read_o,
    // Confidences of all local experts
    input  logic                                    confidence_valid_i,
    output logic                                    confidence_ready_o,
    input  logic [LocalExperts-1:0][2*FeatureW-1:0] confidence_i,
    // Decisions for the mux
    output logic                                    out_valid_o,
    input  logic                                    out_ready_i,
    output logic [ExpertW-1:0]                      out_expert_o,
    // Decisions for the feature store
    output logic                                    keep_valid_o,
    input  logic                                    keep_ready_i,
    output logic                                    keep_o,
    // What is going on
    output activity_t [GateLayers-1:0]              activity_o,
    output logic                                    quiet_o
);
  assign in_ready_o         = 1'b1;
  assign replayed_o         = 1'b0;
  assign learned_o          = '0;
  assign busy_o             = 1'b0;
  assign confidence_ready_o = 1'b1;
  assign out_valid_o        = 1'b0;
  assign out_expert_o       = '0;
  assign keep_valid_o       = 1'b0;
  assign keep_o             = 1'b0;
  assign activity_o         = '0;
  assign quiet_o            = 1'b1;

  assign read_o.done = read_i.valid && read_i.layer inside {LayerW'(LayerGateHidden), LayerW'(LayerGateOut)};
  assign read_o.data = '0;

  logic unused_inputs;
  assign unused_inputs = ^{clk_i, rst_ni, domain_clk_i, domain_rst_ni, isolate_i, wr_clk_i, write_i, frame_start_i,
                           image_i, in_valid_i, in_data_i, learn_i, dither_i, replay_i, read_i, confidence_valid_i,
                           confidence_i, out_ready_i, keep_ready_i};
endmodule
