// SPDX-License-Identifier: Apache-2.0
/// One AXI4-Lite access at a time.
///
/// Latency: that of the registers and 2 cycles.
///
/// Protocol: start_i (a pulse, while none is under way) with write_i, address and data; done_o, a pulse, with error_o
/// and what was read. A valid stays, with what it offers, until its ready.
/// Does not: end an access that is never answered.
module register_master
  import axil_pkg::*;
(
    input  logic              clk_i,
    input  logic              rst_ni,
    input  logic              start_i,
    input  logic              write_i,
    input  logic [AddrW-1:0]  address_i,
    input  logic [DataW-1:0]  data_i,
    output logic              done_o,
    output logic              error_o,
    output logic [DataW-1:0]  data_o,
    // Registers
    output logic              m_axil_awvalid,
    input  logic              m_axil_awready,
    output logic [AddrW-1:0]  m_axil_awaddr,
    output logic              m_axil_wvalid,
    input  logic              m_axil_wready,
    output logic [DataW-1:0]  m_axil_wdata,
    output logic [StrbW-1:0]  m_axil_wstrb,
    input  logic              m_axil_bvalid,
    output logic              m_axil_bready,
    input  logic [1:0]        m_axil_bresp,
    output logic              m_axil_arvalid,
    input  logic              m_axil_arready,
    output logic [AddrW-1:0]  m_axil_araddr,
    input  logic              m_axil_rvalid,
    output logic              m_axil_rready,
    input  logic [DataW-1:0]  m_axil_rdata,
    input  logic [1:0]        m_axil_rresp
);
  logic [AddrW-1:0] address_q;
  logic [DataW-1:0] data_q;

  assign m_axil_awaddr = address_q;
  assign m_axil_araddr = address_q;
  assign m_axil_wdata  = data_q;
  assign m_axil_wstrb  = '1;
  assign data_o        = data_q;

  always_ff @(posedge clk_i) begin
    done_o <= 1'b0;
    if (!rst_ni) begin
      {m_axil_awvalid, m_axil_wvalid, m_axil_bready, m_axil_arvalid, m_axil_rready} <= '0;
    end else begin
      if (m_axil_awready) m_axil_awvalid <= 1'b0;
      if (m_axil_wready) m_axil_wvalid <= 1'b0;
      if (m_axil_arready) m_axil_arvalid <= 1'b0;
      if (m_axil_bvalid && m_axil_bready) begin
        m_axil_bready <= 1'b0;
        done_o        <= 1'b1;
      end
      if (m_axil_rvalid && m_axil_rready) begin
        m_axil_rready <= 1'b0;
        done_o        <= 1'b1;
      end
      if (start_i) begin
        m_axil_awvalid <= write_i;
        m_axil_wvalid  <= write_i;
        m_axil_bready  <= write_i;
        m_axil_arvalid <= !write_i;
        m_axil_rready  <= !write_i;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      address_q <= address_i;
      data_q    <= data_i;
    end else if (m_axil_rvalid && m_axil_rready) data_q <= m_axil_rdata;
    if (m_axil_bvalid && m_axil_bready) error_o <= m_axil_bresp != '0;
    if (m_axil_rvalid && m_axil_rready) error_o <= m_axil_rresp != '0;
  end
endmodule
