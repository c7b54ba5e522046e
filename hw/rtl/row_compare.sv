// SPDX-License-Identifier: Apache-2.0
/// Compares two rows of a layer's weights, input by input: in which direction a unit before the layer should go so that
/// one output rises against another.
///
/// Formula: greater[i] = weight[first][i] > weight[second][i]; less[i] likewise. Memory layout: as in mvu.
///
/// Latency: from start_i to done_o 2 * InWords + 5 cycles.
///
/// Protocol: start_i is a pulse; the rows stay as they are until done_o, greater_o and less_o until the next start_i.
/// Nobody else reads the memory meanwhile; rd_data_i follows rd_en_o by 3 cycles.
/// Does not: multiply; of the difference only the sign matters.
///
/// Parameters
///   InWords, OutWords, Pe, Simd, WgtW  of the layer, see mvu
module row_compare
  import accel_pkg::*;
#(
    parameter int unsigned  InWords  = 12,
    parameter int unsigned  OutWords = 2,
    parameter int unsigned  Pe       = 1,
    parameter int unsigned  Simd     = 1,
    parameter int unsigned  WgtW     = 8,
    localparam int unsigned Depth    = InWords * OutWords,
    localparam int unsigned AddrW    = (Depth > 1) ? $clog2(Depth) : 1,
    localparam int unsigned Inputs   = InWords * Simd
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic                    start_i,
    input  logic [ClassW-1:0]       first_i,
    input  logic [ClassW-1:0]       second_i,
    output logic                    done_o,
    output logic [Inputs-1:0]       greater_o,
    output logic [Inputs-1:0]       less_o,
    output logic                    rd_en_o,
    output logic [AddrW-1:0]        rd_addr_o,
    input  logic [Pe*Simd*WgtW-1:0] rd_data_i
);
  localparam int unsigned WordW = (InWords > 1) ? $clog2(InWords) : 1;

  logic busy_q, turn_q, last_word;  // turn: 0 reads the first row's word, 1 the second's
  logic [WordW-1:0] word_q;
  logic [AddrW-1:0] base_q;

  // Row r is lane r % Pe of fold r / Pe.
  logic [ClassW-1:0] row;
  logic [AddrW-1:0] fold;
  assign row = turn_q ? second_i : first_i;
  always_comb begin
    fold = '0;
    for (int unsigned f = 0; f < OutWords; f++) begin
      if (32'(row) >= f * Pe) fold = AddrW'(f);
    end
  end

  assign last_word = word_q == WordW'(InWords - 1);
  assign rd_en_o   = busy_q;
  assign rd_addr_o = base_q + fold;

  // ---- What travels with a word that is read ----------------------------------------------------------------
  localparam int unsigned Way = 4;  // cycles until the row's weights are in weights_q
  typedef struct packed {
    logic          turn;
    logic          last;
    logic [Pe-1:0] lane;
  } step_t;

  step_t step, step_q[Way];
  logic [Way-1:0] read_q;

  assign step.turn = turn_q;
  assign step.last = last_word;
  for (genvar p = 0; p < Pe; p++) begin : gen_lane
    assign step.lane[p] = 32'(row) == 32'(fold) * Pe + p;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
      read_q <= '0;
      done_o <= 1'b0;
    end else begin
      if (start_i) busy_q <= 1'b1;
      else if (turn_q && last_word) busy_q <= 1'b0;
      read_q <= {read_q[Way-2:0], busy_q};
      done_o <= read_q[Way-1] && step_q[Way-1].turn && step_q[Way-1].last;
    end
    if (start_i) begin
      word_q <= '0;
      base_q <= '0;
      turn_q <= 1'b0;
    end else if (busy_q) begin
      turn_q <= !turn_q;
      if (turn_q) begin
        word_q <= word_q + 1'b1;
        base_q <= base_q + AddrW'(OutWords);
      end
    end
    step_q[0] <= step;
    for (int unsigned k = 1; k < Way; k++) step_q[k] <= step_q[k-1];
  end

  // The row's weights in the word that was read, and those of the first row when it is the second's turn.
  logic [Simd-1:0][WgtW-1:0] weights, weights_q, first_q;
  logic [Simd-1:0] greater, less;
  always_comb begin
    weights = '0;
    for (int unsigned p = 0; p < Pe; p++) begin
      if (step_q[Way-2].lane[p]) weights = weights | rd_data_i[p*Simd*WgtW+:Simd*WgtW];
    end
    for (int unsigned s = 0; s < Simd; s++) begin
      greater[s] = signed'(first_q[s]) > signed'(weights_q[s]);
      less[s]    = signed'(first_q[s]) < signed'(weights_q[s]);
    end
  end

  always_ff @(posedge clk_i) begin
    weights_q <= weights;
    first_q   <= weights_q;
    if (read_q[Way-1] && step_q[Way-1].turn) begin
      greater_o <= (greater_o >> Simd) | (Inputs'(greater) << (Inputs - Simd));
      less_o    <= (less_o >> Simd) | (Inputs'(less) << (Inputs - Simd));
    end
  end
endmodule
