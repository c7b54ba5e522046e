// SPDX-License-Identifier: Apache-2.0
/// Joins two streams into one: FirstWords words of the first, then SecondWords of the second, and so on.
///
/// Latency: combinational. Initiation interval: one word a cycle.
///
/// Protocol: valid/ready on all sides; each input sees ready only while it is its turn.
/// Does not: buffer.
///
/// Parameters
///   Width        word width, bits
///   FirstWords   words taken from the first input, at least 1
///   SecondWords  words taken from the second input, at least 1
module stream_append #(
    parameter int unsigned Width       = 8,
    parameter int unsigned FirstWords  = 4,
    parameter int unsigned SecondWords = 1
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             first_valid_i,
    output logic             first_ready_o,
    input  logic [Width-1:0] first_data_i,
    input  logic             second_valid_i,
    output logic             second_ready_o,
    input  logic [Width-1:0] second_data_i,
    output logic             out_valid_o,
    input  logic             out_ready_i,
    output logic [Width-1:0] out_data_o
);
  localparam int unsigned Total  = FirstWords + SecondWords;
  localparam int unsigned CountW = $clog2(Total);

  logic [CountW-1:0] count_q;
  logic second_q;  // count_q >= FirstWords; on both sides many wait for it
  assign out_valid_o    = second_q ? second_valid_i : first_valid_i;
  assign out_data_o     = second_q ? second_data_i : first_data_i;
  assign first_ready_o  = !second_q && out_ready_i;
  assign second_ready_o = second_q && out_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q  <= '0;
      second_q <= 1'b0;
    end else if (out_valid_o && out_ready_i) begin
      count_q <= (count_q == CountW'(Total - 1)) ? '0 : count_q + 1'b1;
      if (count_q == CountW'(Total - 1)) second_q <= 1'b0;
      else if (count_q == CountW'(FirstWords - 1)) second_q <= 1'b1;
    end
  end
endmodule
