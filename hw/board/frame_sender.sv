// SPDX-License-Identifier: Apache-2.0
/// Sends an answer: marker, header, status, the words of the answer's memory, CRC-32.
///
/// Latency: 1 cycle from start_i to the first byte and from a byte taken to the next one, 3 to a word's first byte, 2
/// to the CRC's: less than a byte's time.
///
/// Protocol: answer_i and the memory stay as they are from start_i to done_o. word_address_o's word comes 2 cycles
/// after its address.
/// Does not: keep an answer; who wants it again starts it again.
module frame_sender
  import serial_pkg::*;
(
    input  logic                           clk_i,
    input  logic                           rst_ni,
    input  logic                           start_i,
    input  answer_t                        answer_i,
    output logic [$clog2(AnswerWords)-1:0] word_address_o,
    input  logic [31:0]                    word_i,
    output logic                           done_o,
    // To uart_tx
    output logic                           byte_valid_o,
    input  logic                           byte_ready_i,
    output logic [7:0]                     byte_o
);
  typedef enum logic [2:0] {
    Idle,
    Head,    // marker, header and status
    Wait,    // for the memory
    Arrive,  // for the register behind it
    Words,
    Settle,  // the CRC gets its last byte
    Check    // CRC
  } state_e;

  localparam int unsigned HeadBytes = 1 + HeaderBytes + StatusBytes;

  state_e state_q;
  logic [3:0] byte_q;  // of this part
  logic [15:0] word_q;
  logic [31:0] crc_q;
  logic [15:0] length;
  logic taken;

  assign length         = 16'(StatusBytes) + {answer_i.words[13:0], 2'b00};
  assign byte_valid_o   = state_q inside {Head, Words, Check};
  assign taken          = byte_valid_o && byte_ready_i;
  assign word_address_o = word_q[$clog2(AnswerWords)-1:0];

  always_comb begin
    unique case (state_q)
      Words:   byte_o = word_i[8*byte_q[1:0]+:8];
      Check:   byte_o = ~crc_q[8*byte_q[1:0]+:8];
      default: begin
        unique case (byte_q)
          4'd0:    byte_o = 8'(Marker);
          4'd1:    byte_o = answer_i.sequence_number;
          4'd2:    byte_o = answer_i.kind;
          4'd3:    byte_o = length[7:0];
          4'd4:    byte_o = length[15:8];
          4'd5:    byte_o = answer_i.status;
          4'd6:    byte_o = answer_i.results;
          4'd7:    byte_o = 8'(answer_i.room);
          default: byte_o = '0;
        endcase
      end
    endcase
  end

  always_ff @(posedge clk_i) begin
    done_o <= 1'b0;
    if (!rst_ni) begin
      state_q <= Idle;
    end else begin
      if (taken) byte_q <= byte_q + 1'b1;
      unique case (state_q)
        Idle: begin
          byte_q <= '0;
          word_q <= '0;
          if (start_i) state_q <= Head;
        end
        Head:
        if (taken && byte_q == 4'(HeadBytes - 1)) begin
          byte_q  <= '0;
          state_q <= (answer_i.words == '0) ? Settle : Wait;
        end
        Wait: state_q <= Arrive;
        Arrive: state_q <= Words;
        Settle: state_q <= Check;
        Words:
        if (taken && byte_q == 4'd3) begin
          byte_q  <= '0;
          word_q  <= word_q + 1'b1;
          state_q <= (word_q == answer_i.words - 1'b1) ? Settle : Wait;
        end
        default:
        if (taken && byte_q == 4'd3) begin
          done_o  <= 1'b1;
          state_q <= Idle;
        end
      endcase
    end
  end

  // A byte counts in the cycle after it left, so that the CRC does not wait for which one it is.
  logic counts_q;
  logic [7:0] sent_q;

  always_ff @(posedge clk_i) begin
    counts_q <= taken && (state_q == Words || (state_q == Head && byte_q != '0));
    sent_q   <= byte_o;
    if (state_q == Idle) crc_q <= '1;
    else if (counts_q) crc_q <= crc_after(crc_q, sent_q);
  end
endmodule
