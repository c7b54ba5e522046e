// SPDX-License-Identifier: Apache-2.0
/// One image in a block RAM: written first, and streamed to the accelerator when it is complete.
///
/// Latency: 3 cycles from commit_i to the first pixel, 2 from the last one to !busy_o. Initiation interval: 2 cycles a
/// pixel.
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

  typedef enum logic [2:0] {
    Fill,
    Fetch,  // the first pixel from the memory
    Load,   // a pixel to the output; the next one is read meanwhile
    Offer,
    Empty
  } state_e;

  state_e state_q;
  logic [CountW-1:0] count_q, next_q;  // pixels of the image, and of those that were loaded
  logic [7:0] pixel_q;
  logic [LabelW-1:0] label_q;

  assign busy_o        = state_q != Fill;
  assign m_axis_tvalid = state_q == Offer;
  (* no_rw_check *) logic [7:0] memory[Bytes];
  always_ff @(posedge clk_i) begin
    if (write_i) memory[count_q[AddressW-1:0]] <= pixel_i;
    pixel_q <= memory[next_q[AddressW-1:0]];
  end

  // The output is a register: what takes a pixel looks at all of it at once.
  always_ff @(posedge clk_i) begin
    if (state_q == Load) begin
      m_axis_tdata <= pixel_q;
      m_axis_tlast <= next_q == count_q - 1'b1;
      m_axis_tuser <= (next_q == '0) ? label_q : '0;
    end
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
        Fetch: state_q <= Load;
        Load: begin
          next_q  <= next_q + 1'b1;
          state_q <= Offer;
        end
        Offer: if (m_axis_tready) state_q <= m_axis_tlast ? Empty : Load;
        default: begin
          next_q  <= '0;
          count_q <= '0;
          state_q <= Fill;
        end
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (commit_i) label_q <= label_i;
  end
endmodule
