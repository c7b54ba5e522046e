// SPDX-License-Identifier: Apache-2.0
/// Max pooling of unsigned activations, stride = window = Size.
///
/// Formula: out[y][x][c] = max over dy, dx < Size of in[y*Size + dy][x*Size + dx][c].
///
/// One row of partial maxima is kept: (Width/Size) * WordsPerPixel words in distributed RAM. A word leaves as
/// soon as the last word of its window has come in; nothing waits for the end of a row or of an image, so
/// images follow each other without a gap.
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

  logic take, complete, compared;  // compared: maximum is that of the word at hand
  logic [Lanes-1:0][ActW-1:0] lane, maximum;

  assign in_ready_o = compared && (!complete || !out_valid_o || out_ready_i);
  assign take       = in_valid_i && in_ready_o;
  assign lane       = in_data_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_o <= 1'b0;
    else if (take && complete) out_valid_o <= 1'b1;
    else if (out_ready_i) out_valid_o <= 1'b0;
    if (!out_valid_o || out_ready_i) out_data_o <= maximum;
  end

  if (Size == 1) begin : gen_pass
    assign complete = 1'b1;
    assign compared = 1'b1;
    assign maximum  = lane;
  end else begin : gen_pool
    localparam int unsigned Depth = (Width / Size) * WordsPerPixel;
    localparam int unsigned AddrW = (Depth > 1) ? $clog2(Depth) : 1;

    logic [Lanes-1:0][ActW-1:0] mem[Depth];
    logic [Lanes-1:0][ActW-1:0] partial_q;  // maximum of the window so far, 0 at its first word
    logic [AddrW-1:0] addr, next_addr;
    logic next_first, next_same;

    pool_position #(
        .Width        (Width),
        .WordsPerPixel(WordsPerPixel),
        .Size         (Size)
    ) u_position (
        .clk_i,
        .rst_ni,
        .take_i      (take),
        .addr_o      (addr),
        .complete_o  (complete),
        .next_addr_o (next_addr),
        .next_first_o(next_first),
        .next_same_o (next_same)
    );

    logic [Lanes-1:0][ActW-1:0] larger;
    always_comb begin
      larger = lane;
      for (int unsigned i = 0; i < Lanes; i++) begin
        if (partial_q[i] > lane[i]) larger[i] = partial_q[i];
      end
    end

    if (Apart) begin : gen_apart
      logic compared_q;
      logic [Lanes-1:0][ActW-1:0] larger_q;
      always_ff @(posedge clk_i) begin
        compared_q <= rst_ni && in_valid_i && !take;
        larger_q   <= larger;
      end
      assign compared = compared_q;
      assign maximum  = larger_q;
    end else begin : gen_at_once
      assign compared = 1'b1;
      assign maximum  = larger;
    end

    // Fetched for the next word while this one is taken, so that no comparison waits for the memory.
    always_ff @(posedge clk_i) begin
      if (!rst_ni) partial_q <= '0;
      else if (take) partial_q <= next_first ? '0 : next_same ? maximum : mem[next_addr];
      if (take && !complete) mem[addr] <= maximum;
    end
  end
endmodule
