// SPDX-License-Identifier: Apache-2.0
/// The datapath with every power domain on: what simulation, synthesis and comparison of the arithmetic use.
///
/// moe_core with one clock and one reset for all domains, no isolation, all experts enabled. See there for structure,
/// protocol and timing.
/// Does not: have registers, counters or power control; moe_accelerator is the device.
module moe_top
  import accel_pkg::*;
  import learn_pkg::*;
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
    // A learning session (learn_pkg::learn_settings_t)
    input  logic                     learn_open_i,
    input  logic [BankW-1:0]         learn_bank_i,
    input  logic [LocalExpertW-1:0]  learn_expert_i,
    input  logic [MarginW-1:0]       local_margin_i,
    input  logic [ShiftW-1:0]        local_shift_i,
    input  logic [MarginW-1:0]       own_margin_i,
    input  logic [MarginW-1:0]       generic_margin_i,
    input  logic [ShiftW-1:0]        gate_shift_i,
    input  logic                     random_load_i,
    input  logic [RandomW-1:0]       random_i,
    output logic [RandomW-1:0]       random_o,
    input  logic                     correct_valid_i,
    input  logic [SeqW-1:0]          correct_sequence_i,
    input  logic [LabelW-1:0]        correct_label_i,
    output logic                     correct_busy_o,
    output logic                     correct_refused_o,
    // Run-time weights
    input  logic                     wr_en_i,
    input  logic [LayerW-1:0]        wr_layer_i,
    input  logic                     wr_bias_i,
    input  logic [BankW-1:0]         wr_bank_i,
    input  logic [WriteAddrW-1:0]    wr_addr_i,
    input  logic [ChunkBits-1:0]     wr_data_i,
    // Reading them back
    input  logic                     rd_valid_i,
    input  logic [LayerW-1:0]        rd_layer_i,
    input  logic                     rd_bias_i,
    input  logic [BankW-1:0]         rd_bank_i,
    input  logic [WriteAddrW-1:0]    rd_addr_i,
    output logic                     rd_done_o,
    output logic [ChunkBits-1:0]     rd_data_o,
    // Pixels
    input  logic                     s_axis_tvalid,
    output logic                     s_axis_tready,
    input  logic [PixelW-1:0]        s_axis_tdata,
    input  logic                     s_axis_tlast,
    input  logic [LabelW-1:0]        s_axis_tuser,
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

  weight_read_t read;
  weight_read_data_t read_back;
  assign read = '{valid: rd_valid_i, layer: rd_layer_i, bias: rd_bias_i, bank: rd_bank_i, address: rd_addr_i};

  assign rd_done_o = read_back.done;
  assign rd_data_o = read_back.data;

  learn_settings_t learn;
  assign learn = '{
          open: learn_open_i,
          bank: learn_bank_i,
          expert: learn_expert_i,
          local_rule: '{own_margin: local_margin_i, generic_margin: '0, shift: local_shift_i},
          gate_rule: '{own_margin: own_margin_i, generic_margin: generic_margin_i, shift: gate_shift_i}
      };
  lesson_events_t lessons;
  correction_t correction;
  assign correction = '{valid: correct_valid_i, sequence_number: correct_sequence_i, label: correct_label_i};

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
      .read_i          (read),
      .read_o          (read_back),
      .learn_i         (learn),
      .random_load_i,
      .random_i,
      .random_o,
      .lesson_o        (lessons),
      .correct_i       (correction),
      .correct_busy_o,
      .correct_refused_o,
      .s_axis_tvalid,
      .s_axis_tready,
      .s_axis_tdata,
      .s_axis_tlast,
      .s_axis_tuser,
      .m_axis_tvalid,
      .m_axis_tready,
      .m_axis_tdata
  );

  logic unused_device;
  assign unused_device = ^{events, ge_work, in_flight, bank_busy, quiet, lessons};
endmodule
