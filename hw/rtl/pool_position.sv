// SPDX-License-Identifier: Apache-2.0
/// Where a word stands in its pooling window: what max_pool_piece and average_pool share.
///
/// Counts the words of images that arrive in (row, column, channel word) order. addr_o names the place of the word's
/// window in a memory of one row of windows: window column * WordsPerPixel + channel word. next_* are of the word
/// behind it, so that what is known of its window can be fetched a cycle before.
///
/// Latency: none, outputs are registers; addr_o and complete_o are of the word that is offered. Initiation interval: 1.
///
/// Protocol: take_i is high in the cycle in which a word moves. The height of an image never appears: it is a multiple
/// of Size, so the count is back at its start when the next image begins.
/// Does not: hold values.
///
/// Parameters
///   Width          image width, pixels, a multiple of Size
///   WordsPerPixel  channel words a pixel
///   Size           window and stride, pixels, at least 2
module pool_position #(
    parameter  int unsigned Width         = 24,
    parameter  int unsigned WordsPerPixel = 1,
    parameter  int unsigned Size          = 2,
    localparam int unsigned Depth         = (Width / Size) * WordsPerPixel,
    localparam int unsigned AddrW         = (Depth > 1) ? $clog2(Depth) : 1
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             take_i,
    output logic [AddrW-1:0] addr_o,
    output logic             complete_o,   // the window's last pixel
    output logic [AddrW-1:0] next_addr_o,
    output logic             next_first_o, // a window's first pixel
    output logic             next_same_o   // next_addr_o is addr_o
);
  localparam int unsigned WordW = (WordsPerPixel > 1) ? $clog2(WordsPerPixel) : 1;
  localparam int unsigned TileW = $clog2(Size);

  // Of the next word: the counters are one ahead.
  logic [WordW-1:0] word_q;
  logic [TileW-1:0] dx_q, dy_q;  // place inside the window
  logic complete_q;
  logic last_word, last_dx, last_dy, last_addr;

  assign last_word = word_q == WordW'(WordsPerPixel - 1);
  assign last_dx   = dx_q == TileW'(Size - 1);
  assign last_dy   = dy_q == TileW'(Size - 1);
  assign last_addr = next_addr_o == AddrW'(Depth - 1);

  // The row of pixels behind the window's last column in this one.
  logic [TileW-1:0] next_dy;
  assign next_dy = !last_addr ? dy_q : last_dy ? '0 : dy_q + 1'b1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      addr_o       <= '0;
      complete_o   <= 1'b0;
      next_addr_o  <= AddrW'(WordsPerPixel > 1);
      next_first_o <= WordsPerPixel > 1;
      next_same_o  <= WordsPerPixel == 1;
      word_q       <= WordW'(WordsPerPixel > 1);
      dx_q         <= TileW'(WordsPerPixel == 1);
      dy_q         <= '0;
      complete_q   <= 1'b0;
    end else if (take_i) begin
      addr_o      <= next_addr_o;
      complete_o  <= complete_q;
      next_same_o <= WordsPerPixel == 1 && (!last_dx || Depth == 1);
      word_q      <= last_word ? '0 : word_q + 1'b1;
      if (!last_word) begin
        next_addr_o <= next_addr_o + 1'b1;
      end else if (!last_dx) begin
        next_addr_o  <= next_addr_o - AddrW'(WordsPerPixel - 1);  // same window, next pixel
        dx_q         <= dx_q + 1'b1;
        next_first_o <= 1'b0;
        complete_q   <= dx_q == TileW'(Size - 2) && last_dy;
      end else begin
        next_addr_o  <= last_addr ? '0 : next_addr_o + 1'b1;
        dx_q         <= '0;
        dy_q         <= next_dy;
        next_first_o <= next_dy == '0;
        complete_q   <= 1'b0;
      end
    end
  end
endmodule
