// SPDX-License-Identifier: Apache-2.0
/// Arg max of a vector that arrives one signed value a beat, with the two largest values.
///
/// After Count beats it gives the index of the largest value (the lowest index on a tie), that value, and the
/// second-largest value, which equals the largest on a tie. With Count = 1 there is no second value and the
/// most negative number stands for it.
///
/// Latency: 2 cycles from the last beat to out_valid_o. Initiation interval: Count cycles a vector, at least 3; no
/// bubble between vectors unless the previous result is still waiting when the last beat of the next one arrives.
///
/// Protocol: valid/ready; out_* are registers and held until out_ready_i; in_ready_o depends on registers only.
/// Does not: carry side-band data along.
///
/// Parameters
///   Count  values a vector
///   DataW  value width, bits, signed
module arg_max #(
    parameter int unsigned Count = 10,
    parameter int unsigned DataW = 16,
    localparam int unsigned IdxW = (Count > 1) ? $clog2(Count) : 1
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic                    in_valid_i,
    output logic                    in_ready_o,
    input  logic signed [DataW-1:0] in_data_i,
    output logic                    out_valid_o,
    input  logic                    out_ready_i,
    output logic        [ IdxW-1:0] out_index_o,
    output logic signed [DataW-1:0] out_max_o,
    output logic signed [DataW-1:0] out_second_o
);
  if (Count < 1) begin : gen_bad_count
    $error("arg_max: Count is %0d, it must be at least 1.", Count);
  end

  localparam logic signed [DataW-1:0] MostNegative = {1'b1, {(DataW - 1) {1'b0}}};

  logic [IdxW-1:0] beat_q, index_q, index_d;
  logic signed [DataW-1:0] max_q, max_d, second_q, second_d;
  logic first, last, take, done_q;  // done_q: what is at hand is the answer

  assign first      = beat_q == '0;
  assign last       = beat_q == IdxW'(Count - 1);
  assign in_ready_o = !last || !(out_valid_o || done_q);
  assign take       = in_valid_i && in_ready_o;

  always_comb begin
    index_d  = index_q;
    max_d    = max_q;
    second_d = second_q;
    if (first) begin
      index_d  = '0;
      max_d    = in_data_i;
      second_d = MostNegative;
    end else if (in_data_i > max_q) begin
      index_d  = beat_q;
      max_d    = in_data_i;
      second_d = max_q;
    end else if (in_data_i > second_q) begin
      second_d = in_data_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_q      <= '0;
      out_valid_o <= 1'b0;
      done_q      <= 1'b0;
    end else begin
      if (take) beat_q <= last ? '0 : beat_q + 1'b1;
      done_q <= take && last;
      if (done_q) out_valid_o <= 1'b1;
      else if (out_ready_i) out_valid_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      index_q  <= index_d;
      max_q    <= max_d;
      second_q <= second_d;
    end
    if (done_q) begin
      out_index_o  <= index_q;
      out_max_o    <= max_q;
      out_second_o <= second_q;
    end
  end
endmodule
