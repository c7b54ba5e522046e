// SPDX-License-Identifier: Apache-2.0
/// The AXI4-Lite bundle of the register block: what a master says, and what it is answered; and what the block asks.
package axil_pkg;
  localparam int unsigned AddrW = 12;  // 4 KiB
  localparam int unsigned DataW = 32;
  localparam int unsigned StrbW = DataW / 8;

  typedef struct packed {
    logic             awvalid;
    logic [AddrW-1:0] awaddr;
    logic             wvalid;
    logic [DataW-1:0] wdata;
    logic [StrbW-1:0] wstrb;
    logic             bready;
    logic             arvalid;
    logic [AddrW-1:0] araddr;
    logic             rready;
  } axil_request_t;

  typedef struct packed {
    logic             awready;
    logic             wready;
    logic             bvalid;
    logic [1:0]       bresp;
    logic             arready;
    logic             rvalid;
    logic [DataW-1:0] rdata;
    logic [1:0]       rresp;
  } axil_response_t;

  // Asks for the word of a register whose value is not in the register block, by its address in words.
  localparam int unsigned WordAddrW = AddrW - $clog2(StrbW);
  typedef struct packed {
    logic                 valid;
    logic [WordAddrW-1:0] address;
  } word_fetch_t;
endpackage
