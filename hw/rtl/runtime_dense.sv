// SPDX-License-Identifier: Apache-2.0
/// Dense layer whose weights are loaded at run time, in banks (see mvu for formula, folding and latency).
///
/// Each vector carries a tag, the bank of weights it is computed with: tag_valid_i pushes one per vector, in
/// order, at any time before the vector's words arrive or while they wait.
///
/// Initiation interval: InWords*OutWords cycles a vector. Latency: that of mvu and 1 cycle.
///
/// Weight writes, clocked by wr_clk_i (clk_i may be a gated copy of it): accel_pkg::weight_write_t. A bank in use must
/// not be written; a write to a bank that does not exist is dropped.
/// Learning (Learn): a vector may be tagged with a lesson. From its last word on the next one is held until release_i;
/// meanwhile, when its outputs have left, a learner reads and writes the weights (access_*, see runtime_memory). What
/// it reads follows by 3 cycles. A write, of either kind, can be read 2 cycles later, which is sooner than a vector can
/// read that is announced behind it, or that release_i lets in behind it.
/// Does not: check that a bank is complete or an address exists, or change the width of the input stream (use
/// stream_width).
///
/// Parameters: see mvu; Banks is the number of weight banks, Tags the number of vectors that may be announced.
///   Layer                  number of the layer in weight writes
///   Baked                  1: the weights are constants (weight_rom) in a single bank, and writes have no effect; for
///                          a device whose user never changes
///   WeightFile, BiasFile   their contents, see weight_rom
module runtime_dense
  import accel_pkg::*;
