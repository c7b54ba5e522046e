// SPDX-License-Identifier: Apache-2.0
/// Maximum and average of each pooling window of unsigned activations: max_pool and average_pool side by side.
///
/// Formula: out[y][x][c] is that of max_pool, out[y][x][WordsPerPixel*Lanes + c] that of average_pool. Of each window
/// all words of maxima leave, then all words of averages: the order of the channels does not depend on the lanes.
///
/// The averages of a window wait in a queue while its maxima leave. Both pools take the same words in the same cycles.
/// When max_pool has room for a maximum, all maxima before it have left or leave now, and with them all averages of
/// earlier windows: at most WordsPerPixel averages are there, the queue has room for them, and so average_pool is ready
/// whenever max_pool is. An assertion watches that.
///
/// Latency: 1 cycle from the first word of a window's last pixel to out_valid_o, 1 + WordsPerPixel from its last word
/// to the last average. Initiation interval: 1 input word a cycle; with Size 1, 2 cycles an input word, as there are
/// twice as many output words.
///
/// Protocol: valid/ready; input words in (row, column, channel word) order. Input words that complete no window are
/// taken even while the output waits.
/// Does not: what average_pool does not.
///
/// Parameters
///   Height, Width  image size, pixels; both are multiples of Size
///   WordsPerPixel  channel words a pixel
///   Lanes          channels a word
///   ActW           channel width, bits, unsigned
///   Size           window and stride, pixels, a power of two
module max_average_pool #(
    parameter int unsigned Height        = 24,
    parameter int unsigned Width         = 24,
    parameter int unsigned WordsPerPixel = 1,
    parameter int unsigned Lanes         = 20,
    parameter int unsigned ActW          = 8,
    parameter int unsigned Size          = 2
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  in_valid_i,
    output logic                  in_ready_o,
    input  logic [Lanes*ActW-1:0] in_data_i,
    output logic                  out_valid_o,
    input  logic                  out_ready_i,
    output logic [Lanes*ActW-1:0] out_data_o
);
  logic max_in_ready, max_valid, max_ready;
  logic average_in_ready, average_valid, average_ready, queue_valid, queue_ready;
  logic [Lanes*ActW-1:0] max_data, average_data, queue_data;

  assign in_ready_o = max_in_ready;

  max_pool #(
      .Height       (Height),
      .Width        (Width),
      .WordsPerPixel(WordsPerPixel),
      .Lanes        (Lanes),
      .ActW         (ActW),
      .Size         (Size)
  ) u_max (
      .clk_i,
      .rst_ni,
      .in_valid_i,
      .in_ready_o (max_in_ready),
      .in_data_i,
      .out_valid_o(max_valid),
      .out_ready_i(max_ready),
      .out_data_o (max_data)
  );

  average_pool #(
      .Height       (Height),
      .Width        (Width),
      .WordsPerPixel(WordsPerPixel),
      .Lanes        (Lanes),
      .ActW         (ActW),
      .Size         (Size)
  ) u_average (
      .clk_i,
      .rst_ni,
      .in_valid_i (in_valid_i && max_in_ready),
      .in_ready_o (average_in_ready),
      .in_data_i,
      .out_valid_o(average_valid),
      .out_ready_i(average_ready),
      .out_data_o (average_data)
  );

  stream_fifo #(
      .Width(Lanes * ActW),
      .Depth(WordsPerPixel)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .in_valid_i (average_valid),
      .in_ready_o (average_ready),
      .in_data_i  (average_data),
      .out_valid_o(queue_valid),
      .out_ready_i(queue_ready),
      .out_data_o (queue_data)
  );

  stream_append #(
      .Width      (Lanes * ActW),
      .FirstWords (WordsPerPixel),
      .SecondWords(WordsPerPixel)
  ) u_append (
      .clk_i,
      .rst_ni,
      .first_valid_i (max_valid),
      .first_ready_o (max_ready),
      .first_data_i  (max_data),
      .second_valid_i(queue_valid),
      .second_ready_o(queue_ready),
      .second_data_i (queue_data),
      .out_valid_o,
      .out_ready_i,
      .out_data_o
  );

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (average_in_ready || !max_in_ready)
      else $error("max_average_pool: the queue has no room for the averages of a window.");
    end
  end
`endif
endmodule
