// SPDX-License-Identifier: Apache-2.0
/// The whole device behind two pins: serial_bridge and moe_accelerator, in one clock domain.
///
/// There are no power switches: an acknowledge is its command. Clock gates, reset and isolation act all the same.
///
/// Latency and initiation interval: those of the line.
///
/// Protocol: rx_i is asynchronous; irq_o is the accelerator's and working_o tells which switched domains have a clock,
/// both for lamps. rst_ni is synchronous and also the device's; it reaches the bridge 1 cycle late and the device 2:
/// nothing is lost in the cycle between, because the bridge offers nothing for many bytes' time.
/// Does not: make clock or reset; a board's top does.
///
/// Parameters
///   Divisor       clock cycles of a bit
///   GapCycles     silence after which a frame that is not complete is dropped, cycles
///   ResultsDepth  results that can wait, 2 to 255
module moe_serial
  import accel_pkg::*;
  import moe_pkg::*;
  import axil_pkg::*;
#(
    parameter int unsigned Divisor      = 16,
    parameter int unsigned GapCycles    = 1_000_000,
    parameter int unsigned ResultsDepth = 16
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    input  logic               rx_i,
    output logic               tx_o,
    output logic               irq_o,
    output logic [Domains-1:0] working_o
);
  if (PixelW != 8) begin : gen_bad_pixel
    $error("moe_serial: pixels have %0d bits, the serial link carries 8.", PixelW);
  end

  logic awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready;
  logic [AddrW-1:0] awaddr, araddr;
  logic [DataW-1:0] wdata, rdata;
  logic [StrbW-1:0] wstrb;
  logic [1:0] bresp, rresp;
  logic pixel_valid, pixel_ready, pixel_last, result_valid, result_ready, result_last;
  logic [7:0] pixel;
  logic [LabelW-1:0] label;
  logic [31:0] result;
  logic [Domains-1:0] switches, rst_n, isolate, save, restore, memory;

  // Active high, because that is what flip-flops take: no inverter stands between a register and its many loads.
  logic bridge_reset_q, device_reset_q;
  initial {bridge_reset_q, device_reset_q} = '1;  // as an FPGA is configured
  always @(posedge clk_i) begin
    bridge_reset_q <= !rst_ni;
    device_reset_q <= bridge_reset_q;
  end

  serial_bridge #(
      .Divisor     (Divisor),
      .GapCycles   (GapCycles),
      .ImageBytes  (ImageBeats),
      .ResultsDepth(ResultsDepth),
      .LabelW      (LabelW)
  ) u_bridge (
      .clk_i,
      .rst_ni        (!bridge_reset_q),
      .rx_i,
      .tx_o,
      .m_axil_awvalid(awvalid),
      .m_axil_awready(awready),
      .m_axil_awaddr (awaddr),
      .m_axil_wvalid (wvalid),
      .m_axil_wready (wready),
      .m_axil_wdata  (wdata),
      .m_axil_wstrb  (wstrb),
      .m_axil_bvalid (bvalid),
      .m_axil_bready (bready),
      .m_axil_bresp  (bresp),
      .m_axil_arvalid(arvalid),
      .m_axil_arready(arready),
      .m_axil_araddr (araddr),
      .m_axil_rvalid (rvalid),
      .m_axil_rready (rready),
      .m_axil_rdata  (rdata),
      .m_axil_rresp  (rresp),
      .m_axis_tvalid (pixel_valid),
      .m_axis_tready (pixel_ready),
      .m_axis_tdata  (pixel),
      .m_axis_tlast  (pixel_last),
      .m_axis_tuser  (label),
      .s_axis_tvalid (result_valid),
      .s_axis_tready (result_ready),
      .s_axis_tdata  (result)
  );

  moe_accelerator u_device (
      .clk_i,
      .rst_ni        (!device_reset_q),
      .s_axil_awvalid(awvalid),
      .s_axil_awready(awready),
      .s_axil_awaddr (awaddr),
      .s_axil_wvalid (wvalid),
      .s_axil_wready (wready),
      .s_axil_wdata  (wdata),
      .s_axil_wstrb  (wstrb),
      .s_axil_bvalid (bvalid),
      .s_axil_bready (bready),
      .s_axil_bresp  (bresp),
      .s_axil_arvalid(arvalid),
      .s_axil_arready(arready),
      .s_axil_araddr (araddr),
      .s_axil_rvalid (rvalid),
      .s_axil_rready (rready),
      .s_axil_rdata  (rdata),
      .s_axil_rresp  (rresp),
      .s_axis_tvalid (pixel_valid),
      .s_axis_tready (pixel_ready),
      .s_axis_tdata  (pixel),
      .s_axis_tlast  (pixel_last),
      .s_axis_tuser  (label),
      .m_axis_tvalid (result_valid),
      .m_axis_tready (result_ready),
      .m_axis_tdata  (result),
      .m_axis_tlast  (result_last),
      .irq_o,
      .pd_switch_o   (switches),
      .pd_ack_i      (switches),
      .pd_clk_en_o   (working_o),
      .pd_rst_no     (rst_n),
      .pd_isolate_o  (isolate),
      .pd_save_o     (save),
      .pd_restore_o  (restore),
      .pd_memory_o   (memory)
  );

  // Answers carry results one by one; a board has no switches.
  logic unused;
  assign unused = ^{result_last, rst_n, isolate, save, restore, memory};
endmodule
