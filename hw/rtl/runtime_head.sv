// SPDX-License-Identifier: Apache-2.0
/// Head: a small network with run-time weights on the features, which a local expert and the gate are.
///
/// Pooled features, followed by Extra further inputs, go through an optional hidden dense layer (ReLU, requantised) and
/// an output dense layer, whose accumulators leave.
///
/// Initiation interval: the largest of the feature words and, of each layer, inputs*outputs / (Pe*Simd) cycles.
/// Latency: a layer gives its outputs in the last Outputs/Pe cycles of those.
///
/// Protocol: valid/ready; frame_start_i announces an image and its weight bank (see runtime_dense); one beat of extra
/// inputs an image, at any time. Weight writes: see accel_pkg::weight_write_t.
/// Does not: say what its outputs mean.
///
/// Parameters
///   Height, Width, Channels, Lanes  feature map, and channels a feature word
///   PoolSize, PoolKind              pooling window and stride, and kind (see pooled_words)
///   Extra                           further inputs, 0: none
///   Ahead                           images whose features come before the extra inputs of the one in progress
///   Hidden                          hidden units, 0: none
///   HiddenShift, HiddenAccW         requantisation of the hidden layer
///   HiddenLayer, OutLayer           numbers of the layers in weight writes
///   HiddenPe, HiddenSimd, OutPe, OutSimd, *W, *Multiplier, Banks, Tags, Baked, *File  see runtime_dense
module runtime_head
  import accel_pkg::*;
