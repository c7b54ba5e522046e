// SPDX-License-Identifier: Apache-2.0
/// AXI4-Lite filter in front of a register block: only whole, aligned words get through to a register.
///
/// write_fails_o comes with the address of a write that must fail (an unaligned address, or a strobe that is 0), and
/// read_fails_o with that of a read. Put above the highest address bit of the block they lead to no register, so that
/// it answers SLVERR and changes nothing.
///
/// Latency: write 2 cycles, read and both responses combinational. Initiation interval: 1 cycle.
///
/// Protocol: AXI4-Lite. Address and data of a write may come in either order; both are held until the block has
/// them. Ready never depends on valid, and that of a write on registers only. Every write that goes on is of a whole
/// word.
/// Does not: limit or reorder transactions, or make up responses; those are the block's own.
module axil_guard
  import axil_pkg::*;
(
    input  logic           clk_i,
    input  logic           rst_ni,
    // From the master
    input  axil_request_t  master_request_i,
    output axil_response_t master_response_o,
    // To the register block
    output axil_request_t  block_request_o,
    output logic           write_fails_o,
    output logic           read_fails_o,
    input  axil_response_t block_response_i
);
  localparam int unsigned ByteW = $clog2(StrbW);

  // ---- Writes: what must fail is known when address and data are both here ----------------------------------
  logic address_valid, address_ready, awready, data_valid, data_ready, wready;
  logic [AddrW-1:0] address;
  logic [DataW-1:0] data;
  logic [StrbW-1:0] strobe;

  // The block's ready ends here.
  stream_skid #(
      .Width(AddrW)
  ) u_address (
      .clk_i,
      .rst_ni,
      .in_valid_i (master_request_i.awvalid),
      .in_ready_o (address_ready),
      .in_data_i  (master_request_i.awaddr),
      .out_valid_o(address_valid),
      .out_ready_i(awready),
      .out_data_o (address)
  );

  stream_skid #(
      .Width(DataW + StrbW)
  ) u_data (
      .clk_i,
      .rst_ni,
      .in_valid_i (master_request_i.wvalid),
      .in_ready_o (data_ready),
      .in_data_i  ({master_request_i.wdata, master_request_i.wstrb}),
      .out_valid_o(data_valid),
      .out_ready_i(wready),
      .out_data_o ({data, strobe})
  );

  logic address_full_q, data_full_q, address_sent_q, data_sent_q, partial_q;
  logic both, awvalid, wvalid, done;
  logic [AddrW-1:0] address_q;
  logic [DataW-1:0] data_q;

  assign both          = address_full_q && data_full_q;
  assign awvalid       = both && !address_sent_q;
  assign wvalid        = both && !data_sent_q;
  assign write_fails_o = partial_q || address_q[ByteW-1:0] != '0;
  assign done = both && (address_sent_q || block_response_i.awready) && (data_sent_q || block_response_i.wready);
  assign awready       = !address_full_q || done;
  assign wready        = !data_full_q || done;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      address_full_q <= 1'b0;
      data_full_q    <= 1'b0;
      address_sent_q <= 1'b0;
      data_sent_q    <= 1'b0;
    end else begin
      if (awready) address_full_q <= address_valid;
      if (wready) data_full_q <= data_valid;
      address_sent_q <= !done && (address_sent_q || (awvalid && block_response_i.awready));
      data_sent_q    <= !done && (data_sent_q || (wvalid && block_response_i.wready));
    end
  end

  always_ff @(posedge clk_i) begin
    if (awready) address_q <= address;
    if (wready) begin
      data_q    <= data;
      partial_q <= strobe != '1;
    end
  end

  // ---- Reads and responses pass -----------------------------------------------------------------------------
  assign read_fails_o = master_request_i.araddr[ByteW-1:0] != '0;

  always_comb begin
    block_request_o         = master_request_i;
    block_request_o.awvalid = awvalid;
    block_request_o.awaddr  = address_q;
    block_request_o.wvalid  = wvalid;
    block_request_o.wdata   = data_q;
    block_request_o.wstrb   = '1;

    master_response_o         = block_response_i;
    master_response_o.awready = address_ready;
    master_response_o.wready  = data_ready;
  end
endmodule
