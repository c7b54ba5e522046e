// SPDX-License-Identifier: Apache-2.0
/// Convolution layer with constant weights, stride 1, no padding, ReLU and requantisation.
///
/// Formula: out[y][x][o] = requantize(bias[o] + sum over kh, kw, c of in[y+kh][x+kw][c] * wgt[o][kh][kw][c]).
/// A convolution is a fully connected layer over each window: lane conversion, sliding_window, rom_mvu.
///
/// Initiation interval, cycles an image: (Height-Kernel+1) * (Width-Kernel+1) * (Kernel**2 * Channels/Simd) *
/// (OutChannels/Pe), or Height * Width * Channels / min(InLanes, Simd) if that is more.
/// Protocol: valid/ready; input words of InLanes channels in (row, column, channel word) order, output words
/// of Pe channels in the same order. Images follow each other without a gap or a reset.
/// Does not: stride, pad, or give raw sums (see dense_layer).
///
/// Memory files: as in rom_mvu, with the inputs of a window in (kh, kw, channel) order.
///
/// Parameters
///   Height, Width, Channels  input image
///   Kernel, OutChannels      window size, output channels
///   InLanes                  channels an input word; divides Channels; one of InLanes and Simd divides the other
///   Rows                     rows of the image buffer, see sliding_window
///   others                   as in mvu
module conv_layer #(
    parameter int unsigned Height        = 12,
    parameter int unsigned Width         = 12,
    parameter int unsigned Channels      = 4,
    parameter int unsigned Kernel        = 5,
    parameter int unsigned OutChannels   = 4,
    parameter int unsigned InLanes       = 1,
    parameter int unsigned Pe            = 1,
    parameter int unsigned Simd          = 1,
    parameter int unsigned ActW          = 8,
    parameter int unsigned WgtW          = 8,
    parameter int unsigned BiasW         = 16,
    parameter int unsigned AccW          = 24,
    parameter int unsigned Shift         = 8,
    parameter int unsigned OutW          = ActW,
    parameter int unsigned Multiplier    = 0,
    parameter int unsigned Rows          = 2 * Kernel,
    parameter              WeightFile    = "",
    parameter              BiasFile      = ""
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic                    in_valid_i,
    output logic                    in_ready_o,
    input  logic [InLanes*ActW-1:0] in_data_i,
    output logic                    out_valid_o,
    input  logic                    out_ready_i,
    output logic [     Pe*OutW-1:0] out_data_o,
    output activity_pkg::activity_t    activity_o
);
  if (Channels % InLanes != 0) begin : gen_bad_in_lanes
    $error("conv_layer: InLanes %0d does not divide the %0d channels.", InLanes, Channels);
  end

  logic act_valid, act_ready, window_valid, window_ready, word_valid, word_ready, step;
  logic [Simd*ActW-1:0] act_data, window_data, word_data;

  // A cycle later: it is counted far away, and no path of the layer shall reach there.
  always_ff @(posedge clk_i) activity_o <= rst_ni ? '{write: act_valid && act_ready, step: step} : '0;

  stream_width #(
      .LaneW   (ActW),
      .InLanes (InLanes),
      .OutLanes(Simd)
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

  sliding_window #(
      .Height  (Height),
      .Width   (Width),
      .Channels(Channels),
      .Kernel  (Kernel),
      .Simd    (Simd),
      .ActW    (ActW),
      .Rows    (Rows)
  ) u_window (
      .clk_i,
      .rst_ni,
      .in_valid_i (act_valid),
      .in_ready_o (act_ready),
      .in_data_i  (act_data),
      .out_valid_o(window_valid),
      .out_ready_i(window_ready),
      .out_data_o (window_data)
  );

  // So that the unit's ready does not reach into the window's addresses.
  stream_skid #(
      .Width(Simd * ActW)
  ) u_skid (
      .clk_i,
      .rst_ni,
      .in_valid_i (window_valid),
      .in_ready_o (window_ready),
      .in_data_i  (window_data),
      .out_valid_o(word_valid),
      .out_ready_i(word_ready),
      .out_data_o (word_data)
  );

  rom_mvu #(
      .Inputs    (Kernel * Kernel * Channels),
      .Outputs   (OutChannels),
      .Pe        (Pe),
      .Simd      (Simd),
      .ActW      (ActW),
      .WgtW      (WgtW),
      .BiasW     (BiasW),
      .AccW      (AccW),
      .Requant   (1'b1),
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
