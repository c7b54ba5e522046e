// SPDX-License-Identifier: Apache-2.0
/// Learning of one head: watches what goes through it and moves the weights of one of its layers, image by image.
///
/// Formula: of an image with a lesson, when the target's logit is not a margin above the best other one (rival), a
/// layer's weights move by one, see weight_mover. Without Hidden it is the layer that gives the logits: the target's
/// row goes up, the rival's down. With Hidden it is the layer before: each unit's row goes to where the target's logit
/// gains on the rival's (row_compare), unless the unit stands at either end of its range.
///
/// Latency, from an image's last logit: 4 cycles if there is nothing to learn, else weight_mover's and 4 cycles, with
/// Hidden row_compare's and 1 cycle more. Initiation interval: that, and the vector's own.
///
/// Protocol
///   frame_start_i  announces an image, in order, with its lesson and its bank
///   vector_*       words that the learning layer takes; the layer holds the next vector from the last word of one with
///                  a lesson until release_o, so that an image sees the weights before a lesson or after it
///   hidden_*       words that a hidden layer gives; logit_* logits; all are watched
///   access_*       reads and writes the learning layer's weights, compare_* reads those of the layer behind it; what
///                  is read follows by 3 cycles
/// Does not: hold anything up itself.
///
/// Parameters
///   Hidden                              units before the logits, whose rows learn; 0: the logits' own rows do
///   HiddenLanes                         units a word of hidden_*
///   Logits, LogitW                      number of logits, and their width, bits
///   InWords, OutWords, Pe, Simd         folding of the learning layer, see mvu
///   BackInWords, BackOutWords, BackPe, BackSimd  of the layer behind it; not used without Hidden
///   ActW, WgtW, BankNumberW             widths, bits
///   Tags                                images announced and not yet finished
module head_learner
  import accel_pkg::*;
  import learn_pkg::*;
