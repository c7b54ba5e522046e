// SPDX-License-Identifier: Apache-2.0
/// Partial sums of a folded matrix-vector unit: one word of accumulators a fold, read and written by each step.
///
/// Formula: sum_o = the sum_i of the last step of the same fold.
///
/// What it is made of follows from depth and width:
///   up to RingFolds folds    a ring of registers, which needs neither an address nor a multiplexer
///   block RAM                where one block replaces at least BlockPays memories of 16x4 bits; blocks lie far apart,
///                            and so a register stands on either side of them
///   memory made of LUTs      otherwise
///
/// Words may be wider than a part of the chip: they are kept in pieces of PieceW bits, each with its own copies of the
/// control registers, which synthesis must not merge (tools/yosys.py, names that end with copy_q).
///
/// Latency: 3 cycles from step_i to sum_o. Initiation interval: 1 cycle.
///
/// Protocol: sum_o of a step comes three cycles after its step_i, and sum_i is taken in that same cycle. Folds come in
/// order, 0 to Folds - 1, over and over, so that the step of the same fold follows Folds cycles later at the earliest.
/// A ring and LUTs hold the sum by then; block RAM is read one cycle after step_i and written four cycles after it,
/// for which the folds that it needs, Folds > RingFolds, are enough. An assertion watches it.
/// Does not: reset; a few cycles longer than the unit is in reset, the control registers hold anything.
/// The first word of a vector does not use what is read.
///
/// Parameters
///   Folds  words
///   Width  bits of all accumulators of a fold
module accumulator_file #(
    parameter int unsigned  Folds = 5,
    parameter int unsigned  Width = 24,
    localparam int unsigned FoldW = (Folds > 1) ? $clog2(Folds) : 1
) (
    input  logic             clk_i,
    input  logic             rst_ni,  // of the assertion
    input  logic             step_i,
    input  logic [FoldW-1:0] fold_i,
    output logic [Width-1:0] sum_o,
    input  logic [Width-1:0] sum_i
);
  localparam int unsigned RingFolds = 4;
  localparam int unsigned BlockPays = 16;
  // An ECP5's block has 512 words of 36 bits; a block of another device has about as many bits.
  localparam int unsigned Blocks    = ((Width + 35) / 36) * ((Folds + 511) / 512);
  localparam int unsigned LutRams   = ((Width + 3) / 4) * ((Folds + 15) / 16);
  localparam bit InBlock = Folds > RingFolds && LutRams >= BlockPays * Blocks;

  localparam int unsigned PieceW = 144;  // four blocks, or 36 memories of 16x4 bits
  localparam int unsigned Pieces = (Width + PieceW - 1) / PieceW;

  for (genvar i = 0; i < Pieces; i++) begin : gen_piece
    localparam int unsigned First = i * PieceW;
    localparam int unsigned ThisW = (Width - First < PieceW) ? Width - First : PieceW;

    logic [ThisW-1:0] sum_read, sum_write;
    assign sum_o[First+:ThisW] = sum_read;
    assign sum_write           = sum_i[First+:ThisW];

    if (Folds <= RingFolds) begin : gen_ring
      logic [1:0] step_q;
      logic take_copy_q;  // three cycles after step_i
      logic [Folds-1:0][ThisW-1:0] ring_q;

      // The oldest word is that of the fold that comes next.
      assign sum_read = ring_q[Folds-1];

      always_ff @(posedge clk_i) begin
        {take_copy_q, step_q} <= {step_q, step_i};
        if (take_copy_q) begin
          ring_q[0] <= sum_write;
          for (int unsigned k = 1; k < Folds; k++) ring_q[k] <= ring_q[k-1];
        end
      end

      logic unused_control;
      assign unused_control = rst_ni ^ (^fold_i);
    end else if (InBlock) begin : gen_block
      (* ram_style = "block", no_rw_check *) logic [ThisW-1:0] mem[Folds];
      logic [ThisW-1:0] word_q, sum_q;
      logic [4:1] step_copy_q;  // cycles after step_i
      logic [4:1][FoldW-1:0] fold_copy_q;

      always_ff @(posedge clk_i) begin
        step_copy_q <= {step_copy_q[3:1], step_i};
        fold_copy_q <= {fold_copy_q[3:1], fold_i};
        if (step_copy_q[1]) word_q <= mem[fold_copy_q[1]];
        if (step_copy_q[2]) sum_read <= word_q;
        if (step_copy_q[3]) sum_q <= sum_write;
        if (step_copy_q[4]) mem[fold_copy_q[4]] <= sum_q;
      end

`ifndef SYNTHESIS
      logic [4:1] step_q;  // step_copy_q, without what it held before reset
      always_ff @(posedge clk_i) begin
        step_q <= rst_ni ? {step_q[3:1], step_i} : '0;
        assert (!(rst_ni && step_q[1] && step_q[4] && fold_copy_q[1] == fold_copy_q[4]))
        else $error("accumulator_file: fold %0d is read while it is written.", fold_copy_q[1]);
      end
`endif
    end else begin : gen_luts
      (* ram_style = "distributed", no_rw_check *) logic [ThisW-1:0] mem[Folds];
      logic [3:1] step_copy_q;  // cycles after step_i
      logic [3:1][FoldW-1:0] fold_copy_q;

      always_ff @(posedge clk_i) begin
        step_copy_q <= {step_copy_q[2:1], step_i};
        fold_copy_q <= {fold_copy_q[2:1], fold_i};
        if (step_copy_q[2]) sum_read <= mem[fold_copy_q[2]];
        if (step_copy_q[3]) mem[fold_copy_q[3]] <= sum_write;
      end

`ifndef SYNTHESIS
      logic [3:1] step_q;  // step_copy_q, without what it held before reset
      always_ff @(posedge clk_i) begin
        step_q <= rst_ni ? {step_q[2:1], step_i} : '0;
        assert (!(rst_ni && step_q[2] && step_q[3] && fold_copy_q[2] == fold_copy_q[3]))
        else $error("accumulator_file: fold %0d is read while it is written.", fold_copy_q[2]);
      end
`endif
    end
  end
endmodule
