// SPDX-License-Identifier: Apache-2.0
/// Serial receiver, 8N1: a byte for every start bit, eight data bits and a stop bit on the line.
///
/// Each bit is the majority of three samples around its middle, so that a spike of one cycle changes nothing. A start
/// bit that is not low in its middle is no byte. A stop bit that is low is error_o instead of a byte; then the line
/// must be high before the next one, so that a break is one error. A line that is low at reset is none: the samples are
/// reset to low, and nothing begins before the line was high.
///
/// Latency: 9.5 bits and 3 cycles from the first low cycle to valid_o. Initiation interval: 10 bits; the other
/// side's clock and the rounding of Divisor may be off by 3 % together.
///
/// Protocol: valid_o and error_o are pulses of one cycle; nobody can hold them up. rx_i is asynchronous.
/// Does not: measure the rate, check a parity.
///
/// Parameters
///   Divisor  clock cycles of a bit, at least 6; round(clock / baud)
module uart_rx #(
    parameter int unsigned Divisor = 16
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic       rx_i,
    output logic       valid_o,
    output logic       error_o,
    output logic [7:0] data_o
);
  if (Divisor < 6) begin : gen_bad_divisor
    $error("uart_rx: Divisor is %0d, it must be at least 6.", Divisor);
  end

  localparam int unsigned CountW = $clog2(Divisor);
  localparam int unsigned Last = Divisor / 2;  // cycle of a bit with the last of its three samples
  localparam int unsigned StopBit = 9;

  typedef enum logic [1:0] {
    Idle,     // the line is high
    Receive,  // start bit, data bits, stop bit
    Recover   // until the line is high again
  } state_e;

  state_e state_q;
  logic meta_q, line_q;
  logic [1:0] before_q;  // the line in the two cycles before
  logic [CountW-1:0] count_q;
  logic [3:0] bit_q;
  logic [7:0] data_q;
  logic vote, sampled;

  assign vote    = (line_q && before_q[0]) || (line_q && before_q[1]) || (before_q[0] && before_q[1]);
  assign sampled = state_q == Receive && count_q == CountW'(Last);
  assign data_o  = data_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      {line_q, meta_q} <= '0;
      before_q         <= '0;
    end else begin
      {line_q, meta_q} <= {meta_q, rx_i};
      before_q         <= {before_q[0], line_q};
    end
  end

  always_ff @(posedge clk_i) begin
    valid_o <= 1'b0;
    error_o <= 1'b0;
    if (!rst_ni) begin
      state_q <= Recover;
      count_q <= '0;
      bit_q   <= '0;
    end else begin
      unique case (state_q)
        Idle: begin
          count_q <= CountW'(2);  // vote is a cycle late
          bit_q   <= '0;
          if (!vote) state_q <= Receive;
        end
        Receive: begin
          count_q <= (count_q == CountW'(Divisor - 1)) ? '0 : count_q + 1'b1;
          if (sampled) begin
            bit_q <= bit_q + 1'b1;
            if (bit_q == '0 && vote) state_q <= Idle;
            if (bit_q == 4'(StopBit)) begin
              state_q <= vote ? Idle : Recover;
              valid_o <= vote;
              error_o <= !vote;
            end
          end
        end
        default: if (vote) state_q <= Idle;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (sampled && bit_q != 4'(StopBit)) data_q <= {vote, data_q[7:1]};
  end
endmodule
