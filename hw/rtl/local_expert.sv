// SPDX-License-Identifier: Apache-2.0
/// Local expert (LE): pooling of the shared features, one dense layer with run-time weights, arg max.
///
/// Its result also carries the expert's confidence for the gate: the top logit and its margin to the second,
/// both requantised (shifted right by ConfidenceShift with round half to even, saturated to ActW bits unsigned).
///
/// Initiation interval: the largest of the feature words and (180/Simd)*(62/Pe) cycles for the default shape.
/// Latency: the dense layer's last input word costs Classes/Pe cycles, the arg max Classes cycles.
///
/// Protocol: valid/ready; frame_start_i announces an image and its weight bank (see runtime_dense).
/// Does not: decide whether its answer counts; that is the gate's and the mux's work.
///
/// Parameters
///   Height, Width, Channels, Lanes  feature map, and channels a feature word
///   PoolSize, PoolKind              pooling window and stride, and kind (see pooled_words)
///   Classes                         outputs
///   Pe, Simd, *W, Banks, Layer, Baked, *File  see runtime_dense
///   ConfidenceShift                 right shift of logits to confidence inputs
module local_expert
  import accel_pkg::*;
#(
    parameter int unsigned Height          = 12,
    parameter int unsigned Width           = 12,
    parameter int unsigned Channels        = 20,
    parameter int unsigned Lanes           = 20,
    parameter int unsigned PoolSize        = 4,
    parameter int unsigned PoolKind        = 0,
    parameter int unsigned Classes         = 62,
    parameter int unsigned Pe              = 1,
    parameter int unsigned Simd            = 4,
    parameter int unsigned ActW            = 8,
    parameter int unsigned WgtW            = 8,
    parameter int unsigned BiasW           = 16,
    parameter int unsigned AccW            = 24,
    parameter int unsigned Banks           = 2,
    parameter int unsigned Multiplier      = 0,
    parameter int unsigned ConfidenceShift = 6,
    parameter int unsigned Tags            = 8,
    parameter logic [LayerW-1:0] Layer     = '0,
    parameter bit          Baked           = 1'b0,
    parameter              WeightFile      = "",
    parameter              BiasFile        = ""
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  wr_clk_i,
    input  weight_write_t write_i,
    input  logic                  frame_start_i,
    input  logic [BankW-1:0]      bank_i,
    input  logic                  in_valid_i,
    output logic                  in_ready_o,
    input  logic [Lanes*ActW-1:0] in_data_i,
    output logic                  out_valid_o,
    input  logic                  out_ready_i,
    output logic [ClassW-1:0]     out_class_o,
    output logic [ActW-1:0]       out_top_o,
    output logic [ActW-1:0]       out_margin_o,
    output activity_t             activity_o
);
  localparam int unsigned Inputs = (Height / PoolSize) * (Width / PoolSize) * Channels;

  logic word_valid, word_ready, acc_valid, acc_ready;
  logic [Simd*ActW-1:0] word_data;
  logic [Pe*AccW-1:0] acc_data;
  logic signed [AccW-1:0] top, second;

  pooled_words #(
      .Height  (Height),
      .Width   (Width),
      .Channels(Channels),
      .Lanes   (Lanes),
      .OutLanes(Simd),
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

  runtime_dense #(
      .InWords      (Inputs / Simd),
      .OutWords     (Classes / Pe),
      .Pe           (Pe),
      .Simd         (Simd),
      .ActW         (ActW),
      .WgtW         (WgtW),
      .BiasW        (BiasW),
      .AccW         (AccW),
      .Requant      (1'b0),
      .Banks        (Banks),
      .Multiplier   (Multiplier),
      .Tags         (Tags),
      .Layer        (Layer),
      .Baked        (Baked),
      .WeightFile   (WeightFile),
      .BiasFile     (BiasFile)
  ) u_dense (
      .clk_i,
      .rst_ni,
      .wr_clk_i,
      .write_i,
      .tag_valid_i(frame_start_i),
      .tag_bank_i (bank_i),
      .in_valid_i (word_valid),
      .in_ready_o (word_ready),
      .in_data_i  (word_data),
      .out_valid_o(acc_valid),
      .out_ready_i(acc_ready),
      .out_data_o (acc_data),
      .activity_o
  );

  logit_arg_max #(
      .Count (Classes),
      .Lanes (Pe),
      .LogitW(AccW)
  ) u_class (
      .clk_i,
      .rst_ni,
      .in_valid_i  (acc_valid),
      .in_ready_o  (acc_ready),
      .in_data_i   (acc_data),
      .out_valid_o,
      .out_ready_i,
      .out_class_o,
      .out_max_o   (top),
      .out_second_o(second)
  );

  logic signed [AccW:0] margin;  // one bit more: the difference of two logits
  assign margin = (AccW + 1)'(top) - (AccW + 1)'(second);

  requantize #(
      .AccW (AccW),
      .Shift(ConfidenceShift),
      .OutW (ActW)
  ) u_top (
      .acc_i (top),
      .data_o(out_top_o)
  );

  requantize #(
      .AccW (AccW + 1),
      .Shift(ConfidenceShift),
      .OutW (ActW)
  ) u_margin (
      .acc_i (margin),
      .data_o(out_margin_o)
  );
endmodule
