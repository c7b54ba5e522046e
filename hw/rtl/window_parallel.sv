// SPDX-License-Identifier: Apache-2.0
/// Sliding window that gives a whole Kernel x Kernel x Channels window at once, one pixel in and one window out a
/// cycle (stride 1, no padding).
///
/// The last Kernel-1 rows are kept in distributed RAM, one column of them a word; the window itself is a shift
/// register of columns. sliding_window gives the same windows word by word and is smaller for folded layers.
///
/// Latency: 1 cycle from the pixel that completes a window. Initiation interval: Height*Width cycles an image; rows
/// of the next image follow without a gap.
///
/// Protocol: valid/ready; input pixels of Channels lanes in (row, column) order; output lane order (row, column,
/// channel), the order of a convolution's weights.
/// Does not: stride or pad.
///
/// Parameters
///   Height, Width, Channels  image size
///   Kernel                   window size
///   ActW                     channel width, bits
module window_parallel #(
    parameter int unsigned Height   = 28,
    parameter int unsigned Width    = 28,
    parameter int unsigned Channels = 1,
    parameter int unsigned Kernel   = 5,
    parameter int unsigned ActW     = 8
) (
    input  logic                                   clk_i,
    input  logic                                   rst_ni,
    input  logic                                   in_valid_i,
    output logic                                   in_ready_o,
    input  logic [Channels*ActW-1:0]               in_data_i,
    output logic                                   out_valid_o,
    input  logic                                   out_ready_i,
    output logic [Kernel*Kernel*Channels*ActW-1:0] out_data_o
);
  if (Kernel < 2 || Kernel > Height || Kernel > Width) begin : gen_bad_kernel
    $error("window_parallel: Kernel is %0d, allowed are 2 to the image size %0dx%0d.", Kernel, Height, Width);
  end

  localparam int unsigned PixelW = Channels * ActW;
  localparam int unsigned RowW   = $clog2(Height);
  localparam int unsigned ColW   = $clog2(Width);

  logic [RowW-1:0] row_q;
  logic [ColW-1:0] col_q;
  logic taken, complete, last_col;

  // Row r of a column word is Kernel-1-r rows above the incoming pixel.
  logic [Kernel-2:0][PixelW-1:0] rows[Width];
  logic [Kernel-2:0][PixelW-1:0] above;
  logic [Kernel-1:0][PixelW-1:0] column;
  logic [Kernel-1:0][PixelW-1:0] window_q[Kernel];  // columns, oldest first
  logic [Kernel-1:0][Kernel-1:0][PixelW-1:0] window;

  assign in_ready_o = !out_valid_o || out_ready_i;
  assign taken      = in_valid_i && in_ready_o;
  assign last_col   = col_q == ColW'(Width - 1);
  assign complete   = row_q >= RowW'(Kernel - 1) && col_q >= ColW'(Kernel - 1);
  assign above      = rows[col_q];
  assign column     = {in_data_i, above};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      row_q       <= '0;
      col_q       <= '0;
      out_valid_o <= 1'b0;
    end else begin
      if (in_ready_o) out_valid_o <= in_valid_i && complete;
      if (taken) begin
        col_q <= last_col ? '0 : col_q + 1'b1;
        if (last_col) row_q <= (row_q == RowW'(Height - 1)) ? '0 : row_q + 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (taken) begin
      rows[col_q] <= column[Kernel-1:1];
      for (int unsigned k = 0; k + 1 < Kernel; k++) window_q[k] <= window_q[k+1];
      window_q[Kernel-1] <= column;
    end
  end

  assign out_data_o = window;
  for (genvar r = 0; r < Kernel; r++) begin : gen_row
    for (genvar c = 0; c < Kernel; c++) begin : gen_col
      assign window[r][c] = window_q[c][r];
    end
  end
endmodule
