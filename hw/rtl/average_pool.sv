// SPDX-License-Identifier: Apache-2.0
/// Average pooling of unsigned activations, stride = window = Size, on the activations' own scale.
///
/// Formula: out[y][x][c] = round_half_even(sum over dy, dx < Size of in[y*Size + dy][x*Size + dx][c] / Size**2).
///
/// Size is a power of two, so that the division is the shift of requantize, and the sum of a window takes
/// SumW = ActW + 2*log2(Size) bits: it never wraps, and an average never exceeds the largest input, so nothing
/// saturates. Ports, lanes and timing are those of max_pool without Apart. One row of partial sums is kept:
/// (Width/Size) * WordsPerPixel words of Lanes*SumW bits in distributed RAM. A word leaves as soon as the last word
/// of its window has come in; nothing waits for the end of a row or of an image, so images follow each other
/// without a gap.
///
/// Latency: 1 cycle from the last word of a window to out_valid_o. Initiation interval: 1 input word a cycle.
///
/// Protocol: valid/ready; input words in (row, column, channel word) order; out_valid_o is a register, and out_data_o
/// is divided behind one. Input words that complete no window are taken even while the output waits.
/// Does not: pad, overlap windows, pool signed values, or divide by anything but a power of two.
///
/// Parameters
///   Height, Width  image size, pixels; both are multiples of Size
///   WordsPerPixel  channel words a pixel
///   Lanes          channels a word
///   ActW           channel width, bits, unsigned
///   Size           window and stride, pixels, a power of two; 1 is a plain pipeline register
module average_pool #(
    parameter int unsigned Height        = 24,
    parameter int unsigned Width         = 24,
    parameter int unsigned WordsPerPixel = 1,
    parameter int unsigned Lanes         = 20,
    parameter int unsigned ActW          = 8,
    parameter int unsigned Size          = 2
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
  if (Size < 1 || (Size & (Size - 1)) != 0) begin : gen_bad_size
    $error("average_pool: Size is %0d, it must be a power of two.", Size);
  end
  if (Height % Size != 0) begin : gen_bad_height
    $error("average_pool: Height %0d is not a multiple of Size %0d.", Height, Size);
  end
  if (Width % Size != 0) begin : gen_bad_width
    $error("average_pool: Width %0d is not a multiple of Size %0d.", Width, Size);
  end

  logic take, complete;
  logic [Lanes-1:0][ActW-1:0] lane;

  assign in_ready_o = !complete || !out_valid_o || out_ready_i;
  assign take       = in_valid_i && in_ready_o;
  assign lane       = in_data_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_o <= 1'b0;
    else if (take && complete) out_valid_o <= 1'b1;
    else if (out_ready_i) out_valid_o <= 1'b0;
  end

  if (Size == 1) begin : gen_pass
    assign complete = 1'b1;
    always_ff @(posedge clk_i) begin
      if (take) out_data_o <= lane;
    end
  end else begin : gen_pool
    localparam int unsigned Shift = 2 * $clog2(Size);
    localparam int unsigned SumW  = ActW + Shift;
    localparam int unsigned Depth = (Width / Size) * WordsPerPixel;
    localparam int unsigned AddrW = (Depth > 1) ? $clog2(Depth) : 1;

    logic [Lanes-1:0][SumW-1:0] mem[Depth];
    logic [Lanes-1:0][SumW-1:0] partial_q, sum, sum_q;  // of the window so far; sum_q: of one that is complete
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

    for (genvar i = 0; i < Lanes; i++) begin : gen_lane
      assign sum[i] = partial_q[i] + SumW'(lane[i]);

      requantize #(
          .AccW (SumW + 1),
          .Shift(Shift),
          .OutW (ActW)
      ) u_requantize (
          .acc_i ($signed({1'b0, sum_q[i]})),
          .data_o(out_data_o[i*ActW+:ActW])
      );
    end

    // Fetched for the next word while this one is taken, so that no sum waits for the memory.
    always_ff @(posedge clk_i) begin
      if (!rst_ni) partial_q <= '0;
      else if (take) partial_q <= next_first ? '0 : next_same ? sum : mem[next_addr];
      if (take && !complete) mem[addr] <= sum;
      if (!out_valid_o || out_ready_i) sum_q <= sum;
    end

`ifndef SYNTHESIS
    always_ff @(posedge clk_i) begin
      if (rst_ni && take) begin
        for (int unsigned i = 0; i < Lanes; i++) begin
          assert (sum[i] >= partial_q[i]) else $error("average_pool: the sum of a window wraps.");
        end
      end
    end
`endif
  end
endmodule
