// SPDX-License-Identifier: Apache-2.0
/// The accelerator's registers and streams over a serial line (docs/serial.md).
///
///   rx -> uart_rx -> frame_receiver -> serial_commands -> register_master -> m_axil
///                                        |        |  |--> image_buffer ----> m_axis (pixels, labels)
///   tx <- uart_tx <- frame_sender <------+        +------ result_queue <---- s_axis (results)
///
/// Nothing of a request takes effect before its CRC was right; an image comes into the stream only as a whole.
///
/// Latency: that of the line. Initiation interval: a request at a time.
///
/// Protocol: rx_i is asynchronous. A result leaves its queue when it stands in an answer, which can be asked for again
/// until the next request.
/// Does not: look at what registers mean.
///
/// Parameters
///   Divisor       clock cycles of a bit; a board's top gives that of its clock and rate; the default is that of
///                 3 Mbaud at 48 MHz
///   GapCycles     silence after which a frame that is not complete is dropped, cycles
///   ImageBytes    largest image, pixels
///   ResultsDepth  results that can wait, 2 to 255
///   LabelW        width of a label, bits
module serial_bridge
  import axil_pkg::*;
  import serial_pkg::*;
#(
    parameter int unsigned Divisor      = 16,
    parameter int unsigned GapCycles    = 1_000_000,
    parameter int unsigned ImageBytes   = 1024,
    parameter int unsigned ResultsDepth = 16,
    parameter int unsigned LabelW       = 11
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    input  logic              rx_i,
    output logic              tx_o,
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
    input  logic [1:0]        m_axil_rresp,
    // Pixels
    output logic              m_axis_tvalid,
    input  logic              m_axis_tready,
    output logic [7:0]        m_axis_tdata,
    output logic              m_axis_tlast,
    output logic [LabelW-1:0] m_axis_tuser,
    // Results
    input  logic              s_axis_tvalid,
    output logic              s_axis_tready,
    input  logic [31:0]       s_axis_tdata
);
  if (ImageBytes + 2 > RequestBytes) begin : gen_bad_image
    $error("serial_bridge: ImageBytes is %0d, a request has room for %0d.", ImageBytes, RequestBytes - 2);
  end
  if (GapCycles < 11 * Divisor) begin : gen_bad_gap
    $error("serial_bridge: GapCycles is %0d, a byte alone takes %0d.", GapCycles, 10 * Divisor);
  end

  // ---- Line -------------------------------------------------------------------------------------------------
  logic rx_valid, rx_error, tx_valid, tx_ready;
  logic [7:0] rx_data, tx_data;

  uart_rx #(
      .Divisor(Divisor)
  ) u_uart_rx (
      .clk_i,
      .rst_ni,
      .rx_i,
      .valid_o(rx_valid),
      .error_o(rx_error),
      .data_o (rx_data)
  );

  uart_tx #(
      .Divisor(Divisor)
  ) u_uart_tx (
      .clk_i,
      .rst_ni,
      .valid_i(tx_valid),
      .ready_o(tx_ready),
      .data_i (tx_data),
      .tx_o
  );

  // ---- Frames -----------------------------------------------------------------------------------------------
  logic request_valid, request_ready, damaged, send_start, send_done;
  request_t request;
  answer_t answer;
  logic [$clog2(RequestBytes)-1:0] payload_address;
  logic [7:0] payload;
  logic [$clog2(AnswerWords)-1:0] word_address;
  logic [31:0] word;

  frame_receiver #(
      .Bytes    (RequestBytes),
      .GapCycles(GapCycles)
  ) u_receiver (
      .clk_i,
      .rst_ni,
      .byte_valid_i     (rx_valid),
      .byte_error_i     (rx_error),
      .byte_i           (rx_data),
      .request_valid_o  (request_valid),
      .request_ready_i  (request_ready),
      .request_o        (request),
      .payload_address_i(payload_address),
      .payload_o        (payload),
      .damaged_o        (damaged)
  );

  frame_sender u_sender (
      .clk_i,
      .rst_ni,
      .start_i       (send_start),
      .answer_i      (answer),
      .word_address_o(word_address),
      .word_i        (word),
      .done_o        (send_done),
      .byte_valid_o  (tx_valid),
      .byte_ready_i  (tx_ready),
      .byte_o        (tx_data)
  );

  // ---- What is asked for ------------------------------------------------------------------------------------
  logic access_start, access_write, access_done, access_error;
  logic [AddrW-1:0] access_address;
  logic [DataW-1:0] access_data, access_result;
  logic pixel_write, image_commit, image_busy, result_valid, result_ready;
  logic [7:0] pixel, results;
  logic [LabelW-1:0] image_label;
  logic [31:0] result;

  serial_commands #(
      .ImageBytes  (ImageBytes),
      .ResultsDepth(ResultsDepth),
      .LabelW      (LabelW)
  ) u_commands (
      .clk_i,
      .rst_ni,
      .request_valid_i  (request_valid),
      .request_ready_o  (request_ready),
      .request_i        (request),
      .payload_address_o(payload_address),
      .payload_i        (payload),
      .damaged_i        (damaged),
      .access_start_o   (access_start),
      .access_write_o   (access_write),
      .access_address_o (access_address),
      .access_data_o    (access_data),
      .access_done_i    (access_done),
      .access_error_i   (access_error),
      .access_data_i    (access_result),
      .pixel_write_o    (pixel_write),
      .pixel_o          (pixel),
      .image_commit_o   (image_commit),
      .label_o          (image_label),
      .image_busy_i     (image_busy),
      .result_valid_i   (result_valid),
      .result_ready_o   (result_ready),
      .result_i         (result),
      .results_i        (results),
      .send_start_o     (send_start),
      .answer_o         (answer),
      .word_address_i   (word_address),
      .word_o           (word),
      .send_done_i      (send_done)
  );

  register_master u_registers (
      .clk_i,
      .rst_ni,
      .start_i  (access_start),
      .write_i  (access_write),
      .address_i(access_address),
      .data_i   (access_data),
      .done_o   (access_done),
      .error_o  (access_error),
      .data_o   (access_result),
      .m_axil_awvalid,
      .m_axil_awready,
      .m_axil_awaddr,
      .m_axil_wvalid,
      .m_axil_wready,
      .m_axil_wdata,
      .m_axil_wstrb,
      .m_axil_bvalid,
      .m_axil_bready,
      .m_axil_bresp,
      .m_axil_arvalid,
      .m_axil_arready,
      .m_axil_araddr,
      .m_axil_rvalid,
      .m_axil_rready,
      .m_axil_rdata,
      .m_axil_rresp
  );

  image_buffer #(
      .Bytes (ImageBytes),
      .LabelW(LabelW)
  ) u_image (
      .clk_i,
      .rst_ni,
      .write_i (pixel_write),
      .pixel_i (pixel),
      .commit_i(image_commit),
      .label_i (image_label),
      .busy_o  (image_busy),
      .m_axis_tvalid,
      .m_axis_tready,
      .m_axis_tdata,
      .m_axis_tlast,
      .m_axis_tuser
  );

  result_queue #(
      .Depth(ResultsDepth)
  ) u_results (
      .clk_i,
      .rst_ni,
      .s_axis_tvalid,
      .s_axis_tready,
      .s_axis_tdata,
      .valid_o (result_valid),
      .ready_i (result_ready),
      .result_o(result),
      .count_o (results)
  );
endmodule
