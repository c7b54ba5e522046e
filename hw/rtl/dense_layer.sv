// SPDX-License-Identifier: Apache-2.0
/// Fully connected layer with constant weights: lane conversion and rom_mvu.
///
/// Formula: out[o] = bias[o] + sum over i of in[i] * wgt[o][i], requantised (ReLU) if Requant, else raw and signed.
///
/// Initiation interval: (Inputs/Simd) * (Outputs/Pe) cycles a vector, or Inputs/InLanes if that is more. A unit that
/// takes two cycles a word or more leaves the cycle that stream_width's Apart costs.
/// Protocol: valid/ready; input words of InLanes activations, output words of Pe results, lowest index first.
/// Does not: load weights at run time; runtime_dense does.
///
/// Memory files: see rom_mvu.
///
/// Parameters: Inputs, Outputs, InLanes; the others as in mvu.
module dense_layer #(
    parameter int unsigned  Inputs        = 16,
    parameter int unsigned  Outputs       = 4,
    parameter int unsigned  InLanes       = 1,
    parameter int unsigned  Pe            = 1,
    parameter int unsigned  Simd          = 1,
    parameter int unsigned  ActW          = 8,
    parameter int unsigned  WgtW          = 8,
    parameter int unsigned  BiasW         = 16,
    parameter int unsigned  AccW          = 24,
    parameter bit           Requant       = 1'b1,
    parameter int unsigned  Shift         = 8,
    parameter int unsigned  OutW          = ActW,
    parameter int unsigned  Multiplier    = 0,
    parameter               WeightFile    = "",
    parameter               BiasFile      = "",
    localparam int unsigned LaneW         = Requant ? OutW : AccW
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic                    in_valid_i,
    output logic                    in_ready_o,
    input  logic [InLanes*ActW-1:0] in_data_i,
    output logic                    out_valid_o,
    input  logic                    out_ready_i,
    output logic [    Pe*LaneW-1:0] out_data_o,
    output activity_pkg::activity_t    activity_o
);
  if (Inputs % InLanes != 0) begin : gen_bad_in_lanes
    $error("dense_layer: InLanes %0d does not divide the %0d inputs.", InLanes, Inputs);
  end

  logic act_valid, act_ready, word_valid, word_ready, step;
  logic [Simd*ActW-1:0] act_data, word_data;

  // A cycle later: it is counted far away, and no path of the layer shall reach there.
  always_ff @(posedge clk_i) activity_o <= '{write: 1'b0, step: rst_ni && step};

  stream_width #(
      .LaneW   (ActW),
      .InLanes (InLanes),
      .OutLanes(Simd),
      .Apart   (Outputs >= 2 * Pe)
  ) u_width (
      .clk_i,
      .rst_ni,
      .in_valid_i,
      .in_ready_o,
      .in_data_i,
      .out_valid_o(act_valid),
      .out_ready_i(act_ready),
      .out_data_o (act_data)
  );

  // Where words are narrow, so that the unit's ready does not reach through the layers in front of it.
  stream_skid #(
      .Width(Simd * ActW)
  ) u_skid (
      .clk_i,
      .rst_ni,
      .in_valid_i (act_valid),
      .in_ready_o (act_ready),
      .in_data_i  (act_data),
      .out_valid_o(word_valid),
      .out_ready_i(word_ready),
      .out_data_o (word_data)
  );

  rom_mvu #(
      .Inputs    (Inputs),
      .Outputs   (Outputs),
      .Pe        (Pe),
      .Simd      (Simd),
      .ActW      (ActW),
      .WgtW      (WgtW),
      .BiasW     (BiasW),
      .AccW      (AccW),
      .Requant   (Requant),
      .Shift     (Shift),
      .OutW      (OutW),
      .Multiplier(Multiplier),
      .WeightFile(WeightFile),
      .BiasFile  (BiasFile)
  ) u_mvu (
      .clk_i,
      .rst_ni,
      .in_valid_i (word_valid),
      .in_ready_o (word_ready),
      .in_data_i  (word_data),
      .out_valid_o,
      .out_ready_i,
      .out_data_o,
      .step_o     (step)
  );
endmodule
