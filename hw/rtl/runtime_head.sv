// SPDX-License-Identifier: Apache-2.0
/// Head: a small network with run-time weights on the features, which a local expert and the gate are.
///
/// Pooled features, followed by Extra further inputs, go through an optional hidden dense layer (ReLU, requantised) and
/// an output dense layer, whose accumulators leave one by one. With Learn a head_learner watches and moves weights.
///
/// Initiation interval: the largest of the feature words and, of each layer, inputs*outputs / (Pe*Simd) cycles.
/// Latency: a layer gives its outputs in the last Outputs/Pe cycles of those; one cycle more for OutPe above 1.
///
/// Protocol: valid/ready; frame_start_i announces an image and its weight bank (see runtime_dense); one beat of extra
/// inputs an image, at any time. Weight writes: see accel_pkg::weight_write_t. lesson_i comes with frame_start_i; with
/// replay_i no features come, those in slot_i are used again. isolate_i is high while the domain has no supply. busy_o:
/// an update may be open, the domain must not be switched off. read_i reads a chunk of a weight or bias memory back.
/// Does not: say what its outputs mean.
///
/// Parameters
///   Height, Width, Channels, Lanes  feature map, and channels a feature word
///   Apart                           1: feature words come every other cycle at most
///   PoolSize, PoolKind              pooling window and stride, and kind (see pooled_words)
///   Extra                           further inputs, 0: none
///   Ahead                           images whose features come before the extra inputs of the one in progress
///   Hidden                          hidden units, 0: none
///   HiddenShift, HiddenAccW         requantisation of the hidden layer
///   HiddenLayer, OutLayer           numbers of the layers in weight writes
///   HiddenPe, HiddenSimd, OutPe, OutSimd, *W, *Multiplier, Banks, Tags, Baked, *File  see runtime_dense
///   Learn, LearnFirst               1: it learns, in its first layer or else in its last
module runtime_head
  import accel_pkg::*;
  import learn_pkg::*;
