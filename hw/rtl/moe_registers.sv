// SPDX-License-Identifier: Apache-2.0
/// The accelerator's registers: axil_guard, counter_reader and the register block that PeakRDL makes of
/// hw/regs/moe_regs.rdl.
///
/// Adds to the block what a description cannot say: a strobe with each word of BANK_DATA, and the interrupt.
///
/// Latency: 5 cycles from the transfer of the last of address and data to the response, of a counter as many more as
/// its fetch takes. Initiation interval: 1 cycle for writes.
///
/// Protocol
///   axil_*             AXI4-Lite, 32 bits, 4 KiB. OKAY or SLVERR; an access with SLVERR changed nothing. Reads and
///                      writes share one queue of responses: a response that is not taken holds up those behind it.
///   hwif_in            what the hardware says: status as it is now, events as one cycle of hwset
///   hwif_out           what software set; command bits are high for one cycle
///   bank_data_valid_o  hwif_out.bank_data.word.value is a new word in this cycle
///   learn_seed_valid_o, learn_correct_valid_o  the same of the seed and of a correction
///   bank_read_taken_o  the word in bank_read_data is read in this cycle
///   counter_fetch_o    the word of a counter that hwif_in must have, for every counter, when counter_fetched_i says
///                      so, and until the next fetch
///   irq_o              level: an enabled event is set
/// Does not: count, load banks or interpret modes; it holds what software sets and shows what the hardware says.
module moe_registers
  import axil_pkg::*;
(
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  axil_request_t              axil_request_i,
    output axil_response_t             axil_response_o,
    input  moe_regs_pkg::moe_regs__in_t  hwif_in,
    output moe_regs_pkg::moe_regs__out_t hwif_out,
    output logic                       bank_data_valid_o,
    output logic                       learn_seed_valid_o,
    output logic                       learn_correct_valid_o,
    output logic                       bank_read_taken_o,
    output word_fetch_t                counter_fetch_o,
    input  logic                       counter_fetched_i,
    output logic                       irq_o
);
  axil_request_t whole_request, request;
  axil_response_t whole_response, response;
  logic write_fails, whole_read_fails, read_fails;

  axil_guard u_guard (
      .clk_i,
      .rst_ni,
      .master_request_i (axil_request_i),
      .master_response_o(axil_response_o),
      .block_request_o  (whole_request),
      .write_fails_o    (write_fails),
      .read_fails_o     (whole_read_fails),
      .block_response_i (whole_response)
  );

  counter_reader u_counter_reader (
      .clk_i,
      .rst_ni,
      .master_request_i (whole_request),
      .read_fails_i     (whole_read_fails),
      .master_response_o(whole_response),
      .block_request_o  (request),
      .read_fails_o     (read_fails),
      .block_response_i (response),
      .fetch_o          (counter_fetch_o),
      .fetched_i        (counter_fetched_i)
  );

  // No register has the highest address bit: an access with it is refused.
  moe_regs u_block (
      .clk           (clk_i),
      .rst_n         (rst_ni),
      .s_axil_awready(response.awready),
      .s_axil_awvalid(request.awvalid),
      .s_axil_awaddr ({write_fails, request.awaddr}),
      .s_axil_awprot ('0),
      .s_axil_wready (response.wready),
      .s_axil_wvalid (request.wvalid),
      .s_axil_wdata  (request.wdata),
      .s_axil_wstrb  (request.wstrb),
      .s_axil_bready (request.bready),
      .s_axil_bvalid (response.bvalid),
      .s_axil_bresp  (response.bresp),
      .s_axil_arready(response.arready),
      .s_axil_arvalid(request.arvalid),
      .s_axil_araddr ({read_fails, request.araddr}),
      .s_axil_arprot ('0),
      .s_axil_rready (request.rready),
      .s_axil_rvalid (response.rvalid),
      .s_axil_rdata  (response.rdata),
      .s_axil_rresp  (response.rresp),
      .hwif_in,
      .hwif_out
  );

  // swmod is high in the cycle of the write; the word is there one cycle later.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) {bank_data_valid_o, learn_seed_valid_o, learn_correct_valid_o} <= '0;
    else begin
      bank_data_valid_o     <= hwif_out.bank_data.word.swmod;
      learn_seed_valid_o    <= hwif_out.learn_seed.value.swmod;
      learn_correct_valid_o <= hwif_out.learn_correct.sequence_number.swmod;
    end
  end
  assign bank_read_taken_o = hwif_out.bank_read_data.word.swacc;

  assign irq_o = (hwif_out.irq_status.result.value && hwif_out.irq_enable.result.value)
      || (hwif_out.irq_status.bank_committed.value && hwif_out.irq_enable.bank_committed.value)
      || (hwif_out.irq_status.bank_refused.value && hwif_out.irq_enable.bank_refused.value)
      || (hwif_out.irq_status.mode_changed.value && hwif_out.irq_enable.mode_changed.value)
      || (hwif_out.irq_status.power_error.value && hwif_out.irq_enable.power_error.value)
      || (hwif_out.irq_status.image_error.value && hwif_out.irq_enable.image_error.value)
      || (hwif_out.irq_status.no_bank.value && hwif_out.irq_enable.no_bank.value);
endmodule
