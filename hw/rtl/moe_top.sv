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
    input  logic [ModeW-1:0]         mode_i,
    input  logic [BankW-1:0]         bank_i,
    input  logic [Banks-1:0]         bank_valid_i,
    input  logic [LocalExpertW-1:0]  local_expert_i,
    input  logic signed [ThetaW-1:0] theta_i,
    // Run-time weights
    input  logic                     wr_en_i,
    input  logic [LayerW-1:0]        wr_layer_i,
    input  logic                     wr_bias_i,
    input  logic [BankW-1:0]         wr_bank_i,
    input  logic [WriteAddrW-1:0]    wr_addr_i,
    input  logic [ChunkBits-1:0]     wr_data_i,
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
  logic ge_work;
  logic [InFlightW-1:0] in_flight;
  logic [Banks-1:0] bank_busy;
  logic [Domains-1:0] quiet;
  core_events_t events;

  weight_write_t write;
  assign write = '{
          enable: wr_en_i,
          layer: wr_layer_i,
          bias: wr_bias_i,
          bank: wr_bank_i,
          address: wr_addr_i,
          data: wr_data_i
      };

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
      .events_o        (events),
      .in_flight_o     (in_flight),
      .bank_busy_o     (bank_busy),
      .wr_clk_i        (clk_i),
      .write_i         (write),
      .s_axis_tvalid,
      .s_axis_tready,
      .s_axis_tdata,
      .s_axis_tlast,
      .m_axis_tvalid,
      .m_axis_tready,
      .m_axis_tdata
  );

  logic unused_device;
  assign unused_device = ^{events, ge_work, in_flight, bank_busy, quiet};
endmodule
