// SPDX-License-Identifier: Apache-2.0
/// Partial sums of a folded matrix-vector unit: one word of accumulators a fold, read one stage ahead.
///
/// Formula: sum_o = the word last written for the fold whose read_i was in the cycle before.
///
/// What it is made of follows from depth and width:
///   up to RingFolds folds    a ring of registers, which needs neither an address nor a multiplexer
///   block RAM                where one block replaces at least BlockPays memories of 16x4 bits
///   memory made of LUTs      otherwise
///
/// Latency: 1 cycle from read_i to sum_o, which is then held. Initiation interval: 1 cycle.
///
/// Protocol: each step of the unit is a read and, in the next cycle, the write of the same fold; folds come in order,
/// 0 to Folds - 1, over and over. So with two folds or more a word is read a cycle after it was written or later,
/// and never in the cycle in which it is written, which an assertion watches. With one fold there is one register, and
/// sum_o is what was written a cycle ago.
/// Does not: reset; the first word of a vector does not use what is read.
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
    input  logic             read_i,
    input  logic [FoldW-1:0] read_fold_i,
    output logic [Width-1:0] sum_o,
    input  logic             write_i,
    input  logic [FoldW-1:0] write_fold_i,
    input  logic [Width-1:0] sum_i
);
  localparam int unsigned RingFolds = 4;
  localparam int unsigned BlockPays = 8;
  // An ECP5's block has 512 words of 36 bits; a block of another device has about as many bits.
  localparam int unsigned Blocks    = ((Width + 35) / 36) * ((Folds + 511) / 512);
  localparam int unsigned LutRams   = ((Width + 3) / 4) * ((Folds + 15) / 16);
  localparam bit InBlock = Folds > RingFolds && LutRams >= BlockPays * Blocks;

  if (Folds <= RingFolds) begin : gen_ring
    logic [Folds-1:0][Width-1:0] ring_q;

    // The oldest word is that of the fold that comes next.
    assign sum_o = ring_q[Folds-1];

    always_ff @(posedge clk_i) begin
      if (write_i) begin
        ring_q[0] <= sum_i;
        for (int unsigned i = 1; i < Folds; i++) ring_q[i] <= ring_q[i-1];
      end
    end

    logic unused_address;
    assign unused_address = ^{read_i, read_fold_i, write_fold_i};
  end else if (InBlock) begin : gen_block
    (* ram_style = "block", no_rw_check *) logic [Width-1:0] mem[Folds];

    always_ff @(posedge clk_i) begin
      if (write_i) mem[write_fold_i] <= sum_i;
      if (read_i) sum_o <= mem[read_fold_i];
    end
  end else begin : gen_luts
    (* ram_style = "distributed", no_rw_check *) logic [Width-1:0] mem[Folds];

    always_ff @(posedge clk_i) begin
      if (write_i) mem[write_fold_i] <= sum_i;
      if (read_i) sum_o <= mem[read_fold_i];
    end
  end

`ifndef SYNTHESIS
  if (Folds > 1) begin : gen_collision
    always_ff @(posedge clk_i) begin
      assert (!(read_i && write_i && read_fold_i == write_fold_i))
      else $error("accumulator_file: fold %0d is read while it is written.", read_fold_i);
    end
  end
`endif
endmodule
