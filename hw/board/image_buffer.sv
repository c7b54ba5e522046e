// SPDX-License-Identifier: Apache-2.0
/// One image in a block RAM: written first, and streamed to the accelerator when it is complete.
///
/// Latency: 2 cycles from commit_i to the first pixel. Initiation interval: 2 cycles a pixel.
///
/// Protocol: while !busy_o pixels are written one after the other (write_i), and commit_i, with the label, ends the
/// image; then busy_o until its last pixel was taken. TLAST on the last pixel, TUSER on the first, else 0.
/// Does not: check the length of an image.
///
/// Parameters
///   Bytes   largest image, pixels
///   LabelW  width of a label, bits
module image_buffer #(
    parameter int unsigned Bytes  = 1024,
    parameter int unsigned LabelW = 11
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    input  logic              write_i,
    input  logic [7:0]        pixel_i,
    input  logic              commit_i,
    input  logic [LabelW-1:0] label_i,
    output logic              busy_o,
    output logic              m_axis_tvalid,
    input  logic              m_axis_tready,
    output logic [7:0]        m_axis_tdata,
    output logic              m_axis_tlast,
    output logic [LabelW-1:0] m_axis_tuser
);
  localparam int unsigned AddressW = $clog2(Bytes);
  localparam int unsigned CountW = $clog2(Bytes + 1);

  typedef enum logic [1:0] {
    Fill,
    Fetch,  // a pixel from the memory
    Offer
  } state_e;

  state_e state_q;
  logic [CountW-1:0] count_q, next_q;  // pixels of the image, and the one to send
  logic [LabelW-1:0] label_q;

  assign busy_o        = state_q != Fill;
  assign m_axis_tvalid = state_q == Offer;
  assign m_axis_tlast  = next_q == count_q - 1'b1;
  assign m_axis_tuser  = (next_q == '0) ? label_q : '0;

  logic [7:0] memory[Bytes];
  always_ff @(posedge clk_i) begin
    if (write_i) memory[count_q[AddressW-1:0]] <= pixel_i;
    if (state_q != Offer) m_axis_tdata <= memory[next_q[AddressW-1:0]];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Fill;
      count_q <= '0;
      next_q  <= '0;
    end else begin
      if (write_i) count_q <= count_q + 1'b1;
      unique case (state_q)
        Fill:  if (commit_i) state_q <= Fetch;
        Fetch: state_q <= Offer;
        default:
        if (m_axis_tready) begin
          next_q  <= m_axis_tlast ? '0 : next_q + 1'b1;
          state_q <= m_axis_tlast ? Fill : Fetch;
          if (m_axis_tlast) count_q <= '0;
        end
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (commit_i) label_q <= label_i;
  end
endmodule