#(
    parameter int unsigned  Hidden       = 0,
    parameter int unsigned  HiddenLanes  = 1,
    parameter int unsigned  Logits       = 62,
    parameter int unsigned  LogitW       = 24,
    parameter int unsigned  InWords      = 10,
    parameter int unsigned  OutWords     = 62,
    parameter int unsigned  Pe           = 1,
    parameter int unsigned  Simd         = 4,
    parameter int unsigned  BackInWords  = 1,
    parameter int unsigned  BackOutWords = 1,
    parameter int unsigned  BackPe       = 1,
    parameter int unsigned  BackSimd     = 1,
    parameter int unsigned  ActW         = 8,
    parameter int unsigned  WgtW         = 8,
    parameter int unsigned  BankNumberW  = 1,
    parameter int unsigned  Tags         = 8,
    localparam int unsigned Depth        = InWords * OutWords,
    localparam int unsigned AddrW        = (Depth > 1) ? $clog2(Depth) : 1,
    localparam int unsigned WordW        = (InWords > 1) ? $clog2(InWords) : 1,
    localparam int unsigned BackDepth    = BackInWords * BackOutWords,
    localparam int unsigned BackAddrW    = (BackDepth > 1) ? $clog2(BackDepth) : 1,
    localparam int unsigned Outputs      = OutWords * Pe
) (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  learn_rule_t                      rule_i,
    input  logic                             frame_start_i,
    input  logic [BankNumberW-1:0]           bank_i,
    input  lesson_t                          lesson_i,
    // What goes through the head
    input  logic                             vector_taken_i,
    input  logic [Simd*ActW-1:0]             vector_data_i,
    input  logic                             hidden_taken_i,
    input  logic [HiddenLanes*ActW-1:0]      hidden_data_i,
    input  logic                             logit_taken_i,
    input  logic signed [LogitW-1:0]         logit_i,
    // The learning layer's weights
    output logic                             release_o,
    output logic [BankNumberW-1:0]           access_bank_o,
    output logic                             access_rd_en_o,
    output logic [AddrW-1:0]                 access_rd_addr_o,
    input  logic [Pe*Simd*WgtW-1:0]          access_rd_data_i,
    output logic                             access_wr_en_o,
    input  logic                             access_wr_ready_i,
    output logic [AddrW-1:0]                 access_wr_addr_o,
    output logic [Pe*Simd*WgtW-1:0]          access_wr_data_o,
    // The weights behind it
    output logic                             compare_en_o,
    output logic [BackAddrW-1:0]             compare_addr_o,
    input  logic [BackPe*BackSimd*WgtW-1:0]  compare_data_i,
    output learned_t                         learned_o
);
  // ---- What goes by, a cycle later: the readies behind it come from far -------------------------------------
  logic vector_taken_q, logit_taken_q;
  logic [Simd*ActW-1:0] vector_data_q;
  logic signed [LogitW-1:0] logit_q;

  always_ff @(posedge clk_i) begin
    vector_taken_q <= rst_ni && vector_taken_i;
    logit_taken_q  <= rst_ni && logit_taken_i;
    vector_data_q  <= vector_data_i;
    logit_q        <= logit_i;
  end

  // ---- Lessons ----------------------------------------------------------------------------------------------
  typedef struct packed {
    logic [BankNumberW-1:0] bank;
    lesson_t                lesson;
  } entry_t;

  entry_t next, now_q;
  logic next_valid, unused_ready, last, done, lacks;
  logic [ClassW-1:0] best_other;

  stream_fifo #(
      .Width    ($bits(entry_t)),
      .Depth    (Tags),
      .NeverFull(1'b1)
  ) u_lessons (
      .clk_i,
      .rst_ni,
      .in_valid_i (frame_start_i),
      .in_ready_o (unused_ready),
      .in_data_i  ({bank_i, lesson_i}),
      .out_valid_o(next_valid),
      .out_ready_i(logit_taken_q && last),
      .out_data_o (next)
  );

  rival #(
      .Count(Logits),
      .DataW(LogitW)
  ) u_rival (
      .clk_i,
      .rst_ni,
      .valid_i (logit_taken_q),
      .data_i  (logit_q),
      .target_i(next.lesson.target),
      .last_o  (last),
      .done_o  (done),
      .margin_i(now_q.lesson.own ? rule_i.own_margin : rule_i.generic_margin),
      .lacks_o(lacks),
      .rival_o (best_other)
  );

  // The vector behind a lesson is held, so that no logit passes until the lesson is over. Behind an image without one
  // the next may be so near that its last logit comes 2 cycles later: now_q holds just as long as it is looked at.
  logic [ClassW-1:0] rival_q, down_row;
  always_ff @(posedge clk_i) begin
    if (logit_taken_q && last) now_q <= next;
    if (done) rival_q <= best_other;
  end

  logic learns_q, kept_q, start, moved;  // a lesson that moves weights, or nothing
  logic [LostW-1:0] lost;
  assign down_row = rival_q;

  always_ff @(posedge clk_i) begin
    learns_q <= rst_ni && done && now_q.lesson.valid && lacks;
    kept_q   <= rst_ni && done && now_q.lesson.valid && !lacks;
  end

  // ---- Inputs of the learning layer -------------------------------------------------------------------------
  logic [WordW-1:0] vector_word_q, x_addr;
  logic [Simd*ActW-1:0] vector_q[InWords];
  logic [Simd*ActW-1:0] x_data;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) vector_word_q <= '0;
    else if (vector_taken_q) vector_word_q <= (vector_word_q == WordW'(InWords - 1)) ? '0 : vector_word_q + 1'b1;
  end
  always_ff @(posedge clk_i) begin
    if (vector_taken_q) vector_q[vector_word_q] <= vector_data_q;
    if (access_rd_en_o) x_data <= vector_q[x_addr];
  end

  // ---- Directions -------------------------------------------------------------------------------------------
  logic [Outputs-1:0] up, down;

  if (Hidden > 0) begin : gen_hidden
    if (Outputs != Hidden) begin : gen_bad_hidden
      $error("head_learner: Hidden is %0d, the learning layer has %0d outputs.", Hidden, Outputs);
    end

    logic [HiddenLanes-1:0] passes;
    logic [Hidden-1:0] passes_q, greater, less;

    for (genvar p = 0; p < HiddenLanes; p++) begin : gen_lane
      assign passes[p] = (|hidden_data_i[p*ActW+:ActW]) && !(&hidden_data_i[p*ActW+:ActW]);
    end
    always_ff @(posedge clk_i) begin
      if (hidden_taken_i) passes_q <= (passes_q >> HiddenLanes) | (Hidden'(passes) << (Hidden - HiddenLanes));
    end

    logic compared;

    row_compare #(
        .InWords (BackInWords),
        .OutWords(BackOutWords),
        .Pe      (BackPe),
        .Simd    (BackSimd),
        .WgtW    (WgtW)
    ) u_compare (
        .clk_i,
        .rst_ni,
        .start_i  (learns_q),
        .first_i  (now_q.lesson.target),
        .second_i (rival_q),
        .done_o   (compared),
        .greater_o(greater),
        .less_o   (less),
        .rd_en_o  (compare_en_o),
        .rd_addr_o(compare_addr_o),
        .rd_data_i(compare_data_i)
    );

    assign start = compared;
    assign up    = greater & passes_q;
    assign down  = less & passes_q;
  end else begin : gen_rows
    assign start          = learns_q;
    assign up             = '0;
    assign down           = '0;
    assign compare_en_o   = 1'b0;
    assign compare_addr_o = '0;

    logic unused_hidden;
    assign unused_hidden = ^{hidden_taken_i, hidden_data_i, compare_data_i};
  end

  // ---- Movement ---------------------------------------------------------------------------------------------
  weight_mover #(
      .InWords (InWords),
      .OutWords(OutWords),
      .Pe      (Pe),
      .Simd    (Simd),
      .ActW    (ActW),
      .WgtW    (WgtW),
      .Pair    (Hidden == 0)
  ) u_mover (
      .clk_i,
      .rst_ni,
      .start_i   (start),
      .up_row_i  (now_q.lesson.target),
      .down_row_i(down_row),
      .up_i      (up),
      .down_i    (down),
      .shift_i   (rule_i.shift),
      .dither_i  (now_q.lesson.dither),
      .done_o    (moved),
      .lost_o    (lost),
      .x_addr_o  (x_addr),
      .x_data_i  (x_data),
      .rd_en_o   (access_rd_en_o),
      .rd_addr_o (access_rd_addr_o),
      .rd_data_i (access_rd_data_i),
      .wr_en_o   (access_wr_en_o),
      .wr_ready_i(access_wr_ready_i),
      .wr_addr_o (access_wr_addr_o),
      .wr_data_o (access_wr_data_o)
  );

  assign access_bank_o = now_q.bank;
  assign release_o     = moved || kept_q;
  assign learned_o     = '{done: moved || kept_q, moved: moved, lost: moved ? lost : '0};

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!logit_taken_q || next_valid) else $error("head_learner: %m has a logit without an image.");
  end
`endif
  logic unused_valid;
  assign unused_valid = next_valid;
endmodule
