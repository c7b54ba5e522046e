// SPDX-License-Identifier: Apache-2.0
/// Serial transmitter, 8N1: a low start bit, eight data bits, the lowest first, and a high stop bit.
///
/// Latency: 1 cycle from an accepted byte to its start bit. Initiation interval: 10 bits, 10 * Divisor cycles.
///
/// Protocol: valid/ready. tx_o is a register, high between bytes and in reset.
/// Does not: know of flow control; the receiver must keep up.
///
/// Parameters
///   Divisor  clock cycles of a bit, at least 2
module uart_tx #(
    parameter int unsigned Divisor = 16
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic       valid_i,
    output logic       ready_o,
    input  logic [7:0] data_i,
    output logic       tx_o
);
  if (Divisor < 2) begin : gen_bad_divisor
    $error("uart_tx: Divisor is %0d, it must be at least 2.", Divisor);
  end

  localparam int unsigned CountW = $clog2(Divisor);
  logic [CountW-1:0] count_q;
  logic [3:0] left_q;  // bits that are not over
  logic [8:0] bits_q;  // those behind the one on the line
  logic bit_end;

  assign bit_end = count_q == CountW'(Divisor - 1);
  assign ready_o = left_q == '0 || (left_q == 4'd1 && bit_end);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q  <= '0;
      count_q <= '0;
      tx_o    <= 1'b1;
    end else if (valid_i && ready_o) begin
      left_q  <= 4'd10;
      count_q <= '0;
      tx_o    <= 1'b0;
    end else if (left_q != '0) begin
      count_q <= bit_end ? '0 : count_q + 1'b1;
      if (bit_end) begin
        left_q <= left_q - 1'b1;
        tx_o   <= left_q == 4'd1 || bits_q[0];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i && ready_o) bits_q <= {1'b1, data_i};
    else if (bit_end) bits_q <= {1'b1, bits_q[8:1]};
  end
endmodule
