// SPDX-License-Identifier: Apache-2.0
/// The accelerator's registers: axil_guard and the register block that PeakRDL makes of hw/regs/moe_regs.rdl.
///
/// Adds to the block what a description cannot say: a strobe with each word of BANK_DATA, and the interrupt.
///
/// Latency: 3 cycles from the transfer of the last of address and data to the response. Initiation interval: 1 cycle
/// for writes.
///
/// Protocol
///   s_axil_*           AXI4-Lite, 32 bits, 4 KiB. OKAY or SLVERR; an access with SLVERR changed nothing. Reads and
///                      writes share one queue of responses: a response that is not taken holds up those behind it.
///   hwif_in            what the hardware says: status as it is now, events as one cycle of hwset
///   hwif_out           what software set; command bits are high for one cycle
///   bank_data_valid_o  hwif_out.bank_data.word.value is a new word in this cycle
///   irq_o              level: an enabled event is set
/// Does not: count, load banks or interpret modes; it holds what software sets and shows what the hardware says.
module moe_registers (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic                       s_axil_awvalid,
    output logic                       s_axil_awready,
    input  logic [11:0]                s_axil_awaddr,
    input  logic                       s_axil_wvalid,
    output logic                       s_axil_wready,
    input  logic [31:0]                s_axil_wdata,
    input  logic [3:0]                 s_axil_wstrb,
    output logic                       s_axil_bvalid,
    input  logic                       s_axil_bready,
    output logic [1:0]                 s_axil_bresp,
    input  logic                       s_axil_arvalid,
    output logic                       s_axil_arready,
    input  logic [11:0]                s_axil_araddr,
    output logic                       s_axil_rvalid,
    input  logic                       s_axil_rready,
    output logic [31:0]                s_axil_rdata,
    output logic [1:0]                 s_axil_rresp,
    input  moe_regs_pkg::moe_regs__in_t  hwif_in,
    output moe_regs_pkg::moe_regs__out_t hwif_out,
    output logic                       bank_data_valid_o,
    output logic                       irq_o
);
  logic awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready;
  logic [12:0] awaddr, araddr;
  logic [31:0] wdata, rdata;
  logic [1:0] bresp, rresp;

  axil_guard #(
      .AddrW(12),
      .DataW(32)
  ) u_guard (
      .clk_i,
      .rst_ni,
      .s_axil_awvalid,
      .s_axil_awready,
      .s_axil_awaddr,
      .s_axil_wvalid,
      .s_axil_wready,
      .s_axil_wdata,
      .s_axil_wstrb,
      .s_axil_bvalid,
      .s_axil_bready,
      .s_axil_bresp,
      .s_axil_arvalid,
      .s_axil_arready,
      .s_axil_araddr,
      .s_axil_rvalid,
      .s_axil_rready,
      .s_axil_rdata,
      .s_axil_rresp,
      .m_axil_awvalid(awvalid),
      .m_axil_awready(awready),
      .m_axil_awaddr (awaddr),
      .m_axil_wvalid (wvalid),
      .m_axil_wready (wready),
      .m_axil_wdata  (wdata),
      .m_axil_bvalid (bvalid),
      .m_axil_bready (bready),
      .m_axil_bresp  (bresp),
      .m_axil_arvalid(arvalid),
      .m_axil_arready(arready),
      .m_axil_araddr (araddr),
      .m_axil_rvalid (rvalid),
      .m_axil_rready (rready),
      .m_axil_rdata  (rdata),
      .m_axil_rresp  (rresp)
  );

  moe_regs u_block (
      .clk           (clk_i),
      .rst_n         (rst_ni),
      .s_axil_awready(awready),
      .s_axil_awvalid(awvalid),
      .s_axil_awaddr (awaddr),
      .s_axil_awprot (3'b000),
      .s_axil_wready (wready),
      .s_axil_wvalid (wvalid),
      .s_axil_wdata  (wdata),
      .s_axil_wstrb  (4'b1111),
      .s_axil_bready (bready),
      .s_axil_bvalid (bvalid),
      .s_axil_bresp  (bresp),
      .s_axil_arready(arready),
      .s_axil_arvalid(arvalid),
      .s_axil_araddr (araddr),
      .s_axil_arprot (3'b000),
      .s_axil_rready (rready),
      .s_axil_rvalid (rvalid),
      .s_axil_rdata  (rdata),
      .s_axil_rresp  (rresp),
      .hwif_in,
      .hwif_out
  );

  // swmod is high in the cycle of the write; the word is there one cycle later.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) bank_data_valid_o <= 1'b0;
    else bank_data_valid_o <= hwif_out.bank_data.word.swmod;
  end

  assign irq_o = (hwif_out.irq_status.result.value && hwif_out.irq_enable.result.value)
      || (hwif_out.irq_status.bank_committed.value && hwif_out.irq_enable.bank_committed.value)
      || (hwif_out.irq_status.bank_refused.value && hwif_out.irq_enable.bank_refused.value)
      || (hwif_out.irq_status.mode_changed.value && hwif_out.irq_enable.mode_changed.value)
      || (hwif_out.irq_status.power_error.value && hwif_out.irq_enable.power_error.value)
      || (hwif_out.irq_status.image_error.value && hwif_out.irq_enable.image_error.value)
      || (hwif_out.irq_status.no_bank.value && hwif_out.irq_enable.no_bank.value);
endmodule
