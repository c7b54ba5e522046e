// SPDX-License-Identifier: Apache-2.0
/// Border of PD_FE: the front end between its operand mask and its isolation clamp.
///
/// While isolate_i is high the front end is offered nothing, sees constant data, and nothing of it gets out: what is
/// offered is masked by the signal that clamps, because a domain must not take a word whose ready the clamp hides, and
/// pixels must not toggle logic that sleeps (operand isolation). The other three branches do the same.
///
/// Latency and initiation interval: those of front_end.
///
/// Protocol: valid/ready; domain_clk_i, domain_rst_ni and isolate_i see power_sequencer. quiet_o: nothing moves.
/// Does not: hold anything while the domain sleeps.
module fe_branch
  import accel_pkg::*;
  import moe_pkg::*;
(
    input  logic                        domain_clk_i,
    input  logic                        domain_rst_ni,
    input  logic                        isolate_i,
    input  logic                        in_valid_i,
    output logic                        in_ready_o,
    input  logic [PixelW-1:0]           in_data_i,
    output logic                        out_valid_o,
    input  logic                        out_ready_i,
    output logic [FeatureWordW-1:0]     out_data_o,
    output activity_t [FrontLayers-1:0] activity_o,
    output logic                        quiet_o
);
  logic raw_ready, raw_valid;
  logic [FeatureWordW-1:0] raw_data;
  activity_t [FrontLayers-1:0] raw_activity;

  front_end u_front_end (
      .clk_i      (domain_clk_i),
      .rst_ni     (domain_rst_ni),
      .in_valid_i (in_valid_i && !isolate_i),
      .in_ready_o (raw_ready),
      .in_data_i  (isolate_i ? '0 : in_data_i),
      .out_valid_o(raw_valid),
      .out_ready_i,
      .out_data_o (raw_data),
      .activity_o (raw_activity)
  );

  isolation_clamp #(
      .Width($bits({raw_ready, raw_valid, raw_data, raw_activity}))
  ) u_isolation (
      .isolate_i,
      .data_i({raw_ready, raw_valid, raw_data, raw_activity}),
      .data_o({in_ready_o, out_valid_o, out_data_o, activity_o})
  );

  assign quiet_o = !((|activity_o) || in_valid_i || out_valid_o);
endmodule
