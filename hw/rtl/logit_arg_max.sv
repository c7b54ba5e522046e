// SPDX-License-Identifier: Apache-2.0
/// Class of a vector of logits that come Lanes a word: they pass one by one to arg_max.
///
/// Latency: 3 cycles from the last logit. Initiation interval: Count cycles, Count + Count/Lanes where words are wide.
///
/// Protocol: valid/ready; one class an image out, with the two largest logits.
/// Does not: say that nobody answered; accel_pkg::NoClass is no index of a logit, and that is checked here.
///
/// Parameters
///   Count  logits, at most 255
///   Lanes  logits a word; divides Count
///   LogitW logit width, bits, signed
module logit_arg_max
  import accel_pkg::*;
#(
    parameter int unsigned Count  = 62,
    parameter int unsigned Lanes  = 1,
    parameter int unsigned LogitW = 24
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     in_valid_i,
    output logic                     in_ready_o,
    input  logic [Lanes*LogitW-1:0]  in_data_i,
    output logic                     out_valid_o,
    input  logic                     out_ready_i,
    output logic [ClassW-1:0]        out_class_o,
    output logic signed [LogitW-1:0] out_max_o,
    output logic signed [LogitW-1:0] out_second_o
);
  if (Count < 2 || Count > 32'(NoClass)) begin : gen_bad_count
    $error("logit_arg_max: Count is %0d, allowed are 2 to 255 (255 in a result says that nobody answered).", Count);
  end

  localparam int unsigned WideW = 64;  // bits of a wide word, as in mvu

  logic lane_valid, lane_ready, logit_valid, logit_ready;
  logic [LogitW-1:0] lane, logit;
  logic [$clog2(Count)-1:0] index;

  stream_width #(
      .LaneW   (LogitW),
      .InLanes (Lanes),
      .OutLanes(1),
      .Apart   (Lanes * LogitW >= WideW)
  ) u_width (
      .clk_i,
      .rst_ni,
      .in_valid_i,
      .in_ready_o,
      .in_data_i,
      .out_valid_o(lane_valid),
      .out_ready_i(lane_ready),
      .out_data_o (lane)
  );

  // The comparisons start at a register.
  stream_skid #(
      .Width(LogitW)
  ) u_skid (
      .clk_i,
      .rst_ni,
      .in_valid_i (lane_valid),
      .in_ready_o (lane_ready),
      .in_data_i  (lane),
      .out_valid_o(logit_valid),
      .out_ready_i(logit_ready),
      .out_data_o (logit)
  );

  arg_max #(
      .Count(Count),
      .DataW(LogitW)
  ) u_arg_max (
      .clk_i,
      .rst_ni,
      .in_valid_i  (logit_valid),
      .in_ready_o  (logit_ready),
      .in_data_i   (signed'(logit)),
      .out_valid_o,
      .out_ready_i,
      .out_index_o (index),
      .out_max_o,
      .out_second_o
  );

  assign out_class_o = ClassW'(index);
endmodule