#(
    parameter int unsigned  InWords       = 45,
    parameter int unsigned  OutWords      = 62,
    parameter int unsigned  Pe            = 1,
    parameter int unsigned  Simd          = 4,
    parameter int unsigned  ActW          = 8,
    parameter int unsigned  WgtW          = 8,
    parameter int unsigned  BiasW         = 16,
    parameter int unsigned  AccW          = 24,
    parameter bit           Requant       = 1'b0,
    parameter int unsigned  Shift         = 0,
    parameter int unsigned  Banks         = 2,
    parameter int unsigned  Multiplier    = 0,
    parameter int unsigned  Tags          = 8,
    parameter logic [LayerW-1:0] Layer    = '0,
    parameter bit           Baked         = 1'b0,
    parameter               WeightFile    = "",
    parameter               BiasFile      = "",
    parameter bit           Learn         = 1'b0,
    localparam int unsigned LaneW         = Requant ? ActW : AccW,
    localparam int unsigned RamBankW      = (Banks > 1) ? $clog2(Banks) : 1,
    localparam int unsigned Depth         = InWords * OutWords,
    localparam int unsigned AddrW         = (Depth > 1) ? $clog2(Depth) : 1
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 wr_clk_i,  // of write_i
    input  weight_write_t write_i,
    // Tags
    input  logic                 tag_valid_i,
    input  logic [BankW-1:0]     tag_bank_i,
    // Vectors
    input  logic                 in_valid_i,
    output logic                 in_ready_o,
    input  logic [Simd*ActW-1:0] in_data_i,
    output logic                 out_valid_o,
    input  logic                 out_ready_i,
    output logic [Pe*LaneW-1:0]  out_data_o,
    output activity_t            activity_o,
    // A learner
    input  logic                    tag_lesson_i,
    input  logic                    release_i,
    output logic                    held_o,
    input  logic                    isolate_i,
    input  logic [RamBankW-1:0]     access_bank_i,
    input  logic                    access_rd_en_i,
    input  logic [AddrW-1:0]        access_rd_addr_i,
    output logic [Pe*Simd*WgtW-1:0] access_rd_data_o,
    input  logic                    access_wr_en_i,
    output logic                    access_wr_ready_o,
    input  logic [AddrW-1:0]        access_wr_addr_i,
    input  logic [Pe*Simd*WgtW-1:0] access_wr_data_i,
    // Reading back
    input  weight_read_t            read_i,
    output weight_read_data_t       read_o
);
  localparam int unsigned WordCountW = (InWords > 1) ? $clog2(InWords) : 1;

  if (Banks > 2 ** BankW) begin : gen_bad_banks
    $error("runtime_dense: Banks is %0d, allowed are 1 to 16.", Banks);
  end
  if (Baked && Banks != 1) begin : gen_bad_baked
    $error("runtime_dense: Banks is %0d, baked weights are one bank.", Banks);
  end

  // ---- Tag: the bank of the vector at the input, and whether it has a lesson --------------------------------
  logic tag_valid, lesson, unused_tag_ready, announced, taken, last_word, held_q;
  logic word_ready, mvu_valid, mvu_ready;
  logic [RamBankW-1:0] bank, mvu_bank;
  logic [Simd*ActW-1:0] mvu_data;
  logic [WordCountW-1:0] word_q;

  stream_fifo #(
      .Width    (RamBankW + 1),
      .Depth    (Tags),
      .NeverFull(1'b1)
  ) u_tags (
      .clk_i,
      .rst_ni,
      .in_valid_i (tag_valid_i),
      .in_ready_o (unused_tag_ready),
      .in_data_i  ({Learn && tag_lesson_i, tag_bank_i[RamBankW-1:0]}),
      .out_valid_o(tag_valid),
      .out_ready_i(taken && last_word),
      .out_data_o ({lesson, bank})
  );

  assign announced  = in_valid_i && tag_valid && !held_q;
  assign in_ready_o = tag_valid && word_ready && !held_q;
  assign taken      = in_valid_i && in_ready_o;
  assign last_word  = word_q == WordCountW'(InWords - 1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) word_q <= '0;
    else if (taken) word_q <= last_word ? '0 : word_q + 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) held_q <= 1'b0;
    else if (taken && last_word && lesson) held_q <= 1'b1;
    else if (release_i) held_q <= 1'b0;
  end
  assign held_o = held_q;

  // The unit's ready comes late and moves a pointer here; it does not reach the tags, nor what gives the words.
  stream_fifo #(
      .Width(RamBankW + Simd * ActW),
      .Depth(2)
  ) u_words (
      .clk_i,
      .rst_ni,
      .in_valid_i (announced),
      .in_ready_o (word_ready),
      .in_data_i  ({bank, in_data_i}),
      .out_valid_o(mvu_valid),
      .out_ready_i(mvu_ready),
      .out_data_o ({mvu_bank, mvu_data})
  );

  // ---- Compute ----------------------------------------------------------------------------------------------
  logic step;
  // A cycle later: it is counted far away, and no path of the layer shall reach there.
  always_ff @(posedge clk_i) activity_o <= '{write: 1'b0, step: rst_ni && step};

  if (Baked) begin : gen_baked
    rom_mvu #(
        .Inputs    (InWords * Simd),
        .Outputs   (OutWords * Pe),
        .Pe        (Pe),
        .Simd      (Simd),
        .ActW      (ActW),
        .WgtW      (WgtW),
        .BiasW     (BiasW),
        .AccW      (AccW),
        .Requant   (Requant),
        .Shift     (Shift),
        .OutW      (ActW),
        .Multiplier(Multiplier),
        .WeightFile(WeightFile),
        .BiasFile  (BiasFile)
    ) u_mvu (
        .clk_i,
        .rst_ni,
        .in_valid_i (mvu_valid),
        .in_ready_o (mvu_ready),
        .in_data_i  (mvu_data),
        .out_valid_o,
        .out_ready_i,
        .out_data_o,
        .step_o     (step)
    );

    assign access_rd_data_o  = '0;
    assign access_wr_ready_o = 1'b1;
    assign read_o            = '0;

    logic unused_writes;
    assign unused_writes = ^{wr_clk_i, write_i, mvu_bank, isolate_i, access_bank_i, access_rd_en_i, access_rd_addr_i,
                             access_wr_en_i, access_wr_addr_i, access_wr_data_i, read_i};
  end else begin : gen_loaded
    localparam int unsigned FoldW = (OutWords > 1) ? $clog2(OutWords) : 1;

    logic wgt_en, bias_en;
    logic [RamBankW-1:0] wgt_bank, bias_bank;
    logic [AddrW-1:0] wgt_addr;
    logic [FoldW-1:0] bias_addr;
    logic [Pe*Simd*WgtW-1:0] wgt_data;
    logic [Pe*BiasW-1:0] bias_data, unused_bias_access;
    logic unused_move_ready;
    weight_read_data_t wgt_read, bias_read;

    assign read_o = wgt_read | bias_read;

    assign step = wgt_en;

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
        .OutW      (ActW),
        .BankW     (RamBankW),
        .Multiplier(Multiplier)
    ) u_mvu (
        .clk_i,
        .rst_ni,
        .in_valid_i (mvu_valid),
        .in_ready_o (mvu_ready),
        .in_data_i  (mvu_data),
        .in_bank_i  (mvu_bank),
        .wgt_en_o   (wgt_en),
        .wgt_bank_o (wgt_bank),
        .wgt_addr_o (wgt_addr),
        .wgt_data_i (wgt_data),
        .bias_en_o  (bias_en),
        .bias_bank_o(bias_bank),
        .bias_addr_o(bias_addr),
        .bias_data_i(bias_data),
        .out_valid_o,
        .out_ready_i,
        .out_data_o
    );

    // The learner reads when the unit does not: the next vector is held, and this one's outputs have left.
    runtime_memory #(
        .Width(Pe * Simd * WgtW),
        .Depth(Depth),
        .Banks(Banks),
        .Layer(Layer),
        .Bias (1'b0)
    ) u_weights (
        .clk_i,
        .rst_ni,
        .rd_en_i         (wgt_en),
        .rd_bank_i       (wgt_bank),
        .rd_addr_i       (wgt_addr),
        .rd_data_o       (wgt_data),
        .wr_clk_i,
        .write_i,
        .isolate_i       (Learn ? isolate_i : 1'b1),
        .access_bank_i,
        .access_rd_en_i,
        .access_rd_addr_i,
        .access_rd_data_o,
        .move_en_i       (access_wr_en_i),
        .move_ready_o    (access_wr_ready_o),
        .move_addr_i     (access_wr_addr_i),
        .move_data_i     (access_wr_data_i),
        .lock_i          (held_q),
        .read_i,
        .read_o          (wgt_read)
    );

    runtime_memory #(
        .Width(Pe * BiasW),
        .Depth(OutWords),
        .Banks(Banks),
        .Layer(Layer),
        .Bias (1'b1)
    ) u_biases (
        .clk_i,
        .rst_ni,
        .rd_en_i         (bias_en),
        .rd_bank_i       (bias_bank),
        .rd_addr_i       (bias_addr),
        .rd_data_o       (bias_data),
        .wr_clk_i,
        .write_i,
        .isolate_i       (1'b1),
        .access_bank_i   ('0),
        .access_rd_en_i  (1'b0),
        .access_rd_addr_i('0),
        .access_rd_data_o(unused_bias_access),
        .move_en_i       (1'b0),
        .move_ready_o    (unused_move_ready),
        .move_addr_i     ('0),
        .move_data_i     ('0),
        .lock_i          (1'b0),
        .read_i,
        .read_o          (bias_read)
    );
  end

  // The upper bank bits select nothing in a small memory.
  logic unused_bits;
  assign unused_bits = ^tag_bank_i;
endmodule
