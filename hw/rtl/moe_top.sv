// SPDX-License-Identifier: Apache-2.0
/// The datapath with every power domain on: what simulation, synthesis and comparison of the arithmetic use.
///
/// moe_core with one clock and one reset for all domains, no isolation, all experts enabled. See there for structure,
/// protocol and timing.
/// Does not: have registers, counters or power control; moe_accelerator is the device.
module moe_top
  import accel_pkg::*;
  import moe_pkg::*;
(
    input  logic                     clk_i,
    input  logic                     rst_ni,
    // Settings
    input  logic [2:0]               mode_i,
    input  logic [BankW-1:0]         bank_i,
    input  logic [Banks-1:0]         bank_valid_i,
    input  logic [2:0]               local_expert_i,
    input  logic signed [ThetaW-1:0] theta_i,
    // Run-time weights
    input  logic                     wr_en_i,
    input  logic [3:0]               wr_layer_i,
    input  logic                     wr_bias_i,
    input  logic [BankW-1:0]         wr_bank_i,
    input  logic [19:0]              wr_addr_i,
    input  logic [31:0]              wr_data_i,
    // Pixels
    input  logic                     s_axis_tvalid,
    output logic                     s_axis_tready,
    input  logic [PixelW-1:0]        s_axis_tdata,
    input  logic                     s_axis_tlast,
    // Results
    output logic                     m_axis_tvalid,
    input  logic                     m_axis_tready,
    output logic [31:0]              m_axis_tdata
);
  // What only a device needs.
  logic image_accepted, store_write, store_read, ge_work;
  logic [3:0] in_flight;
  logic [Banks-1:0] bank_busy;
  logic [Domains-1:0] quiet;
  activity_t [FrontLayers-1:0] fe_activity;
  activity_t [GeLayers-1:0] ge_activity;
  activity_t [LocalExperts-1:0] le_activity;
  activity_t [GateLayers-1:0] gn_activity;

  moe_core u_core (
      .clk_i,
      .rst_ni,
      .mode_i,
      .bank_i,
      .bank_valid_i,
      .local_expert_i,
      .theta_i,
      .ge_enable_i     (1'b1),
      .le_enable_i     ('1),
      .accept_i        (1'b1),
      .fe_clk_i        (clk_i),
      .ge_clk_i        (clk_i),
      .le_clk_i        (clk_i),
      .gn_clk_i        (clk_i),
      .domain_rst_ni   ({Domains{rst_ni}}),
      .isolate_i       ('0),
      .ge_work_o       (ge_work),
      .quiet_o         (quiet),
      .image_accepted_o(image_accepted),
      .in_flight_o     (in_flight),
      .bank_busy_o     (bank_busy),
      .fe_activity_o   (fe_activity),
      .ge_activity_o   (ge_activity),
      .le_activity_o   (le_activity),
      .gn_activity_o   (gn_activity),
      .store_write_o   (store_write),
      .store_read_o    (store_read),
      .wr_clk_i        (clk_i),
      .wr_en_i,
      .wr_layer_i,
      .wr_bias_i,
      .wr_bank_i,
      .wr_addr_i,
      .wr_data_i,
      .s_axis_tvalid,
      .s_axis_tready,
      .s_axis_tdata,
      .s_axis_tlast,
      .m_axis_tvalid,
      .m_axis_tready,
      .m_axis_tdata
  );

  logic unused_activity;
  assign unused_activity = ^{image_accepted, store_write, store_read, ge_work, in_flight, bank_busy, quiet, fe_activity,
                             ge_activity, le_activity, gn_activity};
endmodule
