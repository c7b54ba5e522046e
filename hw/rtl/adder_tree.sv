// SPDX-License-Identifier: Apache-2.0
/// Exact sum of signed numbers in a binary adder tree with a register after every second level.
///
/// Two carry chains with their routing fit 10 ns on an ECP5; more in a stage do not.
///
/// Latency: Stages = ceil(ceil(log2(Inputs)) / 2) cycles; 0 (a wire) for one input.
/// Initiation interval: 1. A stage only loads when its token is valid: bit k of valid_i is high while the
/// operands of stage k (k = 0: in_i) are valid. The caller has this shift register anyway, for its control.
///
/// The sum is SumW = InW + ceil(log2(Inputs)) bits and never wraps.
///
/// Parameters
///   Inputs  operands
///   InW     operand width, bits, signed
module adder_tree #(
    parameter int unsigned  Inputs = 4,
    parameter int unsigned  InW    = 16,
    localparam int unsigned Levels = $clog2(Inputs),
    localparam int unsigned Stages = (Levels + 1) / 2,
    localparam int unsigned ValidW = (Stages > 0) ? Stages : 1,
    localparam int unsigned SumW   = InW + Levels
) (
    input  logic                   clk_i,
    input  logic        [ValidW-1:0] valid_i,
    input  logic signed [   InW-1:0] in_i   [Inputs],
    output logic signed [  SumW-1:0] sum_o
);
  if (Inputs == 1) begin : gen_wire
    assign sum_o = in_i[0];

    logic unused_ctrl;
    assign unused_ctrl = clk_i ^ valid_i[0];
  end else begin : gen_tree
    // Level l has ceil(Inputs / 2**l) nodes of SumW bits; the unused upper sign bits are trimmed by synthesis.
    for (genvar l = 0; l <= Levels; l++) begin : gen_level
      localparam int unsigned Nodes = (Inputs + 2 ** l - 1) / 2 ** l;
      logic signed [InW+l-1:0] node[Nodes];

      for (genvar n = 0; n < Nodes; n++) begin : gen_node
        if (l == 0) begin : gen_leaf
          assign node[n] = in_i[n];
        end else begin : gen_sum
          localparam int unsigned Below = (Inputs + 2 ** (l - 1) - 1) / 2 ** (l - 1);
          logic signed [InW+l-1:0] sum;

          if (2 * n + 1 < Below) begin : gen_pair
            assign sum = (InW + l)'(gen_level[l-1].node[2*n]) + (InW + l)'(gen_level[l-1].node[2*n+1]);
          end else begin : gen_single
            assign sum = (InW + l)'(gen_level[l-1].node[2*n]);
          end

          if (l % 2 == 0 || l == Levels) begin : gen_register
            always_ff @(posedge clk_i) begin
              if (valid_i[(l-1)/2]) node[n] <= sum;
            end
          end else begin : gen_comb
            assign node[n] = sum;
          end
        end
      end
    end

    assign sum_o = gen_level[Levels].node[0];
  end
endmodule
