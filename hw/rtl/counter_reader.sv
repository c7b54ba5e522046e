// SPDX-License-Identifier: Apache-2.0
/// Lets the read of a counter through to the register block when the counter's word is there.
///
/// The registers of all counters show one and the same word: the block only knows which addresses are counters. Such a
/// read is kept here until its word is fetched, and then goes on. The fetch begins when every read before has been
/// answered, so that the block has looked at the word of the one before. Everything else passes, in order.
///
/// Latency: combinational, but 2 cycles and those of the fetch more for a read of a counter. Initiation interval:
/// 1 cycle, of a counter its own latency and that of the block.
///
/// Protocol: AXI4-Lite. Ready never depends on valid. fetch_o stays until fetched_i; the word stays until the next.
/// Does not: know which addresses have a register, or see writes.
module counter_reader
  import axil_pkg::*;
(
    input  logic           clk_i,
    input  logic           rst_ni,
    // From the master
    input  axil_request_t  master_request_i,
    input  logic           read_fails_i,
    output axil_response_t master_response_o,
    // To the register block
    output axil_request_t  block_request_o,
    output logic           read_fails_o,
    input  axil_response_t block_response_i,
    // Counters
    output word_fetch_t    fetch_o,
    input  logic           fetched_i
);
  logic kept_q, here_q, is_counter, takes, asked, answered;
  logic [3:0] reads_q;  // in the block, which holds fewer
  logic [AddrW-1:0] address_q;

  assign is_counter = master_request_i.araddr >= AddrW'(moe_regs_pkg::MOE_REGS__COUNTERS) && !read_fails_i;
  assign takes      = master_request_i.arvalid && master_response_o.arready && is_counter;
  assign asked      = block_request_o.arvalid && block_response_i.arready;
  assign answered   = block_response_i.rvalid && block_request_o.rready;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      kept_q  <= 1'b0;
      here_q  <= 1'b0;
      reads_q <= '0;
    end else begin
      reads_q <= reads_q + 4'(asked) - 4'(answered);
      if (takes) kept_q <= 1'b1;
      else if (here_q && asked) kept_q <= 1'b0;
      here_q <= (fetch_o.valid && fetched_i) || (here_q && !asked);
    end
  end

  always_ff @(posedge clk_i) begin
    if (takes) address_q <= master_request_i.araddr;
  end

  assign fetch_o = '{
          valid: kept_q && !here_q && reads_q == '0,
          address: address_q[AddrW-1-:WordAddrW]
      };

  always_comb begin
    block_request_o         = master_request_i;
    block_request_o.arvalid = kept_q ? here_q : master_request_i.arvalid && !is_counter;
    block_request_o.araddr  = kept_q ? address_q : master_request_i.araddr;
    read_fails_o            = !kept_q && read_fails_i;

    master_response_o         = block_response_i;
    master_response_o.arready = block_response_i.arready && !kept_q;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    assert (!rst_ni || !asked || answered || reads_q != '1)
    else $error("counter_reader: %m has more reads in the block than it counts.");
  end
`endif

  // The rest of the address is the block's.
  logic unused_address;
  assign unused_address = ^address_q;
endmodule