#(
    parameter int unsigned       Height           = 12,
    parameter int unsigned       Width            = 12,
    parameter int unsigned       Channels         = 20,
    parameter int unsigned       Lanes            = 20,
    parameter int unsigned       PoolSize         = 2,
    parameter int unsigned       PoolKind         = 0,
    parameter int unsigned       Extra            = 2,
    parameter int unsigned       Ahead            = 0,
    parameter int unsigned       Outputs          = 2,
    parameter int unsigned       Hidden           = 16,
    parameter int unsigned       HiddenPe         = 1,
    parameter int unsigned       HiddenSimd       = 4,
    parameter int unsigned       HiddenAccW       = 26,
    parameter int unsigned       HiddenShift      = 8,
    parameter int unsigned       HiddenMultiplier = 0,
    parameter logic [LayerW-1:0] HiddenLayer      = LayerGateHidden,
    parameter int unsigned       OutPe            = 1,
    parameter int unsigned       OutSimd          = 1,
    parameter int unsigned       OutAccW          = 21,
    parameter int unsigned       OutMultiplier    = 0,
    parameter logic [LayerW-1:0] OutLayer         = LayerGateOut,
    parameter int unsigned       ActW             = 8,
    parameter int unsigned       WgtW             = 8,
    parameter int unsigned       BiasW            = 16,
    parameter int unsigned       Banks            = 2,
    parameter int unsigned       Tags             = 8,
    parameter bit                Baked            = 1'b0,
    parameter                    HiddenWeightFile = "",
    parameter                    HiddenBiasFile   = "",
    parameter                    OutWeightFile    = "",
    parameter                    OutBiasFile      = "",
    localparam int unsigned      ExtraLanes       = (Extra > 0) ? Extra : 1,
    localparam int unsigned      Layers           = (Hidden > 0) ? 2 : 1
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic                       wr_clk_i,
    input  weight_write_t              write_i,
    input  logic                       frame_start_i,
    input  logic [BankW-1:0]           bank_i,
    input  logic                       in_valid_i,
    output logic                       in_ready_o,
    input  logic [Lanes*ActW-1:0]      in_data_i,
    input  logic                       extra_valid_i,
    output logic                       extra_ready_o,
    input  logic [ExtraLanes*ActW-1:0] extra_data_i,
    output logic                       out_valid_o,
    input  logic                       out_ready_i,
    output logic [OutPe*OutAccW-1:0]   out_data_o,
    output activity_t [Layers-1:0]     activity_o
);
  localparam int unsigned FirstSimd = (Hidden > 0) ? HiddenSimd : OutSimd;
  localparam int unsigned PoolChannels = (PoolKind == 2) ? 2 * Channels : Channels;  // as pooled_words gives them
  localparam int unsigned PoolWords = (Height / PoolSize) * (Width / PoolSize) * PoolChannels / FirstSimd;
  // Extra lanes are padded with zeros to whole words.
  localparam int unsigned ExtraWords = (Extra + FirstSimd - 1) / FirstSimd;
  localparam int unsigned InWords = PoolWords + ExtraWords;

  // ---- Inputs: pooled features, then the extra ones ---------------------------------------------------------
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
      .Kind    (PoolKind),
      .Ahead   (Ahead)
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

  if (Extra > 0) begin : gen_extra
    localparam int unsigned PaddedLanes = ExtraWords * FirstSimd;
    logic words_valid, words_ready;
    logic [FirstSimd*ActW-1:0] words_data;

    stream_width #(
        .LaneW   (ActW),
        .InLanes (PaddedLanes),
        .OutLanes(FirstSimd)
    ) u_extra_words (
        .clk_i,
        .rst_ni,
        .in_valid_i (extra_valid_i),
        .in_ready_o (extra_ready_o),
        .in_data_i  ((PaddedLanes * ActW)'(extra_data_i)),
        .out_valid_o(words_valid),
        .out_ready_i(words_ready),
        .out_data_o (words_data)
    );

    stream_append #(
        .Width      (FirstSimd * ActW),
        .FirstWords (PoolWords),
        .SecondWords(ExtraWords)
    ) u_append (
        .clk_i,
        .rst_ni,
        .first_valid_i (word_valid),
        .first_ready_o (word_ready),
        .first_data_i  (word_data),
        .second_valid_i(words_valid),
        .second_ready_o(words_ready),
        .second_data_i (words_data),
        .out_valid_o   (vector_valid),
        .out_ready_i   (vector_ready),
        .out_data_o    (vector_data)
    );
  end else begin : gen_no_extra
    assign vector_valid  = word_valid;
    assign word_ready    = vector_ready;
    assign vector_data   = word_data;
    assign extra_ready_o = 1'b1;

    logic unused_extra;
    assign unused_extra = ^{extra_valid_i, extra_data_i};
  end

  // ---- Hidden layer -----------------------------------------------------------------------------------------
  localparam int unsigned OutInWords = (Hidden > 0) ? Hidden / OutSimd : InWords;
  logic out_in_valid, out_in_ready;
  logic [OutSimd*ActW-1:0] out_in_data;

  if (Hidden > 0) begin : gen_hidden
    logic hidden_valid, hidden_ready, queue_valid, queue_ready;
    logic [HiddenPe*ActW-1:0] hidden_data, queue_data;

    runtime_dense #(
        .InWords   (InWords),
        .OutWords  (Hidden / HiddenPe),
        .Pe        (HiddenPe),
        .Simd      (HiddenSimd),
        .ActW      (ActW),
        .WgtW      (WgtW),
        .BiasW     (BiasW),
        .AccW      (HiddenAccW),
        .Requant   (1'b1),
        .Shift     (HiddenShift),
        .Banks     (Banks),
        .Multiplier(HiddenMultiplier),
        .Tags      (Tags),
        .Layer     (HiddenLayer),
        .Baked     (Baked),
        .WeightFile(HiddenWeightFile),
        .BiasFile  (HiddenBiasFile)
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

    // All units of an image come within a few cycles. They wait here for the output layer, not in the hidden one.
    stream_fifo #(
        .Width(HiddenPe * ActW),
        .Depth(Hidden / HiddenPe)
    ) u_queue (
        .clk_i,
        .rst_ni,
        .in_valid_i (hidden_valid),
        .in_ready_o (hidden_ready),
        .in_data_i  (hidden_data),
        .out_valid_o(queue_valid),
        .out_ready_i(queue_ready),
        .out_data_o (queue_data)
    );

    stream_width #(
        .LaneW   (ActW),
        .InLanes (HiddenPe),
        .OutLanes(OutSimd)
    ) u_width (
        .clk_i,
        .rst_ni,
        .in_valid_i (queue_valid),
        .in_ready_o (queue_ready),
        .in_data_i  (queue_data),
        .out_valid_o(out_in_valid),
        .out_ready_i(out_in_ready),
        .out_data_o (out_in_data)
    );
  end else begin : gen_linear
    assign out_in_valid = vector_valid;
    assign vector_ready = out_in_ready;
    assign out_in_data  = vector_data;
  end

  // ---- Output layer -----------------------------------------------------------------------------------------
  runtime_dense #(
      .InWords   (OutInWords),
      .OutWords  (Outputs / OutPe),
      .Pe        (OutPe),
      .Simd      (OutSimd),
      .ActW      (ActW),
      .WgtW      (WgtW),
      .BiasW     (BiasW),
      .AccW      (OutAccW),
      .Requant   (1'b0),
      .Banks     (Banks),
      .Multiplier(OutMultiplier),
      .Tags      (Tags),
      .Layer     (OutLayer),
      .Baked     (Baked),
      .WeightFile(OutWeightFile),
      .BiasFile  (OutBiasFile)
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
      .out_valid_o,
      .out_ready_i,
      .out_data_o,
      .activity_o (activity_o[Layers-1])
  );
endmodule
