// SPDX-License-Identifier: Apache-2.0
/// Gating network (GN): decides for each image which expert answers.
///
/// A head on the pooled features, optionally followed by the local experts' confidences, gives LocalExperts + 1 logits;
/// gate_decide compares them. Hidden = 0 without confidence is the linear gate of arXiv 1811.00056.
///
/// Initiation interval: that of runtime_head.
/// Latency: that of runtime_head, and LocalExperts + 1 cycles.
///
/// Protocol: valid/ready; frame_start_i announces an image and its weight bank; one confidence beat an image, lane
/// 2*i the top logit and lane 2*i+1 the margin of local expert i; theta_i belongs to the oldest image without a
/// decision. Weight writes: see accel_pkg::weight_write_t.
/// Does not: run the experts.
///
/// Parameters
///   LocalExperts  number of local experts
///   Confidence    1: confidence inputs
///   Ahead         images whose features come before the confidences of the one in progress
///   the others    see runtime_head
module gating_network
  import accel_pkg::*;
  import learn_pkg::*;
#(
    parameter int unsigned  Height           = 12,
    parameter int unsigned  Width            = 12,
    parameter int unsigned  Channels         = 20,
    parameter int unsigned  Lanes            = 20,
    parameter bit           Apart            = 1'b0,
    parameter int unsigned  PoolSize         = 2,
    parameter int unsigned  PoolKind         = 0,
    parameter int unsigned  LocalExperts     = 1,
    parameter bit           Confidence       = 1'b1,
    parameter int unsigned  Ahead            = 0,
    parameter int unsigned  Hidden           = 16,
    parameter int unsigned  HiddenPe         = 1,
    parameter int unsigned  HiddenSimd       = 4,
    parameter int unsigned  HiddenAccW       = 26,
    parameter int unsigned  HiddenShift      = 8,
    parameter int unsigned  HiddenMultiplier = 0,
    parameter int unsigned  OutPe            = 1,
    parameter int unsigned  OutSimd          = 1,
    parameter int unsigned  OutAccW          = 21,
    parameter int unsigned  OutMultiplier    = 0,
    parameter int unsigned  ActW             = 8,
    parameter int unsigned  WgtW             = 8,
    parameter int unsigned  BiasW            = 16,
    parameter int unsigned  Banks            = 2,
    parameter int unsigned  Tags             = 8,
    parameter bit           Baked            = 1'b0,
    parameter               HiddenWeightFile = "",
    parameter               HiddenBiasFile   = "",
    parameter               OutWeightFile    = "",
    parameter               OutBiasFile      = "",
    parameter bit           Learn            = 1'b0,
    localparam int unsigned ConfidenceLanes  = 2 * LocalExperts,
    localparam int unsigned Layers           = (Hidden > 0) ? 2 : 1
) (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    input  logic                            wr_clk_i,
    input  weight_write_t                   write_i,
    input  logic                            frame_start_i,
    input  logic [BankW-1:0]                bank_i,
    input  logic signed [ThetaW-1:0]        theta_i,
    input  logic                            in_valid_i,
    output logic                            in_ready_o,
    input  logic [Lanes*ActW-1:0]           in_data_i,
    input  logic                            confidence_valid_i,
    output logic                            confidence_ready_o,
    input  logic [ConfidenceLanes*ActW-1:0] confidence_i,
    output logic                            out_valid_o,
    input  logic                            out_ready_i,
    output logic [ExpertW-1:0]              out_expert_o,
    output activity_t [Layers-1:0]          activity_o,
    input  logic                            isolate_i,
    input  learn_rule_t                     rule_i,
    input  lesson_t                         lesson_i,
    input  logic                            replay_i,
    input  logic [ReplaySlotW-1:0]          slot_i,
    output learned_t                        learned_o,
    output logic                            busy_o,
    input  weight_read_t                    read_i,
    output weight_read_data_t               read_o
);
  localparam int unsigned Logits = LocalExperts + 1;
  localparam int unsigned Extra  = Confidence ? ConfidenceLanes : 0;

  logic logit_valid, logit_ready;
  logic signed [OutAccW-1:0] logit;

  localparam int unsigned ExtraW = ((Extra > 0) ? Extra : 1) * ActW;

  runtime_head #(
      .Height          (Height),
      .Width           (Width),
      .Channels        (Channels),
      .Lanes           (Lanes),
      .Apart           (Apart),
      .PoolSize        (PoolSize),
      .PoolKind        (PoolKind),
      .Extra           (Extra),
      .Ahead           (Ahead),
      .Outputs         (Logits),
      .Hidden          (Hidden),
      .HiddenPe        (HiddenPe),
      .HiddenSimd      (HiddenSimd),
      .HiddenAccW      (HiddenAccW),
      .HiddenShift     (HiddenShift),
      .HiddenMultiplier(HiddenMultiplier),
      .HiddenLayer     (LayerGateHidden),
      .OutPe           (OutPe),
      .OutSimd         (OutSimd),
      .OutAccW         (OutAccW),
      .OutMultiplier   (OutMultiplier),
      .OutLayer        (LayerGateOut),
      .ActW            (ActW),
      .WgtW            (WgtW),
      .BiasW           (BiasW),
      .Banks           (Banks),
      .Tags            (Tags),
      .Baked           (Baked),
      .HiddenWeightFile(HiddenWeightFile),
      .HiddenBiasFile  (HiddenBiasFile),
      .OutWeightFile   (OutWeightFile),
      .OutBiasFile     (OutBiasFile),
      .Learn           (Learn),
      .LearnFirst      (1'b1)
  ) u_head (
      .clk_i,
      .rst_ni,
      .wr_clk_i,
      .write_i,
      .frame_start_i,
      .bank_i,
      .in_valid_i,
      .in_ready_o,
      .in_data_i,
      .extra_valid_i(confidence_valid_i),
      .extra_ready_o(confidence_ready_o),
      .extra_data_i (confidence_i[ExtraW-1:0]),
      .out_valid_o  (logit_valid),
      .out_ready_i  (logit_ready),
      .out_data_o   (logit),
      .activity_o,
      .isolate_i,
      .rule_i,
      .lesson_i,
      .replay_i,
      .slot_i,
      .learned_o,
      .busy_o,
      .read_i,
      .read_o
  );

  gate_decide #(
      .Count(Logits),
      .DataW(OutAccW)
  ) u_decide (
      .clk_i,
      .rst_ni,
      .theta_i,
      .in_valid_i (logit_valid),
      .in_ready_o (logit_ready),
      .in_data_i  (logit),
      .out_valid_o,
      .out_ready_i,
      .out_expert_o
  );

  // Without confidence inputs nobody reads them.
  logic unused_confidence;
  assign unused_confidence = ^confidence_i;
endmodule
