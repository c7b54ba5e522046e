// SPDX-License-Identifier: Apache-2.0
/// A piece of max_pool: neighbouring lanes, with the place in the image, the handshake and the memory of their own.
///
/// One row of partial maxima is kept: (Width/Size) * WordsPerPixel words in distributed RAM. A word leaves as
/// soon as the last word of its window has come in; nothing waits for the end of a row or of an image, so
/// images follow each other without a gap.
///
/// Formula, latency, initiation interval, protocol: see max_pool.
///
/// Parameters
///   Lanes       channels of a word that are in this piece
///   the others  see max_pool
module max_pool_piece #(
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
  logic take, offered, complete, compared;  // compared: maximum is that of the word at hand
  logic [Lanes-1:0][ActW-1:0] lane, maximum;

  assign in_ready_o = compared && (!complete || !out_valid_o || out_ready_i);
  assign take       = offered && in_ready_o;
  assign lane       = in_data_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_o <= 1'b0;
    else if (take && complete) out_valid_o <= 1'b1;
    else if (out_ready_i) out_valid_o <= 1'b0;
    if (!out_valid_o || out_ready_i) out_data_o <= maximum;
  end

  // ---- Maximum of the word and what is known of its window --------------------------------------------------
  logic [Lanes-1:0][ActW-1:0] partial, larger;  // partial: 0 at the window's first word
  always_comb begin
    larger = lane;
    for (int unsigned i = 0; i < Lanes; i++) begin
      if (partial[i] > lane[i]) larger[i] = partial[i];
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
    assign offered  = 1'b1;  // as it was in the cycle before: a word that is not taken stays
    assign maximum  = larger_q;
  end else begin : gen_at_once
    assign compared = 1'b1;
    assign offered  = in_valid_i;
    assign maximum  = larger;
  end

  // ---- Row of windows ---------------------------------------------------------------------------------------
  if (Size == 1) begin : gen_pass
    assign complete = 1'b1;
    assign partial  = '0;
  end else begin : gen_pool
    localparam int unsigned Depth = (Width / Size) * WordsPerPixel;
    localparam int unsigned AddrW = (Depth > 1) ? $clog2(Depth) : 1;

    logic [Lanes-1:0][ActW-1:0] mem[Depth];
    logic [Lanes-1:0][ActW-1:0] partial_q;
    logic [AddrW-1:0] addr, next_addr;
    logic next_first, next_same;
    assign partial = partial_q;

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

    // Fetched for the next word while this one is taken, so that no comparison waits for the memory.
    logic clear;  // of this piece alone, not a reset that comes from afar to every bit
    assign clear = !rst_ni || (take && next_first);

    always_ff @(posedge clk_i) begin
      if (clear) partial_q <= '0;
      else if (take) partial_q <= next_same ? maximum : mem[next_addr];
      if (take && !complete) mem[addr] <= maximum;
    end
  end
endmodule
