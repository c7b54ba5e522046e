// SPDX-License-Identifier: Apache-2.0
/// Max pooling of unsigned activations, stride = window = Size.
///
/// Formula: out[y][x][c] = max over dy, dx < Size of in[y*Size + dy][x*Size + dx][c].
///
/// Wide words are pooled in pieces (max_pool_piece) that share only the handshake outside: each knows by itself where
/// its word stands, so that no register of the control drives more than PieceW bits. Synthesis finds nothing to merge:
/// the state of a piece follows from that piece's own.
///
/// Latency: 1 cycle from the last word of a window to out_valid_o; with Apart a word is taken a cycle after it is
/// offered. Initiation interval: 1 input word a cycle, with Apart 2 cycles.
///
/// Protocol: valid/ready; input words in (row, column, channel word) order; out_* are registers. Input words
/// that complete no window are taken even while the output waits.
/// Does not: pad, overlap windows, or pool signed values.
///
/// Parameters
///   Height, Width  image size, pixels; both are multiples of Size
///   WordsPerPixel  channel words a pixel
///   Lanes          channels a word
///   ActW           channel width, bits, unsigned
///   Size           window and stride, pixels; 1 is a plain pipeline register
///   Apart          1: words come every other cycle at most; a register between comparison and memory
module max_pool #(
    parameter int unsigned Height        = 24,
    parameter int unsigned Width         = 24,
    parameter int unsigned WordsPerPixel = 1,
    parameter int unsigned Lanes         = 20,
    parameter int unsigned ActW          = 8,
    parameter int unsigned Size          = 2,
    parameter bit          Apart         = 1'b0
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  in_valid_i,
    output logic                  in_ready_o,
    input  logic [Lanes*ActW-1:0] in_data_i,
    output logic                  out_valid_o,
    input  logic                  out_ready_i,
    output logic [Lanes*ActW-1:0] out_data_o
);
  if (Size < 1) begin : gen_bad_size
    $error("max_pool: Size is %0d, it must be at least 1.", Size);
  end
  if (Height % Size != 0) begin : gen_bad_height
    $error("max_pool: Height %0d is not a multiple of Size %0d.", Height, Size);
  end
  if (Width % Size != 0) begin : gen_bad_width
    $error("max_pool: Width %0d is not a multiple of Size %0d.", Width, Size);
  end

  localparam int unsigned PieceW     = 160;  // bits of a piece, at most
  localparam int unsigned PieceLanes = (ActW < PieceW) ? PieceW / ActW : 1;  // of all but the last
  localparam int unsigned Pieces     = (Lanes + PieceLanes - 1) / PieceLanes;

  // All alike, the first stands for them.
  logic [Pieces-1:0] ready, valid;
  assign in_ready_o  = ready[0];
  assign out_valid_o = valid[0];

  for (genvar i = 0; i < Pieces; i++) begin : gen_piece
    localparam int unsigned First     = i * PieceLanes;
    localparam int unsigned ThisLanes = (Lanes - First < PieceLanes) ? Lanes - First : PieceLanes;

    max_pool_piece #(
        .Width        (Width),
        .WordsPerPixel(WordsPerPixel),
        .Lanes        (ThisLanes),
        .ActW         (ActW),
        .Size         (Size),
        .Apart        (Apart)
    ) u_piece (
        .clk_i,
        .rst_ni,
        .in_valid_i,
        .in_ready_o (ready[i]),
        .in_data_i  (in_data_i[First*ActW+:ThisLanes*ActW]),
        .out_valid_o(valid[i]),
        .out_ready_i,
        .out_data_o (out_data_o[First*ActW+:ThisLanes*ActW])
    );
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    assert (!rst_ni || ready == {Pieces{ready[0]}} && valid == {Pieces{valid[0]}})
    else $error("max_pool: the pieces are apart: ready %b, valid %b.", ready, valid);
  end
`endif
endmodule
