// SPDX-License-Identifier: Apache-2.0
/// Moves the weights of one layer by one, each with a probability in proportion to its input: one step of learning.
///
/// Formula: for every output o with a direction and every input i with
///            x[i] > (dither + i * Weyl) mod 2**shift
///          weight[o][i] += direction[o], unless it stands at the end of its range.
///
/// Reads a word of the memory a cycle and offers it, moved, 5 cycles later. Memory layout: as in mvu.
/// Latency: from start_i to done_o words * folds + 6 cycles, with folds = OutWords, or for Pair the one or two words
/// with the two rows; more by the cycles in which the memory is not free to be written. lost_o holds in the cycle of
/// done_o.
///
/// Protocol: start_i is a pulse; everything else stays as it is until done_o. Nobody else reads the memory meanwhile;
/// x_data_i follows rd_en_o by 1 cycle, rd_data_i by 3. wr_*: valid/ready. Words on their way never stall: a word is
/// read when it has a place in the queue of those that are written.
/// Does not: change biases, or choose rows.
///
/// Parameters
///   InWords, OutWords, Pe, Simd, ActW, WgtW  of the layer, see mvu
///   Pair  1: row up_row_i goes up and row down_row_i down; 0: every row has its bits in up_i and down_i
module weight_mover
  import accel_pkg::*;
  import learn_pkg::*;
