// SPDX-License-Identifier: Apache-2.0
/// AXI4-Lite filter in front of a register block: only whole, aligned words get through to a register.
///
/// Formula: the address that goes on is one bit wider than the one that comes; its highest bit is 1 for an access
/// that must fail (an unaligned address, or a write with a strobe that is 0). No register of the block has that bit
/// in its address, so that it answers SLVERR and changes nothing.
///
/// Latency: write 1 cycle, read and both responses combinational. Initiation interval: 1 cycle.
///
/// Protocol: AXI4-Lite. Address and data of a write may come in either order; both are held until the block has
/// them. Ready never depends on valid.
/// Does not: limit or reorder transactions, or make up responses; those are the block's own.
///
/// Parameters
///   AddrW  address width, bits
///   DataW  data width, bits, 32 or 64
module axil_guard #(
    parameter int unsigned  AddrW = 12,
    parameter int unsigned  DataW = 32,
    localparam int unsigned StrbW = DataW / 8
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    // From the master
    input  logic             s_axil_awvalid,
    output logic             s_axil_awready,
    input  logic [AddrW-1:0] s_axil_awaddr,
    input  logic             s_axil_wvalid,
    output logic             s_axil_wready,
    input  logic [DataW-1:0] s_axil_wdata,
    input  logic [StrbW-1:0] s_axil_wstrb,
    output logic             s_axil_bvalid,
    input  logic             s_axil_bready,
    output logic [1:0]       s_axil_bresp,
    input  logic             s_axil_arvalid,
    output logic             s_axil_arready,
    input  logic [AddrW-1:0] s_axil_araddr,
    output logic             s_axil_rvalid,
    input  logic             s_axil_rready,
    output logic [DataW-1:0] s_axil_rdata,
    output logic [1:0]       s_axil_rresp,
    // To the register block; every write is of a whole word
    output logic             m_axil_awvalid,
    input  logic             m_axil_awready,
    output logic [AddrW:0]   m_axil_awaddr,
    output logic             m_axil_wvalid,
    input  logic             m_axil_wready,
    output logic [DataW-1:0] m_axil_wdata,
    input  logic             m_axil_bvalid,
    output logic             m_axil_bready,
    input  logic [1:0]       m_axil_bresp,
    output logic             m_axil_arvalid,
    input  logic             m_axil_arready,
    output logic [AddrW:0]   m_axil_araddr,
    input  logic             m_axil_rvalid,
    output logic             m_axil_rready,
    input  logic [DataW-1:0] m_axil_rdata,
    input  logic [1:0]       m_axil_rresp
);
  if (DataW != 32 && DataW != 64) begin : gen_bad_width
    $error("axil_guard: DataW is %0d, AXI4-Lite allows 32 and 64.", DataW);
  end

  localparam int unsigned ByteW = $clog2(StrbW);

  // ---- Writes: what must fail is known when address and data are both here -----------------------------------
  logic address_full_q, data_full_q, address_sent_q, data_sent_q, partial_q;
  logic both, done;
  logic [AddrW-1:0] address_q;

  assign both           = address_full_q && data_full_q;
  assign m_axil_awvalid = both && !address_sent_q;
  assign m_axil_wvalid  = both && !data_sent_q;
  assign m_axil_awaddr  = {partial_q || address_q[ByteW-1:0] != '0, address_q};
  assign done           = both && (address_sent_q || m_axil_awready) && (data_sent_q || m_axil_wready);
  assign s_axil_awready = !address_full_q || done;
  assign s_axil_wready  = !data_full_q || done;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      address_full_q <= 1'b0;
      data_full_q    <= 1'b0;
      address_sent_q <= 1'b0;
      data_sent_q    <= 1'b0;
    end else begin
      if (s_axil_awready) address_full_q <= s_axil_awvalid;
      if (s_axil_wready) data_full_q <= s_axil_wvalid;
      address_sent_q <= !done && (address_sent_q || (m_axil_awvalid && m_axil_awready));
      data_sent_q    <= !done && (data_sent_q || (m_axil_wvalid && m_axil_wready));
    end
  end

  always_ff @(posedge clk_i) begin
    if (s_axil_awready) address_q <= s_axil_awaddr;
    if (s_axil_wready) begin
      m_axil_wdata <= s_axil_wdata;
      partial_q    <= s_axil_wstrb != '1;
    end
  end

  // ---- Reads and responses pass -------------------------------------------------------------------------------
  assign m_axil_arvalid = s_axil_arvalid;
  assign s_axil_arready = m_axil_arready;
  assign m_axil_araddr  = {s_axil_araddr[ByteW-1:0] != '0, s_axil_araddr};
  assign s_axil_bvalid  = m_axil_bvalid;
  assign m_axil_bready  = s_axil_bready;
  assign s_axil_bresp   = m_axil_bresp;
  assign s_axil_rvalid  = m_axil_rvalid;
  assign m_axil_rready  = s_axil_rready;
  assign s_axil_rdata   = m_axil_rdata;
  assign s_axil_rresp   = m_axil_rresp;
endmodule
