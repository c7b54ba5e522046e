// SPDX-License-Identifier: Apache-2.0
/// Local expert (LE): a head on the shared features, and the arg max of its logits.
///
/// Its result also carries the expert's confidence for the gate: the top logit and its margin to the second,
/// both requantised (shifted right by ConfidenceShift with round half to even, saturated to ActW bits unsigned).
///
/// Initiation interval: that of runtime_head, at least Classes cycles.
/// Latency: that of runtime_head, and the arg max Classes cycles.
///
/// Protocol: valid/ready; frame_start_i announces an image and its weight bank (see runtime_dense).
/// Does not: decide whether its answer counts; that is the gate's and the mux's work.
///
/// Parameters
///   Classes          outputs
///   ConfidenceShift  right shift of logits to confidence inputs
///   the others       see runtime_head
module local_expert
  import accel_pkg::*;
  import learn_pkg::*;
#(
    parameter int unsigned       Height           = 12,
    parameter int unsigned       Width            = 12,
    parameter int unsigned       Channels         = 20,
    parameter int unsigned       Lanes            = 20,
    parameter bit                Apart            = 1'b0,
    parameter int unsigned       PoolSize         = 4,
    parameter int unsigned       PoolKind         = 0,
    parameter int unsigned       Classes          = 62,
    parameter int unsigned       Hidden           = 0,
    parameter int unsigned       HiddenPe         = 1,
    parameter int unsigned       HiddenSimd       = 4,
    parameter int unsigned       HiddenAccW       = 26,
    parameter int unsigned       HiddenShift      = 8,
    parameter int unsigned       HiddenMultiplier = 0,
    parameter logic [LayerW-1:0] HiddenLayer      = LayerLocalHidden,
    parameter int unsigned       OutPe            = 1,
    parameter int unsigned       OutSimd          = 4,
    parameter int unsigned       OutAccW          = 24,
    parameter int unsigned       OutMultiplier    = 0,
    parameter logic [LayerW-1:0] OutLayer         = LayerLocalExpert,
    parameter int unsigned       ActW             = 8,
    parameter int unsigned       WgtW             = 8,
    parameter int unsigned       BiasW            = 16,
    parameter int unsigned       Banks            = 2,
    parameter int unsigned       ConfidenceShift  = 6,
    parameter int unsigned       Tags             = 8,
    parameter bit                Baked            = 1'b0,
    parameter                    HiddenWeightFile = "",
    parameter                    HiddenBiasFile   = "",
    parameter                    OutWeightFile    = "",
    parameter                    OutBiasFile      = "",
    parameter bit                Learn            = 1'b0,
    localparam int unsigned      Layers           = (Hidden > 0) ? 2 : 1
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   wr_clk_i,
    input  weight_write_t          write_i,
    input  logic                   frame_start_i,
    input  logic [BankW-1:0]       bank_i,
    input  logic                   in_valid_i,
    output logic                   in_ready_o,
    input  logic [Lanes*ActW-1:0]  in_data_i,
    output logic                   out_valid_o,
    input  logic                   out_ready_i,
    output logic [ClassW-1:0]      out_class_o,
    output logic [ActW-1:0]        out_top_o,
    output logic [ActW-1:0]        out_margin_o,
    output activity_t [Layers-1:0] activity_o,
    input  logic                   isolate_i,
    input  learn_rule_t            rule_i,
    input  lesson_t                lesson_i,
    input  logic                  replay_i,
    input  logic [ReplaySlotW-1:0] slot_i,
    output learned_t               learned_o,
    output logic                   busy_o,
    input  weight_read_t           read_i,
    output weight_read_data_t      read_o
);
  logic logits_valid, logits_ready, unused_extra_ready;
  logic signed [OutAccW-1:0] logits, top, second;

  runtime_head #(
      .Height          (Height),
      .Width           (Width),
      .Channels        (Channels),
      .Lanes           (Lanes),
      .Apart           (Apart),
      .PoolSize        (PoolSize),
      .PoolKind        (PoolKind),
      .Extra           (0),
      .Outputs         (Classes),
      .Hidden          (Hidden),
      .HiddenPe        (HiddenPe),
      .HiddenSimd      (HiddenSimd),
      .HiddenAccW      (HiddenAccW),
      .HiddenShift     (HiddenShift),
      .HiddenMultiplier(HiddenMultiplier),
      .HiddenLayer     (HiddenLayer),
      .OutPe           (OutPe),
      .OutSimd         (OutSimd),
      .OutAccW         (OutAccW),
      .OutMultiplier   (OutMultiplier),
      .OutLayer        (OutLayer),
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
      .LearnFirst      (1'b0)
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
      .extra_valid_i(1'b0),
      .extra_ready_o(unused_extra_ready),
      .extra_data_i ('0),
      .out_valid_o  (logits_valid),
      .out_ready_i  (logits_ready),
      .out_data_o   (logits),
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

  logit_arg_max #(
      .Count (Classes),
      .Lanes (1),
      .LogitW(OutAccW)
  ) u_class (
      .clk_i,
      .rst_ni,
      .in_valid_i  (logits_valid),
      .in_ready_o  (logits_ready),
      .in_data_i   (logits),
      .out_valid_o,
      .out_ready_i,
      .out_class_o,
      .out_max_o   (top),
      .out_second_o(second)
  );

  logic signed [OutAccW:0] margin;  // one bit more: the difference of two logits
  assign margin = (OutAccW + 1)'(top) - (OutAccW + 1)'(second);

  requantize #(
      .AccW (OutAccW),
      .Shift(ConfidenceShift),
      .OutW (ActW)
  ) u_top (
      .acc_i (top),
      .data_o(out_top_o)
  );

  requantize #(
      .AccW (OutAccW + 1),
      .Shift(ConfidenceShift),
      .OutW (ActW)
  ) u_margin (
      .acc_i (margin),
      .data_o(out_margin_o)
  );
endmodule
