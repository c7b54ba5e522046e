// SPDX-License-Identifier: Apache-2.0
/// Matrix-vector unit with constant weights: mvu with its weight and bias ROM.
///
/// Formula: out[o] = bias[o] + sum over i of in[i] * wgt[o][i], requantised (ReLU) if Requant, else raw and signed.
///
/// Initiation interval: (Inputs/Simd) * (Outputs/Pe) cycles a vector. Latency: that of mvu.
///
/// Protocol: valid/ready; input words of Simd activations, output words of Pe results, lowest index first. step_o: a
/// word of weights is read, for Pe*Simd products.
/// Does not: change the width of the input words (dense_layer does), or load weights at run time (runtime_dense does).
///
/// Memory files ($readmemh, one word a line): WeightFile has (Inputs/Simd)*(Outputs/Pe) words at address
/// word*(Outputs/Pe) + fold, lane p*Simd + s = wgt[fold*Pe + p][word*Simd + s]; BiasFile has Outputs/Pe words,
/// lane p = bias[fold*Pe + p].
///
/// Parameters: Inputs, Outputs; the others as in mvu.
module rom_mvu #(
    parameter int unsigned  Inputs     = 16,
    parameter int unsigned  Outputs    = 4,
    parameter int unsigned  Pe         = 1,
    parameter int unsigned  Simd       = 1,
    parameter int unsigned  ActW       = 8,
    parameter int unsigned  WgtW       = 8,
    parameter int unsigned  BiasW      = 16,
    parameter int unsigned  AccW       = 24,
    parameter bit           Requant    = 1'b1,
    parameter int unsigned  Shift      = 8,
    parameter int unsigned  OutW       = ActW,
    parameter int unsigned  Multiplier = 0,
    parameter               WeightFile = "",
    parameter               BiasFile   = "",
    localparam int unsigned LaneW      = Requant ? OutW : AccW
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 in_valid_i,
    output logic                 in_ready_o,
    input  logic [Simd*ActW-1:0] in_data_i,
    output logic                 out_valid_o,
    input  logic                 out_ready_i,
    output logic [Pe*LaneW-1:0]  out_data_o,
    output logic                 step_o
);
  if (Inputs % Simd != 0) begin : gen_bad_simd
    $error("rom_mvu: Simd %0d does not divide the %0d inputs.", Simd, Inputs);
  end
  if (Outputs % Pe != 0) begin : gen_bad_pe
    $error("rom_mvu: Pe %0d does not divide the %0d outputs.", Pe, Outputs);
  end

  localparam int unsigned InWords  = Inputs / Simd;
  localparam int unsigned OutWords = Outputs / Pe;
  localparam int unsigned Depth    = InWords * OutWords;
  localparam int unsigned AddrW    = (Depth > 1) ? $clog2(Depth) : 1;
  localparam int unsigned FoldW    = (OutWords > 1) ? $clog2(OutWords) : 1;

  // Four 36-bit block RAMs of weights have an address of their own, so that no register drives all of a wide memory. A
  // memory that is deeper than such a block is not cut: synthesis puts its bits so that blocks end elsewhere.
  localparam int unsigned WordW  = Pe * Simd * WgtW;
  localparam int unsigned PieceW = (Depth <= 512) ? 144 : WordW;
  localparam int unsigned Pieces = (WordW + PieceW - 1) / PieceW;

  logic bias_en, unused_wgt_bank, unused_bias_bank;
  logic [Pieces-1:0] wgt_en;
  logic [Pieces-1:0][AddrW-1:0] wgt_addr;
  logic [FoldW-1:0] bias_addr;
  logic [WordW-1:0] wgt_data;
  logic [Pe*BiasW-1:0] bias_data;

  assign step_o = wgt_en[0];

  mvu #(
      .InWords   (InWords),
      .OutWords  (OutWords),
      .Pe        (Pe),
      .Simd      (Simd),
      .ActW      (ActW),
      .WgtW      (WgtW),
      .BiasW     (BiasW),
      .AccW      (AccW),
      .Requant   (Requant),
      .Shift     (Shift),
      .OutW      (OutW),
      .BankW     (1),
      .Multiplier(Multiplier),
      .WgtPorts  (Pieces),
      .Far       (Multiplier != 1)  // the elements are where multiplier blocks are, all over the chip
  ) u_mvu (
      .clk_i,
      .rst_ni,
      .in_valid_i,
      .in_ready_o,
      .in_data_i,
      .in_bank_i  (1'b0),
      .wgt_en_o   (wgt_en),
      .wgt_bank_o (unused_wgt_bank),
      .wgt_addr_o (wgt_addr),
      .wgt_data_i (wgt_data),
      .bias_en_o  (bias_en),
      .bias_bank_o(unused_bias_bank),
      .bias_addr_o(bias_addr),
      .bias_data_i(bias_data),
      .out_valid_o,
      .out_ready_i,
      .out_data_o
  );

  for (genvar i = 0; i < Pieces; i++) begin : gen_piece
    localparam int unsigned Low   = i * PieceW;
    localparam int unsigned Width = (WordW - Low < PieceW) ? WordW - Low : PieceW;

    weight_rom #(
        .Width   (Width),
        .Depth   (Depth),
        .InitFile(WeightFile),
        .FileW   (WordW),
        .Low     (Low)
    ) u_weight_rom (
        .clk_i,
        .rd_en_i  (wgt_en[i]),
        .rd_addr_i(wgt_addr[i]),
        .rd_data_o(wgt_data[Low+:Width])
    );
  end

  weight_rom #(
      .Width   (Pe * BiasW),
      .Depth   (OutWords),
      .InitFile(BiasFile)
  ) u_bias_rom (
      .clk_i,
      .rd_en_i  (bias_en),
      .rd_addr_i(bias_addr),
      .rd_data_o(bias_data)
  );
endmodule
