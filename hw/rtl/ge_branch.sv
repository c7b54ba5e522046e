// SPDX-License-Identifier: Apache-2.0
/// Branch of the global expert: its feature store, the border of PD_GE around it (see fe_branch), its answers' queue.
///
/// Initiation interval: that of global_expert; an image that the GE need not see costs its feature words + 1 cycles.
///
/// Protocol: valid/ready; frame_start_i, with image_i, comes before the image's first word. keep_*: one decision
/// for each gated image, in order. work_o: an image waits for the GE or is in it; quiet_o: nothing moves in the domain.
/// store_write_o, store_read_o: a word enters the store, leaves it towards the GE.
/// Does not: decide when the domain sleeps; work_o is how a sleeping one is woken.
module ge_branch
  import accel_pkg::*;
  import moe_pkg::*;
(
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     domain_clk_i,
    input  logic                     domain_rst_ni,
    input  logic                     isolate_i,
    // Features
    input  logic                     frame_start_i,
    input  image_t                   image_i,
    input  logic                     in_valid_i,
    output logic                     in_ready_o,
    input  logic [FeatureWordW-1:0]  in_data_i,
    // The gate's decisions
    input  logic                     keep_valid_i,
    output logic                     keep_ready_o,
    input  logic                     keep_i,
    // Answers
    output logic                     out_valid_o,
    input  logic                     out_ready_i,
    output logic [ClassW-1:0]        out_class_o,
    // What is going on
    output logic                     store_write_o,
    output logic                     store_read_o,
    output activity_t [GeLayers-1:0] activity_o,
    output logic                     work_o,
    output logic                     quiet_o
);
  // ---- Feature store ----------------------------------------------------------------------------------------
  logic stored_valid, stored_ready, taken;
  logic [FeatureWordW-1:0] stored;

  // A tag queue has room for the images of all words between router and store, and there are six words at most.
  if (FrameWords == 1 && !FeaturesApart) begin : gen_too_short
    $error("ge_branch: an image has one feature word, and words come every cycle: its tag may find no place.");
  end

  feature_store #(
      .Width     (FeatureWordW),
      .FrameWords(FrameWords),
      .Frames    (3),
      .Tags      (InFlight)
  ) u_store (
      .clk_i,
      .rst_ni,
      .frame_valid_i   (frame_start_i),
      .frame_gated_i   (image_i.gated),
      .in_valid_i,
      .in_ready_o,
      .in_data_i,
      .decision_valid_i(keep_valid_i),
      .decision_ready_o(keep_ready_o),
      .decision_keep_i (keep_i),
      .out_valid_o     (stored_valid),
      .out_ready_i     (stored_ready),
      .out_data_o      (stored)
  );

  assign store_write_o = in_valid_i && in_ready_o;
  assign taken         = stored_valid && stored_ready;
  assign store_read_o  = taken;

  // ---- PD_GE ------------------------------------------------------------------------------------------------
  logic raw_ready, raw_valid, class_valid, class_ready;
  logic [ClassW-1:0] raw_class, class_index;
  activity_t [GeLayers-1:0] raw_activity;

  global_expert u_global_expert (
      .clk_i      (domain_clk_i),
      .rst_ni     (domain_rst_ni),
      .in_valid_i (stored_valid && !isolate_i),
      .in_ready_o (raw_ready),
      .in_data_i  (isolate_i ? '0 : stored),
      .out_valid_o(raw_valid),
      .out_ready_i(class_ready),
      .out_class_o(raw_class),
      .activity_o (raw_activity)
  );

  isolation_clamp #(
      .Width($bits({raw_ready, raw_valid, raw_class, raw_activity}))
  ) u_isolation (
      .isolate_i,
      .data_i({raw_ready, raw_valid, raw_class, raw_activity}),
      .data_o({stored_ready, class_valid, class_index, activity_o})
  );

  // ---- Images in the GE, from their first word to their class -----------------------------------------------
  localparam int unsigned WordW = (FrameWords > 1) ? $clog2(FrameWords) : 1;
  logic [WordW-1:0] word_q;
  logic [InFlightW-1:0] images_q;
  logic taken_q, enter, leave;

  // What the domain takes is counted a cycle late, so that its ready ends here; until then taken_q says that it works.
  assign enter   = taken_q && word_q == '0;
  assign leave   = class_valid && class_ready;
  assign work_o  = stored_valid || taken_q || images_q != '0;
  assign quiet_o = !((|activity_o) || stored_valid || class_valid);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      taken_q  <= 1'b0;
      word_q   <= '0;
      images_q <= '0;
    end else begin
      taken_q <= taken;
      if (taken_q) word_q <= (word_q == WordW'(FrameWords - 1)) ? '0 : word_q + 1'b1;
      images_q <= images_q + InFlightW'(enter) - InFlightW'(leave);
    end
  end

  // ---- Answers ----------------------------------------------------------------------------------------------
  stream_fifo #(
      .Width    (ClassW),
      .Depth    (InFlight),
      .NeverFull(1'b1)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .in_valid_i (class_valid),
      .in_ready_o (class_ready),
      .in_data_i  (class_index),
      .out_valid_o,
      .out_ready_i,
      .out_data_o (out_class_o)
  );

  // Of the descriptor, the store needs to know one thing.
  logic unused_image;
  assign unused_image = ^image_i;
endmodule
