// SPDX-License-Identifier: Apache-2.0
/// TLAST on both sides of the device: where an image ends, and where a packet of results ends.
///
/// Pixels: the master's own TLAST, or, by_length_i, every Beats-th pixel. Results: every results_i-th one, counted from
/// restart_i; 0 counts as 1.
///
/// Latency: combinational. Protocol: *_taken_i is a transfer on that side.
/// Does not: check a length; image_ingress does.
///
/// Parameters
///   Beats   pixels of an image
///   CountW  width of results_i, bits
module stream_framing #(
    parameter int unsigned Beats  = 784,
    parameter int unsigned CountW = 32
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    // Pixels
    input  logic              by_length_i,
    input  logic              pixel_taken_i,
    input  logic              pixel_last_i,
    output logic              pixel_last_o,
    // Results
    input  logic [CountW-1:0] results_i,
    input  logic              restart_i,
    input  logic              result_taken_i,
    output logic              result_last_o
);
  localparam int unsigned BeatW = (Beats > 1) ? $clog2(Beats) : 1;
  logic [BeatW-1:0] beat_q;
  logic [CountW-1:0] result_q;
  logic image_end;

  assign image_end     = beat_q == BeatW'(Beats - 1);
  assign pixel_last_o  = by_length_i ? image_end : pixel_last_i;
  assign result_last_o = result_q + 1'b1 >= results_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || !by_length_i) beat_q <= '0;
    else if (pixel_taken_i) beat_q <= image_end ? '0 : beat_q + 1'b1;
    if (!rst_ni || restart_i) result_q <= '0;
    else if (result_taken_i) result_q <= result_last_o ? '0 : result_q + 1'b1;
  end
endmodule
