// SPDX-License-Identifier: Apache-2.0
/// Eager fork of a stream to several consumers, with a select mask on every beat.
///
/// A beat goes to each output whose bit in in_select_i is set, as soon as that output is ready, and completes
/// (in_ready_o) when all of them have taken it. An all-zero mask drops the beat.
///
/// Latency: combinational. Initiation interval: one beat a cycle when the selected outputs are ready.
///
/// Protocol: valid/ready; in_data_i and in_select_i are held until in_ready_o. An output that took the beat
/// sees out_valid_o low until the next one, so that no consumer takes a beat twice. out_data_o is shared.
/// Does not: buffer; put a stream_fifo behind an output that may lag.
///
/// Parameters
///   Width    word width, bits
///   Outputs  number of consumers
module stream_fork #(
    parameter int unsigned Width   = 8,
    parameter int unsigned Outputs = 2
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    input  logic               in_valid_i,
    output logic               in_ready_o,
    input  logic [  Width-1:0] in_data_i,
    input  logic [Outputs-1:0] in_select_i,
    output logic [Outputs-1:0] out_valid_o,
    input  logic [Outputs-1:0] out_ready_i,
    output logic [  Width-1:0] out_data_o
);
  if (Outputs < 1) begin : gen_bad_outputs
    $error("stream_fork: Outputs is %0d, it must be at least 1.", Outputs);
  end

  logic [Outputs-1:0] done_q;  // outputs that already took the beat in progress

  assign out_data_o  = in_data_i;
  assign out_valid_o = {Outputs{in_valid_i}} & in_select_i & ~done_q;
  assign in_ready_o  = &(~in_select_i | done_q | out_ready_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) done_q <= '0;
    else if (in_valid_i) done_q <= in_ready_o ? '0 : done_q | (out_valid_o & out_ready_i);
  end

`ifndef SYNTHESIS
  // A beat that some outputs already have must not change or vanish before the others have it.
  logic             partial_q;
  logic [Width-1:0] data_q;
  always_ff @(posedge clk_i) begin
    partial_q <= rst_ni && in_valid_i && !in_ready_o;
    data_q    <= in_data_i;
    if (rst_ni && partial_q) begin
      assert (in_valid_i && in_data_i == data_q && (done_q & ~in_select_i) == '0)
      else $error("stream_fork: the input beat changed before every selected output took it.");
    end
  end
`endif
endmodule
