// SPDX-License-Identifier: Apache-2.0
/// Branch of the gate: the border of PD_GN around it (see fe_branch), and what becomes of its decisions: each goes to a
/// queue for the mux, and that on a gated image to the GE's feature store, too.
///
/// Initiation interval: that of gating_network.
///
/// Protocol: valid/ready; frame_start_i, with image_i, comes before the image's first word; one beat of all
/// confidences an image.
/// write_i: run-time weights on wr_clk_i, also while the domain sleeps. dither_i and replay_i come with frame_start_i.
/// read_i: see accel_pkg. quiet_o: nothing moves in the domain, and no update is open.
/// Does not: switch experts on or off; it says who answers.
module gn_branch
  import accel_pkg::*;
  import learn_pkg::*;
  import moe_pkg::*;
(
    input  logic                                    clk_i,
    input  logic                                    rst_ni,
    input  logic                                    domain_clk_i,
    input  logic                                    domain_rst_ni,
    input  logic                                    isolate_i,
    input  logic                                    wr_clk_i,
    input  weight_write_t                           write_i,
    // Features
    input  logic                                    frame_start_i,
    input  image_t                                  image_i,
    input  logic                                    in_valid_i,
    output logic                                    in_ready_o,
    input  logic [FeatureWordW-1:0]                 in_data_i,
    // Learning
    input  learn_settings_t                         learn_i,
    input  logic [DitherW-1:0]                      dither_i,
    input  logic                                    replay_i,
    output logic                                    replayed_o,
    output learned_t                                learned_o,
    output logic                                    busy_o,
    input  weight_read_t                            read_i,
    output weight_read_data_t                       read_o,
    // Confidences of all local experts
    input  logic                                    confidence_valid_i,
    output logic                                    confidence_ready_o,
    input  logic [LocalExperts-1:0][2*FeatureW-1:0] confidence_i,
    // Decisions for the mux
    output logic                                    out_valid_o,
    input  logic                                    out_ready_i,
    output logic [ExpertW-1:0]                      out_expert_o,
    // Decisions for the feature store
    output logic                                    keep_valid_o,
    input  logic                                    keep_ready_i,
    output logic                                    keep_o,
    // What is going on
    output activity_t [GateLayers-1:0]              activity_o,
    output logic                                    quiet_o
);
  // ---- PD_GN ------------------------------------------------------------------------------------------------
  logic raw_ready, raw_confidence_ready, raw_valid, decision_valid, decision_ready;
  logic [1:0] unused_gated;
  logic signed [ThetaW-1:0] theta;
  logic [ExpertW-1:0] raw_expert, expert;
  activity_t [GateLayers-1:0] raw_activity;
  logic raw_busy;
  learned_t raw_learned;
  weight_read_data_t raw_read;
  lesson_t lesson;

  // An own image shall go to the expert that learns, a generic one to the GE.
  assign lesson = '{
          valid: image_i.lesson.valid,
          own: image_i.lesson.own,
          target: image_i.lesson.own ? ClassW'(learn_i.expert) + 1'b1 : '0,
          dither: dither_i
      };

  gating_network #(
      .Height          (FeatureHeight),
      .Width           (FeatureWidth),
      .Channels        (FeatureChannels),
      .Lanes           (FeatureLanes),
      .Apart           (FeaturesApart),
      .PoolSize        (GatePoolSize),
      .PoolKind        (GatePoolKind),
      .LocalExperts    (LocalExperts),
      .Confidence      (GateConfidence),
      .Ahead           (GateAhead),
      .Hidden          (GateHidden),
      .HiddenPe        (GateHiddenPe),
      .HiddenSimd      (GateHiddenSimd),
      .HiddenAccW      (GateHiddenAccW),
      .HiddenShift     (GateHiddenShift),
      .HiddenMultiplier(GateHiddenMultiplier),
      .OutPe           (GateOutPe),
      .OutSimd         (GateOutSimd),
      .OutAccW         (GateOutAccW),
      .OutMultiplier   (GateOutMultiplier),
      .ActW            (FeatureW),
      .WgtW            (GateWgtW),
      .BiasW           (GateBiasW),
      .Banks           (Banks),
      .Tags            (Announced),
      .Baked           (Baked),
      .HiddenWeightFile("gate_hidden_weight.mem"),
      .HiddenBiasFile  ("gate_hidden_bias.mem"),
      .OutWeightFile   ("gate_out_weight.mem"),
      .OutBiasFile     ("gate_out_bias.mem"),
      .Learn           (Learn)
  ) u_gating_network (
      .clk_i             (domain_clk_i),
      .rst_ni            (domain_rst_ni),
      .wr_clk_i,
      .write_i,
      .frame_start_i     (frame_start_i && !isolate_i),
      .bank_i            (isolate_i ? '0 : image_i.bank),
      .theta_i           (isolate_i ? '0 : theta),
      .in_valid_i        (in_valid_i && !isolate_i),
      .in_ready_o        (raw_ready),
      .in_data_i         (isolate_i ? '0 : in_data_i),
      .confidence_valid_i(confidence_valid_i && !isolate_i),
      .confidence_ready_o(raw_confidence_ready),
      .confidence_i      (isolate_i ? '0 : confidence_i),
      .out_valid_o       (raw_valid),
      .out_ready_i       (decision_ready),
      .out_expert_o      (raw_expert),
      .activity_o        (raw_activity),
      .isolate_i,
      .rule_i            (learn_i.gate_rule),
      .lesson_i          (isolate_i ? '0 : lesson),
      .replay_i          (replay_i && !isolate_i),
      .slot_i            (isolate_i ? '0 : image_i.sequence_number[ReplaySlotW-1:0]),
      .learned_o         (raw_learned),
      .busy_o            (raw_busy),
      .read_i            (isolate_i ? '0 : read_i),
      .read_o            (raw_read)
  );

  isolation_clamp #(
      .Width($bits({raw_ready, raw_confidence_ready, raw_valid, raw_expert, raw_activity, raw_learned, raw_busy,
                    raw_read}))
  ) u_isolation (
      .isolate_i,
      .data_i({raw_ready, raw_confidence_ready, raw_valid, raw_expert, raw_activity, raw_learned, raw_busy, raw_read}),
      .data_o({in_ready_o, confidence_ready_o, decision_valid, expert, activity_o, learned_o, busy_o, read_o})
  );

  assign quiet_o = !((|activity_o) || in_valid_i || decision_valid || busy_o);

  // ---- Decisions --------------------------------------------------------------------------------------------
  logic [ExpertW-1:0] forked;

  // The tag says whether the mux and the store wait for the decision, and has the threshold for it.
  answer_queue #(
      .TagW (ThetaW + 2),
      .Width(ExpertW)
  ) u_decisions (
      .clk_i,
      .rst_ni,
      .tag_valid_i   (frame_start_i),
      .tag_i         ({image_i.theta, !replay_i, image_i.gated}),
      .tag_o         ({theta, unused_gated}),
      .answer_valid_i(decision_valid),
      .answer_ready_o(decision_ready),
      .answer_i      (expert),
      .out_valid_o,
      .out_ready_i,
      .out_data_o    (out_expert_o),
      .second_valid_o(keep_valid_o),
      .second_ready_i(keep_ready_i),
      .second_data_o (forked),
      .dropped_o     (replayed_o)
  );

  assign keep_o = forked == '0;

  // Of the descriptor, bank, threshold, gated and lesson matter here.
  logic unused_bits;
  assign unused_bits = ^{image_i, learn_i};
endmodule
