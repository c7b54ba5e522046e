// SPDX-License-Identifier: Apache-2.0
/// Sends each image's features to the experts that its descriptor names.
///
/// Outputs in this order: [0] the GE's feature store, [1 .. LocalExperts] the local experts, [LocalExperts + 1]
/// the gate. A destination that is not named sees nothing of the image. With the first word of an image
/// frame_start_o announces the image's descriptor to the consumers' tag queues; image_start_o says so of every image,
/// also of one that nobody takes.
///
/// Latency: 1 cycle; frame_start_o is combinational, and so comes before the word. Initiation interval: FrameWords
/// cycles an image when the consumers keep up, and words come no faster than feature_register takes them.
///
/// A correction (replay_*) starts between two images: its descriptor goes to the tag queues, and no features. That it
/// is offered is known here a cycle late, and not counted in the three cycles after an image has begun: whoever offers
/// it learns that late which image began, and may withdraw it for that. So a correction waits for a pause when images
/// have fewer than four words.
///
/// Protocol: valid/ready; one descriptor per FrameWords feature words; frame_start_o is a pulse without a ready,
/// because the queue of images in flight bounds the number of tags. replay_ready_o is a pulse in a cycle after one with
/// replay_valid_i, which it must then still hold for; replay_i is taken in the cycle of the pulse.
/// Does not: buffer more than its feature_register holds, in which a word stands with its destinations.
///
/// Parameters
///   Width         feature word width, bits
///   Apart         1: words come every other cycle at most
///   FrameWords    feature words of an image
///   LocalExperts  number of local experts
module feature_router
  import accel_pkg::*;
#(
    parameter int unsigned Width        = 160,
    parameter bit          Apart        = 1'b0,
    parameter int unsigned FrameWords   = 144,
    parameter int unsigned LocalExperts = 1,
    localparam int unsigned Outputs     = LocalExperts + 2
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    input  logic               image_valid_i,
    output logic               image_ready_o,
    input  image_t             image_i,
    input  logic               feature_valid_i,
    output logic               feature_ready_o,
    input  logic [Width-1:0]   feature_i,
    output logic [Outputs-1:0] out_valid_o,
    input  logic [Outputs-1:0] out_ready_i,
    output logic [Width-1:0]   out_data_o,
    output logic [Outputs-1:0] frame_start_o,
    output image_t             frame_image_o,   // of frame_start_o
    output logic               frame_replay_o,  // it is a correction
    output logic               image_start_o,
    input  logic               replay_valid_i,
    output logic               replay_ready_o,
    input  image_t             replay_i
);
  localparam int unsigned CountW = (FrameWords > 1) ? $clog2(FrameWords) : 1;

  logic [CountW-1:0] count_q, count_d;
  logic [Outputs-1:0] select, word_select;
  logic [Width-1:0] word;
  logic ready, taken, replay, replay_valid_q, word_valid, word_ready;
  logic [1:0] started_q;  // an image has begun a cycle ago, or two
  logic first_q, last_q;  // the word at hand is the first one of its image, the last one

  assign select          = {image_i.use_gate, image_i.use_le[LocalExperts-1:0], image_i.use_ge};
  assign feature_ready_o = image_valid_i && ready && !replay;
  assign taken           = feature_valid_i && feature_ready_o;
  assign count_d         = !taken ? count_q : last_q ? '0 : count_q + 1'b1;
  assign image_ready_o   = feature_valid_i && ready && last_q && !replay;

  assign replay          = replay_valid_q && first_q;
  assign replay_ready_o  = replay;
  assign frame_replay_o  = replay;
  assign image_start_o   = taken && first_q;
  assign frame_image_o   = replay ? replay_i : image_i;

  always_comb begin
    frame_start_o = '0;
    if (replay) frame_start_o = {replay_i.use_gate, replay_i.use_le[LocalExperts-1:0], 1'b0};
    else if (image_start_o) frame_start_o = select;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q        <= '0;
      first_q        <= 1'b1;
      last_q         <= FrameWords == 1;
      replay_valid_q <= 1'b0;
      started_q      <= '0;
    end else begin
      count_q        <= count_d;
      first_q        <= count_d == '0;
      last_q         <= count_d == CountW'(FrameWords - 1);
      replay_valid_q <= replay_valid_i && !replay && !image_start_o && started_q == '0;
      started_q      <= {started_q[0], image_start_o};
    end
  end

  feature_register #(
      .Width(Width + Outputs),
      .Apart(Apart)
  ) u_word (
      .clk_i,
      .rst_ni,
      .in_valid_i (feature_valid_i && image_valid_i && !replay),
      .in_ready_o (ready),
      .in_data_i  ({select, feature_i}),
      .out_valid_o(word_valid),
      .out_ready_i(word_ready),
      .out_data_o ({word_select, word})
  );

  stream_fork #(
      .Width  (Width),
      .Outputs(Outputs)
  ) u_fork (
      .clk_i,
      .rst_ni,
      .in_valid_i (word_valid),
      .in_ready_o (word_ready),
      .in_data_i  (word),
      .in_select_i(word_select),
      .out_valid_o,
      .out_ready_i,
      .out_data_o
  );

  // The rest of the descriptor is for the consumers' tag queues.
  logic unused_image;
  assign unused_image = ^{image_i, replay_i};
endmodule