#(
    parameter int unsigned       Height           = 12,
    parameter int unsigned       Width            = 12,
    parameter int unsigned       Channels         = 20,
    parameter int unsigned       Lanes            = 20,
    parameter bit                Apart            = 1'b0,
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
    parameter bit                Learn            = 1'b0,
    parameter bit                LearnFirst       = 1'b0,
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
    output logic signed [OutAccW-1:0]  out_data_o,
    output activity_t [Layers-1:0]     activity_o,
    input  logic                       isolate_i,
    input  learn_rule_t                rule_i,
    input  lesson_t                    lesson_i,
    input  logic                       replay_i,
    input  logic [ReplaySlotW-1:0]     slot_i,
    output learned_t                   learned_o,
    output logic                       busy_o,
    input  weight_read_t               read_i,
    output weight_read_data_t          read_o
);
  localparam int unsigned FirstSimd = (Hidden > 0) ? HiddenSimd : OutSimd;
  localparam int unsigned PoolChannels = (PoolKind == 2) ? 2 * Channels : Channels;  // as pooled_words gives them
  localparam int unsigned PoolWords = (Height / PoolSize) * (Width / PoolSize) * PoolChannels / FirstSimd;
  // Extra lanes are padded with zeros to whole words.
  localparam int unsigned ExtraWords = (Extra + FirstSimd - 1) / FirstSimd;
  localparam int unsigned InWords = PoolWords + ExtraWords;
  localparam int unsigned OutInWords = (Hidden > 0) ? Hidden / OutSimd : InWords;

  // ---- Learning: which layer --------------------------------------------------------------------------------
  localparam bit HiddenLearns = Learn && LearnFirst && Hidden > 0;
  localparam bit OutLearns = Learn && !HiddenLearns;
  localparam int unsigned HiddenWords = (Hidden > 0) ? Hidden / HiddenPe : 1;
  localparam int unsigned OutWords = Outputs / OutPe;
  localparam int unsigned BankNumberW = (Banks > 1) ? $clog2(Banks) : 1;
  localparam int unsigned OutDepth = OutInWords * OutWords;
  localparam int unsigned OutAddrW = (OutDepth > 1) ? $clog2(OutDepth) : 1;
  localparam int unsigned LearnInWords = HiddenLearns ? InWords : OutInWords;
  localparam int unsigned LearnOutWords = HiddenLearns ? HiddenWords : OutWords;
  localparam int unsigned LearnPe = HiddenLearns ? HiddenPe : OutPe;
  localparam int unsigned LearnSimd = HiddenLearns ? HiddenSimd : OutSimd;
  localparam int unsigned LearnDepth = LearnInWords * LearnOutWords;
  localparam int unsigned LearnAddrW = (LearnDepth > 1) ? $clog2(LearnDepth) : 1;
  localparam int unsigned LearnWordW = LearnPe * LearnSimd * WgtW;

  // ---- Inputs: pooled features, which a learner can have again, then the extra ones -------------------------
  logic feature_valid, feature_ready, pooled_valid, pooled_ready, word_valid, word_ready, whole_valid, whole_ready;
  logic vector_valid, vector_ready;
  logic [Lanes*ActW-1:0] feature_data;
  logic [FirstSimd*ActW-1:0] pooled_data, word_data, whole_data, vector_data;

  // At the domain's border: the source of features waits for a register of each consumer.
  feature_register #(
      .Width(Lanes * ActW),
      .Apart(Apart)
  ) u_feature (
      .clk_i,
      .rst_ni,
      .in_valid_i,
      .in_ready_o,
      .in_data_i,
      .out_valid_o(feature_valid),
      .out_ready_i(feature_ready),
      .out_data_o (feature_data)
  );

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
      .in_valid_i (feature_valid),
      .in_ready_o (feature_ready),
      .in_data_i  (feature_data),
      .out_valid_o(pooled_valid),
      .out_ready_i(pooled_ready),
      .out_data_o (pooled_data)
  );

  if (Learn) begin : gen_ring
    replay_ring #(
        .LaneW(ActW),
        .Lanes(FirstSimd),
        .Words(PoolWords),
        .Tags (Tags)
    ) u_ring (
        .clk_i,
        .rst_ni,
        .tag_valid_i (frame_start_i),
        .tag_replay_i(replay_i),
        .tag_slot_i  (slot_i),
        .in_valid_i  (pooled_valid),
        .in_ready_o  (pooled_ready),
        .in_data_i   (pooled_data),
        .out_valid_o (word_valid),
        .out_ready_i (word_ready),
        .out_data_o  (word_data)
    );
  end else begin : gen_no_ring
    assign word_valid   = pooled_valid;
    assign pooled_ready = word_ready;
    assign word_data    = pooled_data;

    logic unused_replay;
    assign unused_replay = ^{replay_i, slot_i};
  end

  if (Extra > 0) begin : gen_extra
    localparam int unsigned PaddedLanes = ExtraWords * FirstSimd;
    logic beat_valid, beat_ready, first_valid, first_ready, words_valid, words_ready;
    logic [ExtraLanes*ActW-1:0] beat_data;
    logic [FirstSimd*ActW-1:0] first_data, words_data;

    // Whose turn it is does not reach to those who give the extra inputs, nor into the pool.
    stream_skid #(
        .Width(ExtraLanes * ActW)
    ) u_extra_skid (
        .clk_i,
        .rst_ni,
        .in_valid_i (extra_valid_i),
        .in_ready_o (extra_ready_o),
        .in_data_i  (extra_data_i),
        .out_valid_o(beat_valid),
        .out_ready_i(beat_ready),
        .out_data_o (beat_data)
    );

    stream_skid #(
        .Width(FirstSimd * ActW)
    ) u_first_skid (
        .clk_i,
        .rst_ni,
        .in_valid_i (word_valid),
        .in_ready_o (word_ready),
        .in_data_i  (word_data),
        .out_valid_o(first_valid),
        .out_ready_i(first_ready),
        .out_data_o (first_data)
    );

    stream_width #(
        .LaneW   (ActW),
        .InLanes (PaddedLanes),
        .OutLanes(FirstSimd)
    ) u_extra_words (
        .clk_i,
        .rst_ni,
        .in_valid_i (beat_valid),
        .in_ready_o (beat_ready),
        .in_data_i  ((PaddedLanes * ActW)'(beat_data)),
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
        .first_valid_i (first_valid),
        .first_ready_o (first_ready),
        .first_data_i  (first_data),
        .second_valid_i(words_valid),
        .second_ready_o(words_ready),
        .second_data_i (words_data),
        .out_valid_o   (whole_valid),
        .out_ready_i   (whole_ready),
        .out_data_o    (whole_data)
    );
  end else begin : gen_no_extra
    assign whole_valid   = word_valid;
    assign word_ready    = whole_ready;
    assign whole_data    = word_data;
    assign extra_ready_o = 1'b1;

    logic unused_extra;
    assign unused_extra = ^{extra_valid_i, extra_data_i};
  end

  // A layer's ready waits for its tag and for the learner; it must not reach through what is in front of it.
  stream_skid #(
      .Width(FirstSimd * ActW)
  ) u_skid (
      .clk_i,
      .rst_ni,
      .in_valid_i (whole_valid),
      .in_ready_o (whole_ready),
      .in_data_i  (whole_data),
      .out_valid_o(vector_valid),
      .out_ready_i(vector_ready),
      .out_data_o (vector_data)
  );

  // ---- What a learner reads and writes ----------------------------------------------------------------------
  typedef struct packed {
    logic                   rd_en;
    logic [LearnAddrW-1:0]  rd_addr;
    logic                   wr_en;
    logic [LearnAddrW-1:0]  wr_addr;
    logic [LearnWordW-1:0]  wr_data;
  } access_t;

  access_t access;  // by the learner, of the layer that learns
  logic [BankNumberW-1:0] learn_bank;
  logic [LearnWordW-1:0] learn_rd_data;
  logic learn_wr_ready, learn_release;
  logic compare_en;  // by the learner, of the output layer behind a hidden one that learns
  logic [OutAddrW-1:0] compare_addr;
  logic [OutPe*OutSimd*WgtW-1:0] out_rd_data;
  logic hidden_taken, hidden_held, out_held;
  weight_read_data_t hidden_read, out_read;
  // A request comes from afar, and each memory compares it with what it has.
  weight_read_t read_q;
  always_ff @(posedge clk_i) read_q <= rst_ni ? read_i : '0;
  logic [HiddenPe*ActW-1:0] hidden_word;

  // ---- Hidden layer -----------------------------------------------------------------------------------------
  logic out_in_valid, out_in_ready;
  logic [OutSimd*ActW-1:0] out_in_data;

  if (Hidden > 0) begin : gen_hidden
    localparam int unsigned HiddenDepth = InWords * HiddenWords;
    localparam int unsigned HiddenAddrW = (HiddenDepth > 1) ? $clog2(HiddenDepth) : 1;
    logic hidden_valid, hidden_ready, queue_valid, queue_ready, unit_valid, unit_ready, wr_ready;
    logic [HiddenPe*ActW-1:0] hidden_data, queue_data;
    logic [OutSimd*ActW-1:0] unit_data;
    logic [HiddenPe*HiddenSimd*WgtW-1:0] rd_data;

    assign hidden_taken = hidden_valid && hidden_ready;
    assign hidden_word  = hidden_data;

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
        .BiasFile  (HiddenBiasFile),
        .Learn     (HiddenLearns)
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
        .activity_o (activity_o[0]),
        .tag_lesson_i     (lesson_i.valid),
        .release_i        (learn_release),
        .held_o           (hidden_held),
        .isolate_i,
        .access_bank_i    (learn_bank),
        .access_rd_en_i   (HiddenLearns && access.rd_en),
        .access_rd_addr_i (HiddenAddrW'(access.rd_addr)),
        .access_rd_data_o (rd_data),
        .access_wr_en_i   (HiddenLearns && access.wr_en),
        .access_wr_ready_o(wr_ready),
        .access_wr_addr_i (HiddenAddrW'(access.wr_addr)),
        .access_wr_data_i (($bits(rd_data))'(access.wr_data)),
        .read_i           (read_q),
        .read_o           (hidden_read)
    );

    if (HiddenLearns) begin : gen_learns
      assign learn_rd_data  = rd_data;
      assign learn_wr_ready = wr_ready;
    end else begin : gen_frozen
      logic unused_access;
      assign unused_access = ^{rd_data, wr_ready, hidden_held};
    end

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
        .out_valid_o(unit_valid),
        .out_ready_i(unit_ready),
        .out_data_o (unit_data)
    );

    stream_skid #(
        .Width(OutSimd * ActW)
    ) u_unit_skid (
        .clk_i,
        .rst_ni,
        .in_valid_i (unit_valid),
        .in_ready_o (unit_ready),
        .in_data_i  (unit_data),
        .out_valid_o(out_in_valid),
        .out_ready_i(out_in_ready),
        .out_data_o (out_in_data)
    );
  end else begin : gen_linear
    assign out_in_valid = vector_valid;
    assign vector_ready = out_in_ready;
    assign out_in_data  = vector_data;
    assign hidden_taken = 1'b0;
    assign hidden_word  = '0;
    assign hidden_held  = 1'b0;
    assign hidden_read  = '0;
  end

  // ---- Output layer -----------------------------------------------------------------------------------------
  logic sums_valid, sums_ready, out_wr_ready;
  logic [OutPe*OutAccW-1:0] sums;

  runtime_dense #(
      .InWords   (OutInWords),
      .OutWords  (OutWords),
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
      .BiasFile  (OutBiasFile),
      .Learn     (OutLearns)
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
      .out_valid_o(sums_valid),
      .out_ready_i(sums_ready),
      .out_data_o (sums),
      .activity_o (activity_o[Layers-1]),
      .tag_lesson_i     (lesson_i.valid),
      .release_i        (learn_release),
      .held_o           (out_held),
      .isolate_i,
      .access_bank_i    (learn_bank),
      .access_rd_en_i   (HiddenLearns ? compare_en : OutLearns && access.rd_en),
      .access_rd_addr_i (HiddenLearns ? compare_addr : OutAddrW'(access.rd_addr)),
      .access_rd_data_o (out_rd_data),
      .access_wr_en_i   (OutLearns && access.wr_en),
      .access_wr_ready_o(out_wr_ready),
      .access_wr_addr_i (OutAddrW'(access.wr_addr)),
      .access_wr_data_i (($bits(out_rd_data))'(access.wr_data)),
      .read_i           (read_q),
      .read_o           (out_read)
  );
  assign read_o = hidden_read | out_read;

  if (!HiddenLearns) begin : gen_out_learns
    assign learn_rd_data  = LearnWordW'(out_rd_data);
    assign learn_wr_ready = out_wr_ready;
  end else begin : gen_out_frozen
    logic unused_ready;
    assign unused_ready = out_wr_ready;
  end

  stream_width #(
      .LaneW   (OutAccW),
      .InLanes (OutPe),
      .OutLanes(1)
  ) u_logits (
      .clk_i,
      .rst_ni,
      .in_valid_i (sums_valid),
      .in_ready_o (sums_ready),
      .in_data_i  (sums),
      .out_valid_o,
      .out_ready_i,
      .out_data_o (out_data_o)
  );

  // ---- Learner ----------------------------------------------------------------------------------------------
  // A cycle later, on its way to those far away who wait for it. The image of the vector with the lesson counts as in
  // flight until then and longer.
  always_ff @(posedge clk_i) busy_o <= rst_ni && (hidden_held || out_held);

  if (Learn) begin : gen_learner
    head_learner #(
        .Hidden      (HiddenLearns ? Hidden : 0),
        .HiddenLanes (HiddenPe),
        .Logits      (Outputs),
        .LogitW      (OutAccW),
        .InWords     (LearnInWords),
        .OutWords    (LearnOutWords),
        .Pe          (LearnPe),
        .Simd        (LearnSimd),
        .BackInWords (OutInWords),
        .BackOutWords(OutWords),
        .BackPe      (OutPe),
        .BackSimd    (OutSimd),
        .ActW        (ActW),
        .WgtW        (WgtW),
        .BankNumberW (BankNumberW),
        .Tags        (Tags)
    ) u_learner (
        .clk_i,
        .rst_ni,
        .rule_i,
        .frame_start_i,
        .bank_i           (bank_i[BankNumberW-1:0]),
        .lesson_i,
        .vector_taken_i   (HiddenLearns ? vector_valid && vector_ready : out_in_valid && out_in_ready),
        .vector_data_i    (HiddenLearns ? (LearnSimd * ActW)'(vector_data) : (LearnSimd * ActW)'(out_in_data)),
        .hidden_taken_i   (hidden_taken),
        .hidden_data_i    (hidden_word),
        .logit_taken_i    (out_valid_o && out_ready_i),
        .logit_i          (out_data_o),
        .release_o        (learn_release),
        .access_bank_o    (learn_bank),
        .access_rd_en_o   (access.rd_en),
        .access_rd_addr_o (access.rd_addr),
        .access_rd_data_i (learn_rd_data),
        .access_wr_en_o   (access.wr_en),
        .access_wr_ready_i(learn_wr_ready),
        .access_wr_addr_o (access.wr_addr),
        .access_wr_data_o (access.wr_data),
        .compare_en_o     (compare_en),
        .compare_addr_o   (compare_addr),
        .compare_data_i   (out_rd_data),
        .learned_o
    );
  end else begin : gen_no_learner
    assign access        = '0;
    assign learn_bank    = '0;
    assign learn_release = 1'b0;
    assign compare_en    = 1'b0;
    assign compare_addr  = '0;
    assign learned_o     = '0;

    logic unused_learning;
    assign unused_learning = ^{rule_i, lesson_i, learn_rd_data, learn_wr_ready, hidden_taken, hidden_word};
  end

  logic unused_bank;
  assign unused_bank = ^bank_i;
endmodule
