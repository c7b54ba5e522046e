// SPDX-License-Identifier: Apache-2.0
/// Gating network (GN): decides for each image which expert answers.
///
/// Pooled features, optionally followed by the local experts' confidences, go through an optional hidden
/// dense layer (ReLU, requantised) and an output dense layer to LocalExperts + 1 logits; gate_decide compares
/// them. Hidden = 0 without confidence is the linear gate of arXiv 1811.00056.
///
/// Initiation interval: that of its largest layer, inputs*outputs / (Pe*Simd) cycles.
///
/// Protocol: valid/ready; frame_start_i announces an image and its weight bank; one confidence beat an image, lane
/// 2*i the top logit and lane 2*i+1 the margin of local expert i; theta_i belongs to the oldest image without a
/// decision. Weight writes: see accel_pkg::weight_write_t.
/// Does not: run the experts.
///
/// Parameters
///   Height, Width, Channels, Lanes  feature map, and channels a feature word
///   PoolSize, PoolKind              pooling window and stride, and kind (see pooled_words)
///   LocalExperts                    number of local experts
///   Confidence                      1: confidence inputs
///   Hidden                          hidden units, 0: none
///   HiddenShift, HiddenAccW         requantisation of the hidden layer
///   HiddenPe, HiddenSimd, OutPe, OutSimd, *W, Banks, Baked, *File  see runtime_dense
module gating_network
  import accel_pkg::*;
