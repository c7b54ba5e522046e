// SPDX-License-Identifier: Apache-2.0
/// Queue of a few wide words: registers one behind the other, through which a word falls to the last free one.
///
/// A bit costs a flip-flop a word and no logic, where stream_fifo takes a memory made of LUTs, whose blocks are 16
/// words deep whatever the depth.
///
/// Latency: Depth cycles through an empty queue. Initiation interval: 2 cycles; up to Depth words may come one a cycle.
///
/// Protocol: valid/ready; every output is a register or a function of registers: only the last place sees out_ready_i,
/// and the word behind it follows a cycle later. Registers of wide words are many, and none is at the end of a path:
/// each piece of PieceW bits has its own copy of what says where words stand, which synthesis must not merge
/// (tools/yosys.py, names that end with copy_q).
/// Does not: pay for narrow words or many of them; stream_fifo does.
///
/// Parameters
///   Width      word width, bits
///   Depth      words it holds, at least 1
///   NeverFull  1: something outside bounds the words in it, and an assertion watches that none is ever refused
module stream_chain #(
    parameter int unsigned Width     = 8,
    parameter int unsigned Depth     = 2,
    parameter bit          NeverFull = 1'b0
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             in_valid_i,
    output logic             in_ready_o,
    input  logic [Width-1:0] in_data_i,
    output logic             out_valid_o,
    input  logic             out_ready_i,
    output logic [Width-1:0] out_data_o
);
  if (Width < 1) begin : gen_bad_width
    $error("stream_chain: Width is %0d, it must be at least 1.", Width);
  end
  if (Depth < 1) begin : gen_bad_depth
    $error("stream_chain: Depth is %0d, it must be at least 1.", Depth);
  end

  localparam int unsigned PieceW = 144;
  localparam int unsigned Pieces = (Width + PieceW - 1) / PieceW;

  logic [Pieces-1:0] in_ready, out_valid;
  assign in_ready_o  = in_ready[0];
  assign out_valid_o = out_valid[0];

  for (genvar p = 0; p < Pieces; p++) begin : gen_piece
    localparam int unsigned First = p * PieceW;
    localparam int unsigned ThisW = (Width - First < PieceW) ? Width - First : PieceW;

    logic [Depth-1:0] valid_copy_q, next_valid, move;
    logic [ThisW-1:0] data_q[Depth], next_data[Depth];

    assign in_ready[p]              = move[0];
    assign out_valid[p]             = valid_copy_q[Depth-1];
    assign out_data_o[First+:ThisW] = data_q[Depth-1];

    for (genvar i = 0; i < Depth; i++) begin : gen_place
      // A word moves on when some place in front of it is free.
      assign move[i] = !(&valid_copy_q[Depth-1:i]);

      if (i == 0) begin : gen_first
        assign next_valid[i] = in_valid_i;
        assign next_data[i]  = in_data_i[First+:ThisW];
      end else begin : gen_behind
        assign next_valid[i] = valid_copy_q[i-1];
        assign next_data[i]  = data_q[i-1];
      end

      always_ff @(posedge clk_i) begin
        if (!rst_ni) valid_copy_q[i] <= 1'b0;
        else if (move[i]) valid_copy_q[i] <= next_valid[i];
        else if (i == Depth - 1 && out_ready_i) valid_copy_q[i] <= 1'b0;
        // A place alone follows what is offered: its enable is a register.
        if (move[i] && (Depth == 1 || next_valid[i])) data_q[i] <= next_data[i];
      end
    end
  end

  logic unused_copies;
  assign unused_copies = ^{in_ready, out_valid};

`ifndef SYNTHESIS
  if (NeverFull) begin : gen_never_full
    always_ff @(posedge clk_i) begin
      if (rst_ni) begin
        assert (in_ready_o || !in_valid_i)
        else $error("stream_chain: %m must never be full, and a word comes while it holds all %0d.", Depth);
      end
    end
  end
`endif
endmodule
