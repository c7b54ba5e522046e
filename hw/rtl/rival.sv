// SPDX-License-Identifier: Apache-2.0
/// Compares one logit of a vector with the best of the others: whether a margin perceptron has something to learn.
///
/// Formula: rival = index of the largest logit but the target's, the lowest on a tie;
///          lacks = logit[target] - logit[rival] < margin.
///
/// Latency: 2 cycles from the last logit to done_o. Initiation interval: Count cycles.
///
/// Protocol: a logit passes in every cycle with valid_i; target_i belongs to it. margin_i is read in the cycle of
/// done_o, in which lacks_o and rival_o hold.
/// Does not: hold up the stream that it watches.
///
/// Parameters
///   Count  logits of a vector, 2 to 255
///   DataW  logit width, bits, signed
module rival
  import accel_pkg::*;
  import learn_pkg::*;
#(
    parameter int unsigned Count = 62,
    parameter int unsigned DataW = 24
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic                    valid_i,
    input  logic signed [DataW-1:0] data_i,
    input  logic [ClassW-1:0]       target_i,
    output logic                    last_o,    // the logit in this cycle is the last one
    output logic                    done_o,
    input  logic [MarginW-1:0]      margin_i,
    output logic                    lacks_o,
    output logic [ClassW-1:0]       rival_o
);
  if (Count < 2 || Count > 32'(NoClass)) begin : gen_bad_count
    $error("rival: Count is %0d, allowed are 2 to 255.", Count);
  end

  // Wide enough for any difference of two logits and for any margin.
  localparam int unsigned DiffW = ((DataW > MarginW) ? DataW : MarginW) + 2;

  logic [ClassW-1:0] index_q;
  logic signed [DataW-1:0] target_q, rival_q;
  logic [ClassW-1:0] best_q;  // index of rival_q
  logic seen_q, last;  // another logit than the target's has passed
  logic ended_q;

  assign last   = index_q == ClassW'(Count - 1);
  assign last_o = last;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      index_q <= '0;
      seen_q  <= 1'b0;
      ended_q <= 1'b0;
      done_o  <= 1'b0;
    end else begin
      ended_q <= valid_i && last;
      done_o  <= ended_q;
      if (valid_i) begin
        index_q <= last ? '0 : index_q + 1'b1;
        seen_q  <= !last && (seen_q || index_q != target_i);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i && index_q == target_i) target_q <= data_i;
    if (valid_i && index_q != target_i && (!seen_q || data_i > rival_q)) begin
      rival_q <= data_i;
      best_q  <= index_q;
    end
  end

  // The next vector's logits may be on their way.
  logic signed [DiffW-1:0] difference_q;
  always_ff @(posedge clk_i) begin
    difference_q <= DiffW'(target_q) - DiffW'(rival_q);
    rival_o      <= best_q;
  end
  assign lacks_o = difference_q < DiffW'(signed'({1'b0, margin_i}));
endmodule