#(
    parameter int unsigned  InWords  = 10,
    parameter int unsigned  OutWords = 62,
    parameter int unsigned  Pe       = 1,
    parameter int unsigned  Simd     = 4,
    parameter int unsigned  ActW     = 8,
    parameter int unsigned  WgtW     = 8,
    parameter bit           Pair     = 1'b1,
    localparam int unsigned Depth    = InWords * OutWords,
    localparam int unsigned AddrW    = (Depth > 1) ? $clog2(Depth) : 1,
    localparam int unsigned WordW    = (InWords > 1) ? $clog2(InWords) : 1,
    localparam int unsigned Outputs  = OutWords * Pe
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic                    start_i,
    input  logic [ClassW-1:0]       up_row_i,
    input  logic [ClassW-1:0]       down_row_i,
    input  logic [Outputs-1:0]      up_i,
    input  logic [Outputs-1:0]      down_i,
    input  logic [ShiftW-1:0]       shift_i,
    input  logic [DitherW-1:0]      dither_i,
    output logic                    done_o,
    output logic [LostW-1:0]        lost_o,
    // Inputs of the layer
    output logic [WordW-1:0]        x_addr_o,
    input  logic [Simd*ActW-1:0]    x_data_i,
    // Weights
    output logic                    rd_en_o,
    output logic [AddrW-1:0]        rd_addr_o,
    input  logic [Pe*Simd*WgtW-1:0] rd_data_i,
    output logic                    wr_en_o,
    input  logic                    wr_ready_i,
    output logic [AddrW-1:0]        wr_addr_o,
    output logic [Pe*Simd*WgtW-1:0] wr_data_o
);
  localparam int unsigned FoldW = (OutWords > 1) ? $clog2(OutWords) : 1;
  localparam int unsigned StuckW = $clog2(Pe * Simd + 1);
  localparam int unsigned MostLost = InWords * Simd * (Pair ? 2 : Outputs);
  localparam int unsigned MostLostW = $clog2(MostLost + 1);
  // Places for the words on their way and those that wait for the memory: enough for a word a cycle, see Latency.
  localparam int unsigned Places = 8;
  localparam int unsigned PlacesW = $clog2(Places + 1);
  localparam int unsigned LeastShift = 8;  // all dithers have so many bits, the shift says how many more
  localparam int unsigned MostShift = (1 << ShiftW) - 1;

  if (ActW > LeastShift) begin : gen_bad_act
    $error("weight_mover: ActW is %0d, at most 8 bits move a weight by one.", ActW);
  end

  if (MostLostW > LostW) begin : gen_bad_lost
    $error("weight_mover: a lesson may lose %0d movements, LostW is %0d bits.", MostLost, LostW);
  end

  // ---- Which word, which rows -------------------------------------------------------------------------------
  logic busy_q, second_q, last_fold, last_word, issue;
  logic [PlacesW-1:0] reserved_q;
  logic [WordW-1:0] word_q;
  logic [AddrW-1:0] base_q;  // first word of the fold 0 of input word word_q
  logic [FoldW-1:0] fold;
  logic [Pe-1:0] up, down;

  if (Pair) begin : gen_pair
    // Row r is lane r % Pe of fold r / Pe.
    function automatic logic [FoldW-1:0] fold_of(logic [ClassW-1:0] row);
      logic [FoldW-1:0] found;
      found = '0;
      for (int unsigned f = 0; f < OutWords; f++) begin
        if (32'(row) >= f * Pe) found = FoldW'(f);
      end
      return found;
    endfunction

    logic [FoldW-1:0] up_fold, down_fold;
    assign up_fold   = (Pe == 1) ? FoldW'(up_row_i) : fold_of(up_row_i);
    assign down_fold = (Pe == 1) ? FoldW'(down_row_i) : fold_of(down_row_i);
    assign fold      = second_q ? down_fold : up_fold;
    assign last_fold = second_q || up_fold == down_fold;

    for (genvar p = 0; p < Pe; p++) begin : gen_lane
      assign up[p]   = 32'(up_row_i) == 32'(fold) * Pe + p;
      assign down[p] = 32'(down_row_i) == 32'(fold) * Pe + p;
    end

    logic unused_rows;
    assign unused_rows = ^{up_i, down_i};
  end else begin : gen_all
    logic [FoldW-1:0] fold_q;
    logic [Outputs-1:0] up_q, down_q;  // turn by a fold a step

    assign fold      = fold_q;
    assign last_fold = fold_q == FoldW'(OutWords - 1);
    assign up        = up_q[Pe-1:0];
    assign down      = down_q[Pe-1:0];

    always_ff @(posedge clk_i) begin
      if (start_i) begin
        fold_q <= '0;
        up_q   <= up_i;
        down_q <= down_i;
      end else if (issue) begin
        fold_q <= last_fold ? '0 : fold_q + 1'b1;
        up_q   <= (up_q >> Pe) | (up_q << (Outputs - Pe));
        down_q <= (down_q >> Pe) | (down_q << (Outputs - Pe));
      end
    end

    logic unused_rows;
    assign unused_rows = ^{up_row_i, down_row_i, second_q};
  end

  assign last_word = word_q == WordW'(InWords - 1);
  assign issue     = busy_q && reserved_q != PlacesW'(Places);
  assign rd_en_o   = issue;
  assign rd_addr_o = base_q + AddrW'(fold);
  assign x_addr_o  = word_q;

  // ---- Stage 0: issue ---------------------------------------------------------------------------------------
  logic [MostShift-1:0] dither_q;  // of the first input of word word_q

  always_ff @(posedge clk_i) begin
    if (!rst_ni) busy_q <= 1'b0;
    else if (start_i) busy_q <= 1'b1;
    else if (issue && last_fold && last_word) busy_q <= 1'b0;
    if (start_i) begin
      word_q   <= '0;
      base_q   <= '0;
      second_q <= 1'b0;
      dither_q <= dither_i[MostShift-1:0];
    end else if (issue) begin
      second_q <= !last_fold;
      if (last_fold) begin
        word_q   <= word_q + 1'b1;
        base_q   <= base_q + AddrW'(OutWords);
        dither_q <= dither_q + MostShift'(Simd * Weyl);
      end
    end
  end

  // ---- What travels with a word; the number is the stage that it is in --------------------------------------
  typedef struct packed {
    logic             last;
    logic [AddrW-1:0] address;
    logic [Pe-1:0]    up;
    logic [Pe-1:0]    down;
  } step_t;

  logic [4:1] valid_q;
  step_t step1_q, step2_q, step3_q, step4_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[3:1], issue};
    step1_q <= '{last: last_fold && last_word, address: rd_addr_o, up: up, down: down};
    step2_q <= step1_q;
    step3_q <= step2_q;
    step4_q <= step3_q;
  end

  // ---- Stages 1 and 2: the inputs are there; which inputs' weights move -------------------------------------
  logic [MostShift-1:0] read_dither_q;
  logic [MostShift-LeastShift-1:0] high_bits_q;  // of a dither beyond those that every shift has: which of them count
  logic [Simd-1:0] clear_q, moves_q;
  logic [Simd-1:0][LeastShift-1:0] low_q;
  logic [Simd*ActW-1:0] x_q;

  always_ff @(posedge clk_i) begin
    read_dither_q <= dither_q;
    high_bits_q   <= ~('1 << (shift_i - ShiftW'(LeastShift)));
    x_q           <= x_data_i;
  end

  for (genvar s = 0; s < Simd; s++) begin : gen_input
    logic [MostShift-1:0] dither;
    assign dither = read_dither_q + MostShift'(s * Weyl);
    always_ff @(posedge clk_i) begin
      clear_q[s] <= (dither[MostShift-1:LeastShift] & high_bits_q) == '0;
      low_q[s]   <= dither[LeastShift-1:0];
      moves_q[s] <= clear_q[s] && LeastShift'(x_q[s*ActW+:ActW]) > low_q[s];
    end
  end

  // ---- Stage 3: the weights are there; which of them move ---------------------------------------------------
  // ---- Stage 4: they move, and wait for the memory ----------------------------------------------------------
  logic [Pe-1:0][Simd-1:0][WgtW-1:0] moved;
  logic [Pe-1:0][Simd-1:0] stuck_q;

  for (genvar p = 0; p < Pe; p++) begin : gen_output
    for (genvar s = 0; s < Simd; s++) begin : gen_weight
      // The end of the range in a row's direction has one sign bit and the other value in all bits behind it.
      logic [WgtW-1:0] weight, weight_q;
      logic to_move, at_end, steps_q;
      assign weight  = rd_data_i[(p*Simd+s)*WgtW+:WgtW];
      assign to_move = moves_q[s] && (step3_q.up[p] || step3_q.down[p]);
      assign at_end  = weight == {step3_q.down[p], {(WgtW - 1) {!step3_q.down[p]}}};

      always_ff @(posedge clk_i) begin
        weight_q      <= weight;
        steps_q       <= to_move && !at_end;
        stuck_q[p][s] <= to_move && at_end;
      end
      assign moved[p][s] = weight_q + {{(WgtW - 1) {steps_q && step4_q.down[p]}}, steps_q};
    end
  end

  logic push, pop, last, unused_ready;
  assign push = valid_q[4];
  assign pop  = wr_en_o && wr_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) reserved_q <= '0;
    else if (issue && !pop) reserved_q <= reserved_q + 1'b1;
    else if (pop && !issue) reserved_q <= reserved_q - 1'b1;
  end

  stream_fifo #(
      .Width    (1 + AddrW + Pe * Simd * WgtW),
      .Depth    (Places),
      .NeverFull(1'b1)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .in_valid_i (push),
      .in_ready_o (unused_ready),
      .in_data_i  ({step4_q.last, step4_q.address, moved}),
      .out_valid_o(wr_en_o),
      .out_ready_i(wr_ready_i),
      .out_data_o ({last, wr_addr_o, wr_data_o})
  );

  logic unused_bits;
  assign unused_bits = ^{dither_i[DitherW-1], step4_q.up};

  // ---- What was lost ----------------------------------------------------------------------------------------
  logic [StuckW-1:0] stuck_now, stuck_now_q;
  always_comb begin
    stuck_now = '0;
    for (int unsigned p = 0; p < Pe; p++) begin
      for (int unsigned s = 0; s < Simd; s++) stuck_now = stuck_now + StuckW'(stuck_q[p][s]);
    end
  end

  logic [MostLostW-1:0] lost_q;
  assign lost_o = LostW'(lost_q);

  // A word is counted before it can leave the queue and be the last one.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) done_o <= 1'b0;
    else done_o <= pop && last;
    stuck_now_q <= push ? stuck_now : '0;
    if (start_i) lost_q <= '0;
    else lost_q <= lost_q + MostLostW'(stuck_now_q);
  end
endmodule
