// SPDX-License-Identifier: Apache-2.0
/// Folded matrix-vector unit, input-stationary, with the weights outside.
///
/// Formula: out[o] = bias[o] + sum over i of act[i] * wgt[o][i], for InWords*Simd inputs and OutWords*Pe outputs;
/// with Requant each sum goes through requantize (which is the ReLU), else it leaves as it is, signed.
///
/// Folding: each input word (Simd activations) is held while all OutWords output folds are processed, one
/// (word, fold) a cycle; fold f computes outputs f*Pe .. f*Pe+Pe-1, with one accumulator per output, which
/// accumulator_file keeps. Holding the input needs no input buffer, and no output waits before the last word.
///
/// Output queue: behind requantize, against credits. It is a stream_fifo of 16 words; where words are wide, folds few
/// and a vector long enough (Chain), it is a stream_chain for the words of one vector.
///
/// Initiation interval: InWords*OutWords cycles a vector, no bubble between vectors.
/// Latency: P + 2 + Far + Stages + Q cycles from the transfer of the last input word to the last output word being
/// valid, with P = 4, 3, 5 for Multiplier = 0, 1, 2, Stages = ceil(ceil(log2(Simd)) / 2), and Q = 1 with a
/// stream_fifo, Depth + OutWords - 1 with a stream_chain of Depth words; the earlier folds precede it, one a cycle.
///
/// Weight port: wgt_data_i follows wgt_en_o, wgt_bank_o, wgt_addr_o by exactly one cycle and is held (weight_rom,
/// weight_ram). Address = word*OutWords + fold; lane p*Simd + s is the weight of output fold*Pe + p and input
/// word*Simd + s. The bias port has the same timing but an enable of its own: the bias (address = fold) is read
/// shortly before it is added and not carried along the multiplier pipeline.
///
/// Protocol: valid/ready. in_bank_i selects the weight bank and is held with its word; all words of a vector
/// carry the same bank. The pipeline never stalls: only words of the last column need room in the output
/// queue, and they are issued against credits for it. The next vector starts while a slow consumer takes the results.
/// Does not: wrap or saturate sums. AccW comes from interval analysis of the weights; an assertion watches it.
///
/// Parameters
///   InWords, OutWords  input words and output folds a vector
///   Pe, Simd           outputs and inputs processed a cycle
///   ActW               activation width, bits, unsigned
///   WgtW, BiasW        weight and bias width, bits, signed
///   AccW               accumulator width, bits, signed
///   Requant            1: requantise to OutW bits; 0: raw accumulators
///   Shift, OutW        of requantize
///   BankW              width of the bank number, bits
///   Multiplier         what the products are made of, see mvu_products
///   WgtPorts           read ports for the pieces of a wide weight memory, all alike
///   Far                1: the processing elements are far from each other: a register more for each result, and one
///                      or two for each bias, which needs as many stages more before Acc
module mvu #(
    parameter int unsigned  InWords       = 25,
    parameter int unsigned  OutWords      = 2,
    parameter int unsigned  Pe            = 2,
    parameter int unsigned  Simd          = 1,
    parameter int unsigned  ActW          = 8,
    parameter int unsigned  WgtW          = 4,
    parameter int unsigned  BiasW         = 16,
    parameter int unsigned  AccW          = 24,
    parameter bit           Requant       = 1'b1,
    parameter int unsigned  Shift         = 8,
    parameter int unsigned  OutW          = ActW,
    parameter int unsigned  BankW         = 1,
    parameter int unsigned  Multiplier    = 0,
    parameter int unsigned  WgtPorts      = 1,
    parameter bit           Far           = 1'b0,
    localparam int unsigned Depth         = InWords * OutWords,
    localparam int unsigned AddrW         = (Depth > 1) ? $clog2(Depth) : 1,
    localparam int unsigned FoldW         = (OutWords > 1) ? $clog2(OutWords) : 1,
    localparam int unsigned LaneW         = Requant ? OutW : AccW
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     in_valid_i,
    output logic                     in_ready_o,
    input  logic [    Simd*ActW-1:0] in_data_i,
    input  logic [        BankW-1:0] in_bank_i,
    output logic [     WgtPorts-1:0] wgt_en_o,
    output logic [        BankW-1:0] wgt_bank_o,
    output logic [WgtPorts-1:0][AddrW-1:0] wgt_addr_o,
    input  logic [Pe*Simd*WgtW-1:0] wgt_data_i,
    output logic                     bias_en_o,
    output logic [        BankW-1:0] bias_bank_o,
    output logic [        FoldW-1:0] bias_addr_o,
    input  logic [     Pe*BiasW-1:0] bias_data_i,
    output logic                     out_valid_o,
    input  logic                     out_ready_i,
    output logic [     Pe*LaneW-1:0] out_data_o
);
  localparam int unsigned TreeStages = ($clog2(Simd) + 1) / 2;
  // Stages after issue: 0 memory address, which goes far, 1 memory output, from 2 the registers of the products, then
  // the adder tree; in stage Acc the sums meet the accumulators, of which accumulator_file knows three stages before,
  // and one later the results are requantised and enter the output queue.
  localparam int unsigned Product = Multiplier == 2 ? 5 : Multiplier == 0 ? 4 : 3;  // stage in which they are there
  localparam int unsigned Acc = Product + TreeStages;
  localparam int unsigned ToQueue = Acc + 2 + (Far ? 1 : 0);  // cycles from a step to its result at the queue
  // The bias is read so that it goes through the memory and two registers, or up to four, and arrives in stage Acc.
  localparam int unsigned BiasHops = !Far ? 0 : Acc >= 5 ? 2 : 1;  // registers on its way besides
  localparam int unsigned BiasRead = Acc - 3 - BiasHops;
  // A chain's credits of one vector are back before they are needed for the next; it gives a word every other cycle.
  localparam int unsigned ChainW = 64;  // bits of a wide word
  localparam int unsigned ChainFolds = 8;
  localparam int unsigned ChainDepth = OutWords;
  localparam bit Chain = Pe * LaneW >= ChainW && OutWords <= ChainFolds && InWords > 1
                         && InWords * OutWords > ToQueue + 2 * ChainDepth;
  // Otherwise a place for each result on its way, for full speed with InWords = 1.
  localparam int unsigned FifoDepth = (ToQueue + 2 > 16) ? ToQueue + 2 : 16;
  localparam int unsigned OutDepth = Chain ? ChainDepth : FifoDepth;
  localparam int unsigned CreditW = $clog2(OutDepth + 1);

  if (Far && Acc < 4) begin : gen_no_stage
    $error("mvu: Far needs a product of more stages, or more than one input a cycle.");
  end
  if (InWords < 1 || OutWords < 1 || Pe < 1 || Simd < 1) begin : gen_bad_folding
    $error("mvu: InWords %0d, OutWords %0d, Pe %0d, Simd %0d: each must be at least 1.", InWords, OutWords, Pe, Simd);
  end

  // ---- Issue: one (word, fold) a cycle ----------------------------------------------------------------------
  logic [FoldW-1:0] fold_q;
  logic [AddrW-1:0] addr_q;
  logic last_fold, first_word, last_word, credit_q, issue;

  if (OutWords == 1) begin : gen_single_fold
    assign last_fold = 1'b1;
  end else begin : gen_folds
    logic last_fold_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) last_fold_q <= 1'b0;
      else if (issue) last_fold_q <= fold_q == FoldW'(OutWords - 2);
    end
    assign last_fold = last_fold_q;
  end

  assign issue      = in_valid_i && (credit_q || !last_word);
  assign in_ready_o = last_fold && (credit_q || !last_word);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fold_q <= '0;
      addr_q <= '0;
    end else if (issue) begin
      fold_q <= last_fold ? '0 : fold_q + 1'b1;
      addr_q <= (addr_q == AddrW'(Depth - 1)) ? '0 : addr_q + 1'b1;
    end
  end

  if (InWords == 1) begin : gen_single_word
    assign first_word = 1'b1;
    assign last_word  = 1'b1;
  end else begin : gen_words
    logic first_word_q, last_word_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        first_word_q <= 1'b1;
        last_word_q  <= 1'b0;
      end else if (issue && last_fold) begin
        first_word_q <= last_word_q;
        last_word_q  <= addr_q == AddrW'(Depth - OutWords - 1);
      end
    end
    assign first_word = first_word_q;
    assign last_word  = last_word_q;
  end

  // ---- Control that travels with a token --------------------------------------------------------------------
  typedef struct packed {
    logic             first;
    logic             last;
    logic [FoldW-1:0] fold;
    logic [BankW-1:0] bank;
  } token_t;

  logic [Acc:0] valid_q;
  token_t token_d[Acc+1], token_q[Acc+1];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[Acc-1:0], issue};
  end

  assign token_d[0] = '{first: first_word, last: last_word, fold: fold_q, bank: in_bank_i};
  for (genvar k = 1; k <= Acc; k++) begin : gen_token
    assign token_d[k] = token_q[k-1];
  end
  always_ff @(posedge clk_i) begin
    for (int unsigned k = 0; k <= Acc; k++) token_q[k] <= token_d[k];
  end

  // ---- Operands ---------------------------------------------------------------------------------------------
  logic [WgtPorts-1:0] wgt_en_copy_q;  // valid_q[0]
  logic [WgtPorts-1:0][AddrW-1:0] wgt_addr_copy_q;
  logic [Simd-1:0][ActW-1:0] issued_q, act_q;  // beside the memory's address and its output
  // Each output and each port has copies that synthesis must not merge (tools/yosys.py): with few folds many bits are
  // equal, and one register would drive them all over the chip.
  logic [Pe-1:0][BiasW-1:0] bias_q, bias_near, bias_copy_q;
  logic [Pe-1:0] first_copy_q, take_copy_q;  // token_q[Acc].first; a sum is complete

  assign wgt_en_o   = wgt_en_copy_q;
  assign wgt_bank_o = token_q[0].bank;
  assign wgt_addr_o = wgt_addr_copy_q;

  assign bias_en_o   = valid_q[BiasRead] && token_q[BiasRead].first;
  assign bias_bank_o = token_q[BiasRead].bank;
  assign bias_addr_o = token_q[BiasRead].fold;

  always_ff @(posedge clk_i) begin
    wgt_en_copy_q   <= {WgtPorts{rst_ni && issue}};
    wgt_addr_copy_q <= {WgtPorts{addr_q}};
    issued_q <= in_data_i;  // also when nothing is issued: no enable of so many, and a word that waits is the same
    if (valid_q[0]) act_q <= issued_q;
    // All ones where it is not added, as accumulate_adder needs it.
    if (!token_q[BiasRead+1].first) bias_q <= '1;
    else if (valid_q[BiasRead+1]) bias_q <= bias_data_i;
    bias_copy_q  <= bias_near;
    first_copy_q <= {Pe{token_d[Acc].first}};
    take_copy_q  <= {Pe{valid_q[Acc-1] && token_d[Acc].last}};
  end

  if (Far) begin : gen_halfway
    logic [BiasHops-1:0][Pe-1:0][BiasW-1:0] hop_copy_q;
    always_ff @(posedge clk_i) begin
      hop_copy_q[0] <= bias_q;
      for (int unsigned i = 1; i < BiasHops; i++) hop_copy_q[i] <= hop_copy_q[i-1];
    end
    assign bias_near = hop_copy_q[BiasHops-1];
  end else begin : gen_beside
    assign bias_near = bias_q;
  end

  // ---- Processing elements ----------------------------------------------------------------------------------
  localparam int unsigned ProdW = ActW + WgtW;
  logic [Pe-1:0][Simd-1:0][ProdW-1:0] product;
  logic [Pe-1:0][AccW-1:0] acc_read, acc_write;
  logic [Pe-1:0][LaneW-1:0] result, queued;  // queued: at the output queue

  mvu_products #(
      .Pe        (Pe),
      .Simd      (Simd),
      .ActW      (ActW),
      .WgtW      (WgtW),
      .Multiplier(Multiplier)
  ) u_products (
      .clk_i    (clk_i),
      .valid_i  (valid_q[3:1]),
      .act_i    (act_q),
      .wgt_i    (wgt_data_i),
      .product_o(product)
  );

  // Far elements have copies of what moves their registers, a group of them each.
  localparam int unsigned PeGroup = Far ? 8 : Pe;
  localparam int unsigned Groups  = (Pe + PeGroup - 1) / PeGroup;
  logic [Groups-1:0][Acc-Product:0] pe_valid;

  if (Far) begin : gen_far_valid
    logic [Groups-1:0][Acc-Product:0] valid_copy_q;
    always_ff @(posedge clk_i) begin
      valid_copy_q <= rst_ni ? {Groups{valid_q[Acc-1:Product-1]}} : '0;
    end
    assign pe_valid = valid_copy_q;
  end else begin : gen_near_valid
    assign pe_valid = valid_q[Acc:Product];
  end

  for (genvar p = 0; p < Pe; p++) begin : gen_pe
    logic signed [AccW-1:0] acc;

    mvu_pe #(
        .Simd (Simd),
        .ActW (ActW),
        .WgtW (WgtW),
        .BiasW(BiasW),
        .AccW (AccW)
    ) u_pe (
        .clk_i      (clk_i),
        .valid_i    (pe_valid[p/PeGroup]),
        .product_i  (product[p]),
        .acc_first_i(first_copy_q[p]),
        .acc_take_i (take_copy_q[p]),
        .acc_i      (acc_read[p]),
        .bias_i     (bias_copy_q[p]),
        .acc_o      (acc_write[p]),
        .result_o   (acc)
    );

    if (Requant) begin : gen_requantize
      requantize #(
          .AccW (AccW),
          .Shift(Shift),
          .OutW (OutW)
      ) u_requantize (
          .acc_i (acc),
          .data_o(result[p])
      );
    end else begin : gen_raw
      assign result[p] = acc;
    end
  end

  if (InWords > 1) begin : gen_accumulators
    accumulator_file #(
        .Folds(OutWords),
        .Width(Pe * AccW)
    ) u_accumulators (
        .clk_i,
        .rst_ni,
        .step_i(valid_q[Acc-3]),
        .fold_i(token_q[Acc-3].fold),
        .sum_o (acc_read),
        .sum_i (acc_write)
    );
  end else begin : gen_one_word
    assign acc_read = '0;

    logic unused_acc;
    assign unused_acc = ^acc_write;
  end

  // ---- Output queue and its credits -------------------------------------------------------------------------
  logic result_valid_q, queued_valid, unused_queue_ready, reserve, release_credit;
  logic [CreditW-1:0] reserved_q, reserved_d;  // places taken by results in the queue or on the way to it

  assign reserve        = issue && last_word;
  assign release_credit = out_valid_o && out_ready_i;

  always_comb begin
    reserved_d = reserved_q;
    if (reserve && !release_credit) reserved_d = reserved_q + 1'b1;
    else if (release_credit && !reserve) reserved_d = reserved_q - 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      result_valid_q <= 1'b0;
      reserved_q     <= '0;
      credit_q       <= 1'b1;
    end else begin
      result_valid_q <= valid_q[Acc] && token_q[Acc].last;
      reserved_q     <= reserved_d;
      credit_q       <= reserved_d != CreditW'(OutDepth);
    end
  end

  if (Far) begin : gen_far_result
    logic queued_valid_q;
    logic [Pe-1:0][LaneW-1:0] queued_q;
    always_ff @(posedge clk_i) begin
      queued_valid_q <= rst_ni && result_valid_q;
      queued_q       <= result;
    end
    assign queued_valid = queued_valid_q;
    assign queued       = queued_q;
  end else begin : gen_near_result
    assign queued_valid = result_valid_q;
    assign queued       = result;
  end

  if (Chain) begin : gen_chain
    stream_chain #(
        .Width    (Pe * LaneW),
        .Depth    (OutDepth),
        .NeverFull(1'b1)
    ) u_out_queue (
        .clk_i,
        .rst_ni,
        .in_valid_i(queued_valid),
        .in_ready_o(unused_queue_ready),
        .in_data_i (queued),
        .out_valid_o,
        .out_ready_i,
        .out_data_o
    );
  end else begin : gen_fifo
    stream_fifo #(
        .Width    (Pe * LaneW),
        .Depth    (OutDepth),
        .NeverFull(1'b1)
    ) u_out_queue (
        .clk_i,
        .rst_ni,
        .in_valid_i(queued_valid),
        .in_ready_o(unused_queue_ready),
        .in_data_i (queued),
        .out_valid_o,
        .out_ready_i,
        .out_data_o
    );
  end
endmodule
