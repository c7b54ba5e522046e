// SPDX-License-Identifier: Apache-2.0
/// First-word-fall-through FIFO of any depth.
///
/// Latency: 1 cycle from an accepted word to out_valid_o. Throughput: one word a cycle, also when full words
/// leave as fast as new ones arrive (Depth >= 2), or always (Depth = 1).
/// The memory is read asynchronously, so it becomes distributed RAM, not block RAM.
///
/// Protocol: valid/ready; out_valid_o and in_ready_o depend on registers only, except that with Depth = 1
/// in_ready_o also depends on out_ready_i (a pipeline register that would otherwise run at half speed).
///
/// Does not: cross clock domains, report its fill level.
///
/// Parameters
///   Width      word width, bits
///   Depth      words it holds, any number from 1
///   NeverFull  1: something outside bounds the words in it, and an assertion watches that none is ever refused
module stream_fifo #(
    parameter int unsigned Width     = 8,
    parameter int unsigned Depth     = 16,
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
    $error("stream_fifo: Width is %0d, it must be at least 1.", Width);
  end
  if (Depth < 1) begin : gen_bad_depth
    $error("stream_fifo: Depth is %0d, it must be at least 1.", Depth);
  end

  logic push, pop;
  assign push = in_valid_i && in_ready_o;
  assign pop  = out_valid_o && out_ready_i;

  if (Depth == 1) begin : gen_register
    logic             valid_q;
    logic [Width-1:0] data_q;

    assign in_ready_o  = !valid_q || out_ready_i;
    assign out_valid_o = valid_q;
    assign out_data_o  = data_q;

    always_ff @(posedge clk_i) begin
      if (!rst_ni) valid_q <= 1'b0;
      else if (push) valid_q <= 1'b1;
      else if (pop) valid_q <= 1'b0;
      if (push) data_q <= in_data_i;
    end
  end else begin : gen_memory
    localparam int unsigned PtrW   = $clog2(Depth);
    localparam int unsigned CountW = $clog2(Depth + 1);

    logic [Width-1:0] mem[Depth];
    logic [PtrW-1:0] wr_ptr_q, rd_ptr_q;
    logic [CountW-1:0] count_q;

    assign in_ready_o  = count_q != CountW'(Depth);
    assign out_valid_o = count_q != '0;
    assign out_data_o  = mem[rd_ptr_q];

    // An explicit wrap: Depth need not be a power of two.
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        wr_ptr_q <= '0;
        rd_ptr_q <= '0;
        count_q  <= '0;
      end else begin
        if (push) wr_ptr_q <= (wr_ptr_q == PtrW'(Depth - 1)) ? '0 : wr_ptr_q + 1'b1;
        if (pop) rd_ptr_q <= (rd_ptr_q == PtrW'(Depth - 1)) ? '0 : rd_ptr_q + 1'b1;
        if (push && !pop) count_q <= count_q + 1'b1;
        else if (pop && !push) count_q <= count_q - 1'b1;
      end
    end

    always_ff @(posedge clk_i) begin
      if (push) mem[wr_ptr_q] <= in_data_i;
    end
  end

`ifndef SYNTHESIS
  if (NeverFull) begin : gen_never_full
    always_ff @(posedge clk_i) begin
      if (rst_ni) begin
        assert (in_ready_o || !in_valid_i)
        else $error("stream_fifo: %m must never be full, and a word comes while it holds all %0d.", Depth);
      end
    end
  end
`endif
endmodule
