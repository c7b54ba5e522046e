// SPDX-License-Identifier: Apache-2.0
/// Pooling of a feature map, as words of the width that the layer behind it takes: a pool, a queue, stream_width.
///
/// A row of windows completes within a few cycles. Its words wait in the queue, so that what gives the features, which
/// others want too, does not.
///
/// Latency: 2 cycles from the last word of a window to its first output word, 3 if words change their width.
/// Initiation interval: the larger of the feature words and the output words of an image.
///
/// Protocol: valid/ready; words in (row, column, channel word) order on both sides.
/// Does not: pad words; OutLanes divides Lanes, or Lanes divides OutLanes (see stream_width).
///
/// Parameters
///   Height, Width, Channels  feature map
///   Lanes                    channels of an input word
///   OutLanes                 channels of an output word
///   ActW                     channel width, bits, unsigned
///   Size                     pooling window and stride
///   Kind                     0 max_pool, 1 average_pool, 2 max_average_pool, which gives twice the channels
///   Ahead                    images that wait in the queue beside a row of windows
module pooled_words #(
    parameter int unsigned Height   = 12,
    parameter int unsigned Width    = 12,
    parameter int unsigned Channels = 20,
    parameter int unsigned Lanes    = 20,
    parameter int unsigned OutLanes = 4,
    parameter int unsigned ActW     = 8,
    parameter int unsigned Size     = 2,
    parameter int unsigned Kind     = 0,
    parameter int unsigned Ahead    = 0
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     in_valid_i,
    output logic                     in_ready_o,
    input  logic [   Lanes*ActW-1:0] in_data_i,
    output logic                     out_valid_o,
    input  logic                     out_ready_i,
    output logic [OutLanes*ActW-1:0] out_data_o
);
  localparam int unsigned PoolChannels = (Kind == 2) ? 2 * Channels : Channels;

  logic pool_valid, pool_ready, queue_valid, queue_ready;
  logic [Lanes*ActW-1:0] pool_data, queue_data;

  if (Kind == 0) begin : gen_max
    max_pool #(
        .Height       (Height),
        .Width        (Width),
        .WordsPerPixel(Channels / Lanes),
        .Lanes        (Lanes),
        .ActW         (ActW),
        .Size         (Size)
    ) u_pool (
        .clk_i,
        .rst_ni,
        .in_valid_i,
        .in_ready_o,
        .in_data_i,
        .out_valid_o(pool_valid),
        .out_ready_i(pool_ready),
        .out_data_o (pool_data)
    );
  end else if (Kind == 1) begin : gen_average
    average_pool #(
        .Height       (Height),
        .Width        (Width),
        .WordsPerPixel(Channels / Lanes),
        .Lanes        (Lanes),
        .ActW         (ActW),
        .Size         (Size)
    ) u_pool (
        .clk_i,
        .rst_ni,
        .in_valid_i,
        .in_ready_o,
        .in_data_i,
        .out_valid_o(pool_valid),
        .out_ready_i(pool_ready),
        .out_data_o (pool_data)
    );
  end else if (Kind == 2) begin : gen_max_average
    max_average_pool #(
        .Height       (Height),
        .Width        (Width),
        .WordsPerPixel(Channels / Lanes),
        .Lanes        (Lanes),
        .ActW         (ActW),
        .Size         (Size)
    ) u_pool (
        .clk_i,
        .rst_ni,
        .in_valid_i,
        .in_ready_o,
        .in_data_i,
        .out_valid_o(pool_valid),
        .out_ready_i(pool_ready),
        .out_data_o (pool_data)
    );
  end else begin : gen_bad_kind
    $error("pooled_words: Kind is %0d, it must be 0, 1 or 2.", Kind);
  end

  stream_fifo #(
      .Width(Lanes * ActW),
      .Depth((1 + Ahead * (Height / Size)) * (Width / Size) * (PoolChannels / Lanes))
  ) u_queue (
      .clk_i,
      .rst_ni,
      .in_valid_i (pool_valid),
      .in_ready_o (pool_ready),
      .in_data_i  (pool_data),
      .out_valid_o(queue_valid),
      .out_ready_i(queue_ready),
      .out_data_o (queue_data)
  );

  stream_width #(
      .LaneW   (ActW),
      .InLanes (Lanes),
      .OutLanes(OutLanes)
  ) u_width (
      .clk_i,
      .rst_ni,
      .in_valid_i (queue_valid),
      .in_ready_o (queue_ready),
      .in_data_i  (queue_data),
      .out_valid_o,
      .out_ready_i,
      .out_data_o
  );
endmodule