#(
    parameter int unsigned  Height          = 12,
    parameter int unsigned  Width           = 12,
    parameter int unsigned  Channels        = 20,
    parameter int unsigned  Lanes           = 20,
    parameter int unsigned  PoolSize        = 2,
    parameter int unsigned  PoolKind        = 0,
    parameter int unsigned  LocalExperts    = 1,
    parameter bit           Confidence      = 1'b1,
    parameter int unsigned  Hidden          = 16,
    parameter int unsigned  HiddenPe        = 1,
    parameter int unsigned  HiddenSimd      = 4,
    parameter int unsigned  HiddenAccW      = 26,
    parameter int unsigned  HiddenShift     = 8,
    parameter int unsigned  HiddenMultiplier = 0,
    parameter int unsigned  OutPe           = 1,
    parameter int unsigned  OutSimd         = 1,
    parameter int unsigned  OutAccW         = 21,
    parameter int unsigned  OutMultiplier   = 0,
    parameter int unsigned  ActW            = 8,
    parameter int unsigned  WgtW            = 8,
    parameter int unsigned  BiasW           = 16,
    parameter int unsigned  Banks           = 2,
    parameter int unsigned  Tags            = 8,
    parameter bit           Baked           = 1'b0,
    parameter               HiddenWeightFile = "",
    parameter               HiddenBiasFile  = "",
    parameter               OutWeightFile   = "",
    parameter               OutBiasFile     = "",
    localparam int unsigned ConfidenceLanes = 2 * LocalExperts,
    localparam int unsigned Layers          = (Hidden > 0) ? 2 : 1
) (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    input  logic                            wr_clk_i,
    input  weight_write_t write_i,
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
    output activity_t [Layers-1:0]          activity_o
);
  localparam int unsigned FirstSimd = (Hidden > 0) ? HiddenSimd : OutSimd;
  localparam int unsigned PoolWords = (Height / PoolSize) * (Width / PoolSize) * Channels / FirstSimd;
  // Confidence lanes are padded with zeros to whole words.
  localparam int unsigned ConfidenceWords = (ConfidenceLanes + FirstSimd - 1) / FirstSimd;
  localparam int unsigned InWords = PoolWords + (Confidence ? ConfidenceWords : 0);
  localparam int unsigned Logits = LocalExperts + 1;

  // ---- Inputs: pooled features, then confidences ------------------------------------------------------------
  logic word_valid, word_ready, vector_valid, vector_ready;
  logic [FirstSimd*ActW-1:0] word_data, vector_data;

  pooled_words #(
      .Height  (Height),
      .Width   (Width),
      .Channels(Channels),
      .Lanes   (Lanes),
      .OutLanes(FirstSimd),
      .ActW    (ActW),
      .Size    (PoolSize),
      .Kind    (PoolKind)
  ) u_pooled (
      .clk_i,
      .rst_ni,
      .in_valid_i,
      .in_ready_o,
      .in_data_i,
      .out_valid_o(word_valid),
      .out_ready_i(word_ready),
      .out_data_o (word_data)
  );

  if (Confidence) begin : gen_confidence
    localparam int unsigned PaddedLanes = ConfidenceWords * FirstSimd;
    logic conf_valid, conf_ready;
    logic [FirstSimd*ActW-1:0] conf_data;

    stream_width #(
        .LaneW   (ActW),
        .InLanes (PaddedLanes),
        .OutLanes(FirstSimd)
    ) u_confidence_words (
        .clk_i,
        .rst_ni,
        .in_valid_i (confidence_valid_i),
        .in_ready_o (confidence_ready_o),
        .in_data_i  ((PaddedLanes * ActW)'(confidence_i)),
        .out_valid_o(conf_valid),
        .out_ready_i(conf_ready),
        .out_data_o (conf_data)
    );

    stream_append #(
        .Width      (FirstSimd * ActW),
        .FirstWords (PoolWords),
        .SecondWords(ConfidenceWords)
    ) u_append (
        .clk_i,
        .rst_ni,
        .first_valid_i (word_valid),
        .first_ready_o (word_ready),
        .first_data_i  (word_data),
        .second_valid_i(conf_valid),
        .second_ready_o(conf_ready),
        .second_data_i (conf_data),
        .out_valid_o   (vector_valid),
        .out_ready_i   (vector_ready),
        .out_data_o    (vector_data)
    );
  end else begin : gen_no_confidence
    assign vector_valid       = word_valid;
    assign word_ready         = vector_ready;
    assign vector_data        = word_data;
    assign confidence_ready_o = 1'b1;

    logic unused_confidence;
    assign unused_confidence = ^{confidence_valid_i, confidence_i};
  end

  // ---- Hidden layer -----------------------------------------------------------------------------------------
  localparam int unsigned OutInWords = (Hidden > 0) ? Hidden / OutSimd : InWords;
  logic out_in_valid, out_in_ready;
  logic [OutSimd*ActW-1:0] out_in_data;

  if (Hidden > 0) begin : gen_hidden
    logic hidden_valid, hidden_ready;
    logic [HiddenPe*ActW-1:0] hidden_data;

    runtime_dense #(
        .InWords      (InWords),
        .OutWords     (Hidden / HiddenPe),
        .Pe           (HiddenPe),
        .Simd         (HiddenSimd),
        .ActW         (ActW),
        .WgtW         (WgtW),
        .BiasW        (BiasW),
        .AccW         (HiddenAccW),
        .Requant      (1'b1),
        .Shift        (HiddenShift),
        .Banks        (Banks),
        .Multiplier   (HiddenMultiplier),
        .Tags         (Tags),
        .Layer        (LayerGateHidden),
        .Baked        (Baked),
        .WeightFile   (HiddenWeightFile),
        .BiasFile     (HiddenBiasFile)
    ) u_dense (
        .clk_i,
        .rst_ni,
        .wr_clk_i,
        .write_i,
        .tag_valid_i(frame_start_i),
        .tag_bank_i (bank_i),
        .in_valid_i (vector_valid),
        .in_ready_o (vector_ready),
        .in_data_i  (vector_data),
        .out_valid_o(hidden_valid),
        .out_ready_i(hidden_ready),
        .out_data_o (hidden_data),
        .activity_o (activity_o[0])
    );

    stream_width #(
        .LaneW   (ActW),
        .InLanes (HiddenPe),
        .OutLanes(OutSimd)
    ) u_width (
        .clk_i,
        .rst_ni,
        .in_valid_i (hidden_valid),
        .in_ready_o (hidden_ready),
        .in_data_i  (hidden_data),
        .out_valid_o(out_in_valid),
        .out_ready_i(out_in_ready),
        .out_data_o (out_in_data)
    );
  end else begin : gen_linear
    assign out_in_valid = vector_valid;
    assign vector_ready = out_in_ready;
    assign out_in_data  = vector_data;
  end

  // ---- Output layer and decision ----------------------------------------------------------------------------
  logic acc_valid, acc_ready, logit_valid, logit_ready;
  logic [OutPe*OutAccW-1:0] acc_data;
  logic signed [OutAccW-1:0] logit;

  runtime_dense #(
      .InWords      (OutInWords),
      .OutWords     (Logits / OutPe),
      .Pe           (OutPe),
      .Simd         (OutSimd),
      .ActW         (ActW),
      .WgtW         (WgtW),
      .BiasW        (BiasW),
      .AccW         (OutAccW),
      .Requant      (1'b0),
      .Banks        (Banks),
      .Multiplier   (OutMultiplier),
      .Tags         (Tags),
      .Layer        (LayerGateOut),
      .Baked        (Baked),
      .WeightFile   (OutWeightFile),
      .BiasFile     (OutBiasFile)
  ) u_out (
      .clk_i,
      .rst_ni,
      .wr_clk_i,
      .write_i,
      .tag_valid_i(frame_start_i),
      .tag_bank_i (bank_i),
      .in_valid_i (out_in_valid),
      .in_ready_o (out_in_ready),
      .in_data_i  (out_in_data),
      .out_valid_o(acc_valid),
      .out_ready_i(acc_ready),
      .out_data_o (acc_data),
      .activity_o (activity_o[Layers-1])
  );

  stream_width #(
      .LaneW   (OutAccW),
      .InLanes (OutPe),
      .OutLanes(1)
  ) u_logits (
      .clk_i,
      .rst_ni,
      .in_valid_i (acc_valid),
      .in_ready_o (acc_ready),
      .in_data_i  (acc_data),
      .out_valid_o(logit_valid),
      .out_ready_i(logit_ready),
      .out_data_o (logit)
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
endmodule
