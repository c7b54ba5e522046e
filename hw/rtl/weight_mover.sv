// SPDX-License-Identifier: Apache-2.0
/// Moves the weights of one layer by one, each with a probability in proportion to its input: one step of learning.
///
/// Formula: for every output o with a direction and every input i with
///            x[i] > (dither + i * Weyl) mod 2**shift
///          weight[o][i] += direction[o], unless it stands at the end of its range.
///
/// Reads a word of the memory a cycle and writes it two cycles later. Memory layout: as in mvu.
/// Latency: from start_i to done_o words * folds + 3 cycles, with folds = OutWords, or for Pair the one or two words
/// with the two rows; more by the cycles in which the memory is not free to be written. lost_o holds in the cycle of
/// done_o.
///
/// Protocol: start_i is a pulse; everything else stays as it is until done_o. Nobody else reads the memory meanwhile;
/// rd_data_i and x_data_i follow rd_en_o by one cycle and are held.
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
  localparam int unsigned LeastShift = 8;  // all dithers have so many bits, the shift says how many more
  localparam int unsigned MostShift = (1 << ShiftW) - 1;

  if (ActW > LeastShift) begin : gen_bad_act
    $error("weight_mover: ActW is %0d, at most 8 bits move a weight by one.", ActW);
  end

  if (MostLostW > LostW) begin : gen_bad_lost
    $error("weight_mover: a lesson may lose %0d movements, LostW is %0d bits.", MostLost, LostW);
  end

  logic advance;  // the pipeline moves
  assign advance = !wr_en_o || wr_ready_i;

  // ---- Which word, which rows -------------------------------------------------------------------------------
  logic busy_q, second_q, last_fold, last_word, issue;
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
  assign issue     = busy_q && advance;
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

  // ---- Stage 1: the words are there; which inputs' weights move ---------------------------------------------
  logic read_q, read_last_q;
  logic [AddrW-1:0] read_addr_q;
  logic [Pe-1:0] read_up_q, read_down_q;
  logic [MostShift-1:0] read_dither_q;
  logic [Simd-1:0] moves;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) read_q <= 1'b0;
    else if (advance) read_q <= busy_q;
    if (advance) begin
      read_last_q   <= last_fold && last_word;
      read_addr_q   <= rd_addr_o;
      read_up_q     <= up;
      read_down_q   <= down;
      read_dither_q <= dither_q;
    end
  end

  // Bits of a dither beyond those that every shift has, and which of them count.
  logic [MostShift-LeastShift-1:0] high_bits;
  assign high_bits = ~('1 << (shift_i - ShiftW'(LeastShift)));

  for (genvar s = 0; s < Simd; s++) begin : gen_input
    logic [MostShift-1:0] dither;
    assign dither   = read_dither_q + MostShift'(s * Weyl);
    assign moves[s] = (dither[MostShift-1:LeastShift] & high_bits) == '0 &&
                      LeastShift'(x_data_i[s*ActW+:ActW]) > dither[LeastShift-1:0];
  end

  // ---- Stage 2: move and write ------------------------------------------------------------------------------
  logic last_q;
  logic [Pe-1:0] up_q, down_q;
  logic [Simd-1:0] moves_q;
  logic [Pe-1:0][Simd-1:0][WgtW-1:0] weight_q, moved;
  logic [Pe-1:0][Simd-1:0] stuck;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) wr_en_o <= 1'b0;
    else if (advance) wr_en_o <= read_q;
    if (advance) begin
      last_q    <= read_last_q;
      wr_addr_o <= read_addr_q;
      up_q      <= read_up_q;
      down_q    <= read_down_q;
      moves_q   <= moves;
      weight_q  <= rd_data_i;
    end
  end

  for (genvar p = 0; p < Pe; p++) begin : gen_output
    for (genvar s = 0; s < Simd; s++) begin : gen_weight
      // The end of the range in a row's direction has one sign bit and the other value in all bits behind it.
      logic [WgtW-1:0] weight;
      logic to_move, at_end, steps;
      assign weight      = weight_q[p][s];
      assign to_move     = moves_q[s] && (up_q[p] || down_q[p]);
      assign at_end      = weight == {down_q[p], {(WgtW - 1) {!down_q[p]}}};
      assign stuck[p][s] = to_move && at_end;
      assign steps       = to_move && !at_end;
      assign moved[p][s] = weight + {{(WgtW - 1) {steps && down_q[p]}}, steps};
    end
  end
  assign wr_data_o = moved;

  logic unused_dither;
  assign unused_dither = dither_i[DitherW-1];

  logic [StuckW-1:0] stuck_now;
  always_comb begin
    stuck_now = '0;
    for (int unsigned p = 0; p < Pe; p++) begin
      for (int unsigned s = 0; s < Simd; s++) stuck_now = stuck_now + StuckW'(stuck[p][s]);
    end
  end

  logic [MostLostW-1:0] lost_q;
  assign lost_o = LostW'(lost_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) done_o <= 1'b0;
    else done_o <= wr_en_o && wr_ready_i && last_q;
    if (start_i) lost_q <= '0;
    else if (wr_en_o && wr_ready_i) lost_q <= lost_q + MostLostW'(stuck_now);
  end
endmodule
