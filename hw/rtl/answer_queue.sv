// SPDX-License-Identifier: Apache-2.0
/// What becomes of an expert's, or the gate's, answers: each goes to a queue for the mux and, if its image's tag says
/// so, to a second consumer as well.
///
/// Latency: 1 cycle to the queue, none to the second consumer. Initiation interval: 1 cycle.
///
/// Protocol: valid/ready; tag_valid_i pushes the tag of each image, in order, before its answer. Bit 0 of a tag: the
/// second consumer gets the answer; bit 1: the mux does (else dropped_o says that the answer came). tag_o is that of
/// the oldest image without an answer. Answers and tags wait for nobody: there are at most InFlight answers, and one
/// tag more.
/// Does not: wait for the second consumer before the mux sees an answer; but the next answer does.
///
/// Parameters
///   TagW    bits of a tag, at least 2
///   Width   bits of an answer
///   QueueW  low bits of an answer that the mux wants
module answer_queue
  import accel_pkg::*;
  import learn_pkg::*;
#(
    parameter int unsigned TagW   = 2,
    parameter int unsigned Width  = 8,
    parameter int unsigned QueueW = Width
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    input  logic              tag_valid_i,
    input  logic [TagW-1:0]   tag_i,
    output logic [TagW-1:0]   tag_o,
    input  logic              answer_valid_i,
    output logic              answer_ready_o,
    input  logic [Width-1:0]  answer_i,
    output logic              out_valid_o,
    input  logic              out_ready_i,
    output logic [QueueW-1:0] out_data_o,
    output logic              second_valid_o,
    input  logic              second_ready_i,
    output logic [Width-1:0]  second_data_o,
    output logic              dropped_o
);
  logic tag_valid, fork_ready, queue_valid, unused_queue_ready, unused_tag_ready;

  stream_fifo #(
      .Width    (TagW),
      .Depth    (Announced),
      .NeverFull(1'b1)
  ) u_tags (
      .clk_i,
      .rst_ni,
      .in_valid_i (tag_valid_i),
      .in_ready_o (unused_tag_ready),
      .in_data_i  (tag_i),
      .out_valid_o(tag_valid),
      .out_ready_i(answer_valid_i && answer_ready_o),
      .out_data_o (tag_o)
  );

  assign answer_ready_o = fork_ready && tag_valid;
  assign dropped_o      = answer_valid_i && answer_ready_o && !tag_o[1];

  stream_fork #(
      .Width  (Width),
      .Outputs(2)
  ) u_fork (
      .clk_i,
      .rst_ni,
      .in_valid_i (answer_valid_i && tag_valid),
      .in_ready_o (fork_ready),
      .in_data_i  (answer_i),
      .in_select_i({tag_o[0], tag_o[1]}),
      .out_valid_o({second_valid_o, queue_valid}),
      .out_ready_i({second_ready_i, 1'b1}),  // the queue always has room
      .out_data_o (second_data_o)
  );

  stream_fifo #(
      .Width    (QueueW),
      .Depth    (InFlight),
      .NeverFull(1'b1)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .in_valid_i (queue_valid),
      .in_ready_o (unused_queue_ready),
      .in_data_i  (second_data_o[QueueW-1:0]),
      .out_valid_o,
      .out_ready_i,
      .out_data_o
  );

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!answer_valid_i || tag_valid) else $error("answer_queue: %m has an answer without an image.");
    end
  end
`endif
endmodule
