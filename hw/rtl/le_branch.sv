// SPDX-License-Identifier: Apache-2.0
/// Branch of one local expert: the border of PD_LE around it (see fe_branch), and what becomes of its answers: the
/// class goes to a queue for the mux, and, if the gate decides about the image, the confidence to the gate.
///
/// Initiation interval: that of local_expert.
///
/// Protocol: valid/ready; frame_start_i, with image_i, comes before the image's first word. write_i: run-time
/// weights on wr_clk_i, also while the domain sleeps. dither_i and replay_i come with frame_start_i. read_i: see
/// accel_pkg. quiet_o: nothing moves in the domain, and no update is open.
/// Does not: wait for the other experts; the gate takes all confidences of an image together.
///
/// Parameters
///   Number  which local expert it is
module le_branch
  import accel_pkg::*;
  import learn_pkg::*;
  import moe_pkg::*;
#(
    parameter int unsigned Number = 0
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic                    domain_clk_i,
    input  logic                    domain_rst_ni,
    input  logic                    isolate_i,
    input  logic                    wr_clk_i,
    input  weight_write_t           write_i,
    // Features
    input  logic                    frame_start_i,
    input  image_t                  image_i,
    input  logic                    in_valid_i,
    output logic                    in_ready_o,
    input  logic [FeatureWordW-1:0] in_data_i,
    // Learning
    input  learn_settings_t         learn_i,
    input  logic [DitherW-1:0]      dither_i,
    input  logic                    replay_i,
    output logic                    replayed_o,
    output learned_t                learned_o,
    output logic                    busy_o,
    input  weight_read_t            read_i,
    output weight_read_data_t       read_o,
    // Answers
    output logic                    out_valid_o,
    input  logic                    out_ready_i,
    output logic [ClassW-1:0]       out_class_o,
    // Confidences: margin, top
    output logic                    confidence_valid_o,
    input  logic                    confidence_ready_i,
    output logic [2*FeatureW-1:0]   confidence_o,
    // What is going on
    output activity_t [LeLayers-1:0] activity_o,
    output logic                    quiet_o
);
  typedef struct packed {
    logic [FeatureW-1:0] margin;
    logic [FeatureW-1:0] top;
    logic [ClassW-1:0]   class_index;
  } answer_t;

  // ---- PD_LE ------------------------------------------------------------------------------------------------
  logic raw_ready, raw_valid, clamped_valid, clamped_ready, answer_valid, answer_ready, raw_busy;
  answer_t raw_answer, clamped, answer;
  activity_t [LeLayers-1:0] raw_activity;
  learned_t raw_learned;
  weight_read_data_t raw_read;
  lesson_t lesson;

  // Only own images, and only the expert that learns: its label's logit shall be the largest.
  assign lesson = '{
          valid: image_i.lesson.valid && image_i.lesson.own && 32'(learn_i.expert) == Number,
          own: 1'b1,
          target: image_i.lesson.label,
          dither: dither_i
      };

  local_expert #(
      .Height          (FeatureHeight),
      .Width           (FeatureWidth),
      .Channels        (FeatureChannels),
      .Lanes           (FeatureLanes),
      .Apart           (FeaturesApart),
      .PoolSize        (LePoolSize),
      .PoolKind        (LePoolKind),
      .Classes         (Classes),
      .Hidden          (LeHidden),
      .HiddenPe        (LeHiddenPe),
      .HiddenSimd      (LeHiddenSimd),
      .HiddenAccW      (LeHiddenAccW),
      .HiddenShift     (LeHiddenShift),
      .HiddenMultiplier(LeHiddenMultiplier),
      .HiddenLayer     (LayerW'(LayerLocalHidden + Number)),
      .OutPe           (LeOutPe),
      .OutSimd         (LeOutSimd),
      .OutAccW         (LeOutAccW),
      .OutMultiplier   (LeOutMultiplier),
      .OutLayer        (LayerW'(LayerLocalExpert + Number)),
      .ActW            (FeatureW),
      .WgtW            (LeWgtW),
      .BiasW           (LeBiasW),
      .Banks           (Banks),
      .ConfidenceShift (ConfidenceShift),
      .Tags            (Announced),
      .Baked           (Baked),
      .HiddenWeightFile({"le", 8'("0" + Number), "_hidden_weight.mem"}),
      .HiddenBiasFile  ({"le", 8'("0" + Number), "_hidden_bias.mem"}),
      .OutWeightFile   ({"le", 8'("0" + Number), "_weight.mem"}),
      .OutBiasFile     ({"le", 8'("0" + Number), "_bias.mem"}),
      .Learn           (Learn)
  ) u_local_expert (
      .clk_i        (domain_clk_i),
      .rst_ni       (domain_rst_ni),
      .wr_clk_i,
      .write_i,
      .frame_start_i(frame_start_i && !isolate_i),
      .bank_i       (isolate_i ? '0 : image_i.bank),
      .in_valid_i   (in_valid_i && !isolate_i),
      .in_ready_o   (raw_ready),
      .in_data_i    (isolate_i ? '0 : in_data_i),
      .out_valid_o  (raw_valid),
      .out_ready_i  (clamped_ready),
      .out_class_o  (raw_answer.class_index),
      .out_top_o    (raw_answer.top),
      .out_margin_o (raw_answer.margin),
      .activity_o   (raw_activity),
      .isolate_i,
      .rule_i       (learn_i.local_rule),
      .lesson_i     (isolate_i ? '0 : lesson),
      .replay_i     (replay_i && !isolate_i),
      .slot_i       (isolate_i ? '0 : image_i.sequence_number[ReplaySlotW-1:0]),
      .learned_o    (raw_learned),
      .busy_o       (raw_busy),
      .read_i       (isolate_i ? '0 : read_i),
      .read_o       (raw_read)
  );

  isolation_clamp #(
      .Width($bits({raw_ready, raw_valid, raw_answer, raw_activity, raw_learned, raw_busy, raw_read}))
  ) u_isolation (
      .isolate_i,
      .data_i({raw_ready, raw_valid, raw_answer, raw_activity, raw_learned, raw_busy, raw_read}),
      .data_o({in_ready_o, clamped_valid, clamped, activity_o, learned_o, busy_o, read_o})
  );

  assign quiet_o = !((|activity_o) || in_valid_i || busy_o);

  // ---- Answers ----------------------------------------------------------------------------------------------
  logic [1:0] unused_tag;
  answer_t forked;

  // What waits for the gate does not reach back into the domain.
  stream_skid #(
      .Width($bits(answer_t))
  ) u_answer_skid (
      .clk_i,
      .rst_ni,
      .in_valid_i (clamped_valid),
      .in_ready_o (clamped_ready),
      .in_data_i  (clamped),
      .out_valid_o(answer_valid),
      .out_ready_i(answer_ready),
      .out_data_o (answer)
  );

  // The tag says whether the mux wants the class, and the gate this expert's confidence.
  answer_queue #(
      .TagW  (2),
      .Width ($bits(answer_t)),
      .QueueW(ClassW)
  ) u_answers (
      .clk_i,
      .rst_ni,
      .tag_valid_i   (frame_start_i),
      .tag_i         ({!replay_i, image_i.use_gate && GateConfidence}),
      .tag_o         (unused_tag),
      .answer_valid_i(answer_valid),
      .answer_ready_o(answer_ready),
      .answer_i      (answer),
      .out_valid_o,
      .out_ready_i,
      .out_data_o    (out_class_o),
      .second_valid_o(confidence_valid_o),
      .second_ready_i(confidence_ready_i),
      .second_data_o (forked),
      .dropped_o     (replayed_o)
  );

  assign confidence_o = {forked.margin, forked.top};

  // Of the descriptor, bank, use_gate and lesson matter here; the class goes to the mux only.
  logic unused_bits;
  assign unused_bits = ^{image_i, forked.class_index, learn_i};
endmodule
