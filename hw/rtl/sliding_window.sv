// SPDX-License-Identifier: Apache-2.0
/// Sliding window of a convolution: stride 1, no padding. Turns an image into the input vectors of an mvu.
///
/// Formula: for each output pixel (y, x), row by row, the Kernel*Kernel*Channels/Simd words
/// in[y + kh][x + kw][channel word], kw and channel word fastest.
///
/// The image goes through a circular buffer of Rows rows in block RAM. Output row y starts as soon as input rows
/// y .. y+Kernel-1 are complete, and its first row is free again when it has been read; the last output row of
/// an image frees all Kernel. Rows of the next image are written meanwhile, so images follow each other without
/// a gap, and no counter is reset between them: with Rows >= 2*Kernel the reader never waits for the image
/// boundary, provided that the input is fast enough.
///
/// Latency: 2 cycles from the last word of input row Kernel-1 to the first output word.
/// Initiation interval: 1 output word a cycle, (Height-Kernel+1) * (Width-Kernel+1) * Kernel**2 * Channels/Simd
/// cycles an image.
///
/// Protocol: valid/ready; input words in (row, column, channel word) order. out_data_o is the output latch of
/// the block RAM, which is not read again before the word is taken.
/// Does not: stride, pad, or dilate.
///
/// Parameters
///   Height, Width  image size, pixels
///   Channels       channels a pixel
///   Kernel         window size, pixels
///   Simd           channels a word; divides Channels
///   ActW           channel width, bits
///   Rows           rows of the buffer, at least Kernel + 1
module sliding_window #(
    parameter int unsigned Height   = 28,
    parameter int unsigned Width    = 28,
    parameter int unsigned Channels = 1,
    parameter int unsigned Kernel   = 5,
    parameter int unsigned Simd     = 1,
    parameter int unsigned ActW     = 8,
    parameter int unsigned Rows     = 2 * Kernel
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 in_valid_i,
    output logic                 in_ready_o,
    input  logic [Simd*ActW-1:0] in_data_i,
    output logic                 out_valid_o,
    input  logic                 out_ready_i,
    output logic [Simd*ActW-1:0] out_data_o
);
  if (Channels % Simd != 0) begin : gen_bad_simd
    $error("sliding_window: Simd %0d does not divide the %0d channels.", Simd, Channels);
  end
  if (Kernel > Height || Kernel > Width) begin : gen_bad_kernel
    $error("sliding_window: a kernel of %0d does not fit an image of %0d x %0d.", Kernel, Height, Width);
  end
  if (Rows <= Kernel) begin : gen_bad_rows
    $error("sliding_window: Rows is %0d, it must be at least Kernel + 1 = %0d.", Rows, Kernel + 1);
  end

  localparam int unsigned WordsPerPixel = Channels / Simd;
  localparam int unsigned RowWords      = Width * WordsPerPixel;
  localparam int unsigned BufferWords   = Rows * RowWords;
  localparam int unsigned OutHeight     = Height - Kernel + 1;
  localparam int unsigned OutWidth      = Width - Kernel + 1;
  localparam int unsigned SpanWords     = Kernel * WordsPerPixel;  // one row of the window, contiguous

  localparam int unsigned AddrW = $clog2(BufferWords);
  localparam int unsigned RowW  = $clog2(Rows + 1);
  localparam int unsigned InW   = (RowWords > 1) ? $clog2(RowWords) : 1;
  localparam int unsigned SpanW = (SpanWords > 1) ? $clog2(SpanWords) : 1;
  localparam int unsigned KhW   = (Kernel > 1) ? $clog2(Kernel) : 1;
  localparam int unsigned XW    = (OutWidth > 1) ? $clog2(OutWidth) : 1;
  localparam int unsigned YW    = (OutHeight > 1) ? $clog2(OutHeight) : 1;

  typedef logic [AddrW:0] step_t;

  // addr + step in the circular buffer; step <= BufferWords.
  function automatic logic [AddrW-1:0] advance(logic [AddrW-1:0] addr, step_t step);
    step_t sum;
    sum = {1'b0, addr} + step;
    if (sum >= step_t'(BufferWords)) sum = sum - step_t'(BufferWords);
    return sum[AddrW-1:0];
  endfunction

  // ---- Rows in the buffer -----------------------------------------------------------------------------------
  logic [RowW-1:0] rows_q, rows_d;  // complete rows that an output row still needs
  logic [RowW-1:0] rows_freed;
  logic row_complete, room_q, enough_q;  // registers, because what waits for them is far from the count

  assign rows_d = rows_q + RowW'(row_complete) - rows_freed;

  always_ff @(posedge clk_i) begin
    rows_q   <= rst_ni ? rows_d : '0;
    room_q   <= !rst_ni || rows_d != RowW'(Rows);
    enough_q <= rst_ni && rows_d >= RowW'(Kernel);
  end

  // ---- Write side -------------------------------------------------------------------------------------------
  logic [AddrW-1:0] wr_addr_q;
  logic [InW-1:0] in_word_q;  // word in the row
  logic write, last_in_word;

  assign in_ready_o   = room_q;
  assign write        = in_valid_i && in_ready_o;
  assign last_in_word = in_word_q == InW'(RowWords - 1);
  assign row_complete = write && last_in_word;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wr_addr_q <= '0;
      in_word_q <= '0;
    end else if (write) begin
      wr_addr_q <= (wr_addr_q == AddrW'(BufferWords - 1)) ? '0 : wr_addr_q + 1'b1;
      in_word_q <= last_in_word ? '0 : in_word_q + 1'b1;
    end
  end

  // ---- Read side --------------------------------------------------------------------------------------------
  logic [AddrW-1:0] rd_addr_q, rd_addr_d;
  logic [AddrW-1:0] origin_q, origin_d;  // first word of the window
  logic [SpanW-1:0] span_q;
  logic [KhW-1:0] kh_q;
  logic [XW-1:0] x_q;
  logic [YW-1:0] y_q;
  logic read, last_span, last_kh, last_x, last_y;

  assign read      = enough_q && (!out_valid_o || out_ready_i);
  assign last_span = span_q == SpanW'(SpanWords - 1);
  assign last_kh   = kh_q == KhW'(Kernel - 1);
  assign last_x    = x_q == XW'(OutWidth - 1);
  assign last_y    = y_q == YW'(OutHeight - 1);

  // After its last window, an output row has stepped over its first input row: SpanWords further on begins the
  // next row, and after the last output row the next image begins another Kernel-1 rows on.
  always_comb begin
    if (!last_x) origin_d = advance(origin_q, step_t'(WordsPerPixel));
    else if (!last_y) origin_d = advance(origin_q, step_t'(SpanWords));
    else origin_d = advance(origin_q, step_t'(SpanWords + (Kernel - 1) * RowWords));
  end

  always_comb begin
    if (!last_span) rd_addr_d = rd_addr_q + 1'b1;
    else if (!last_kh) rd_addr_d = advance(rd_addr_q, step_t'(RowWords - SpanWords + 1));
    else rd_addr_d = origin_d;
  end

  always_comb begin
    rows_freed = '0;
    if (read && last_span && last_kh && last_x) rows_freed = last_y ? RowW'(Kernel) : RowW'(1);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rd_addr_q   <= '0;
      origin_q    <= '0;
      span_q      <= '0;
      kh_q        <= '0;
      x_q         <= '0;
      y_q         <= '0;
      out_valid_o <= 1'b0;
    end else begin
      if (!out_valid_o || out_ready_i) out_valid_o <= read;
      if (read) begin
        rd_addr_q <= rd_addr_d;
        span_q    <= last_span ? '0 : span_q + 1'b1;
        if (last_span) kh_q <= last_kh ? '0 : kh_q + 1'b1;
        if (last_span && last_kh) begin
          origin_q <= origin_d;
          x_q      <= last_x ? '0 : x_q + 1'b1;
          if (last_x) y_q <= last_y ? '0 : y_q + 1'b1;
        end
      end
    end
  end

  // ---- Buffer -----------------------------------------------------------------------------------------------
  // Rows being read are complete, so a word is never read while it is written; saying so saves collision logic.
  (* no_rw_check *) logic [Simd*ActW-1:0] mem[BufferWords];

  always_ff @(posedge clk_i) begin
    if (write) mem[wr_addr_q] <= in_data_i;
    if (read) out_data_o <= mem[rd_addr_q];
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && read && write) begin
      assert (rd_addr_q != wr_addr_q)
      else $error("sliding_window: word %0d is read while it is written.", rd_addr_q);
    end
  end
`endif
endmodule
