// SPDX-License-Identifier: Apache-2.0
/// Finds requests in the received bytes, and gives on only those whose CRC-32 is right.
///
/// A frame begins where the line has been quiet or right behind a frame. Whatever else comes (a byte that is no marker,
/// a framing error, a length that is too large, a wrong CRC, a frame that stops half way, a byte while a request waits)
/// is damage: everything is dropped until the line has been quiet for GapCycles, and then damaged_o says so. So payload
/// bytes that look like a marker begin no frame, unless GapCycles of silence or of a break stand before them.
///
/// Latency: request_valid_o 1 cycle after the frame's last byte; payload 1 cycle after its address.
///
/// Protocol: a request and its payload stay until request_ready_i; damaged_o is a pulse.
/// Does not: know what requests mean, or whether one comes twice.
///
/// Parameters
///   Bytes      largest payload, bytes
///   GapCycles  silence that ends a frame that has begun, and damage, cycles from byte to byte; longer than a byte with
///              the pauses that the other side makes within a frame
module frame_receiver
  import serial_pkg::*;
#(
    parameter int unsigned Bytes     = RequestBytes,
    parameter int unsigned GapCycles = 1_000_000
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    // From uart_rx
    input  logic                     byte_valid_i,
    input  logic                     byte_error_i,
    input  logic [7:0]               byte_i,
    // Request
    output logic                     request_valid_o,
    input  logic                     request_ready_i,
    output request_t                 request_o,
    input  logic [$clog2(Bytes)-1:0] payload_address_i,
    output logic [7:0]               payload_o,
    output logic                     damaged_o
);
  if (GapCycles < 2) begin : gen_bad_gap
    $error("frame_receiver: GapCycles is %0d, it must be at least 2.", GapCycles);
  end

  localparam int unsigned AddressW = $clog2(Bytes);
  localparam int unsigned GapW = $clog2(GapCycles);
  localparam logic [31:0] Residue = 32'hDEBB_20E3;  // of a message with its own CRC behind it

  typedef enum logic [2:0] {
    Hunt,     // for a marker
    Header,   // sequence, kind, length
    Payload,
    Check,    // CRC
    Full,     // a request waits
    Skip      // damage: until the line is quiet
  } state_e;

  state_e state_q;
  request_t request_q;
  logic [15:0] count_q;  // bytes of this part of the frame that were received
  logic [31:0] crc_q, crc;
  logic [GapW-1:0] gap_q;
  logic overrun_q, something, quiet;
  logic [15:0] length;

  assign something = byte_valid_i || byte_error_i;
  assign quiet     = gap_q == GapW'(GapCycles - 1) && !something;
  assign crc       = crc_after(crc_q, byte_i);
  assign length    = {byte_i, request_q.length[7:0]};  // with the header's last byte

  assign request_valid_o = state_q == Full;
  assign request_o       = request_q;

  // ---- Payload: one block RAM -------------------------------------------------------------------------------
  logic [7:0] memory[Bytes];
  always_ff @(posedge clk_i) begin
    if (state_q == Payload && byte_valid_i) memory[count_q[AddressW-1:0]] <= byte_i;
    payload_o <= memory[payload_address_i];
  end

  // ---- Frame ------------------------------------------------------------------------------------------------
  always_ff @(posedge clk_i) begin
    damaged_o <= 1'b0;
    if (!rst_ni) begin
      state_q   <= Hunt;
      gap_q     <= '0;
      overrun_q <= 1'b0;
    end else begin
      if (something || state_q inside {Hunt, Full}) gap_q <= '0;
      else if (!quiet) gap_q <= gap_q + 1'b1;

      if (byte_valid_i && state_q inside {Header, Payload, Check}) count_q <= count_q + 1'b1;

      unique case (state_q)
        Hunt: begin
          count_q <= '0;
          if (something) state_q <= (byte_valid_i && byte_i == 8'(Marker)) ? Header : Skip;
        end
        Header:
        if (byte_valid_i && count_q == 16'(HeaderBytes - 1)) begin
          count_q <= '0;
          state_q <= (length > 16'(Bytes)) ? Skip : (length == '0) ? Check : Payload;
        end
        Payload:
        if (byte_valid_i && count_q == request_q.length - 1'b1) begin
          count_q <= '0;
          state_q <= Check;
        end
        Check: if (byte_valid_i && count_q == 16'(CrcBytes - 1)) state_q <= (crc == Residue) ? Full : Skip;
        Full: begin
          if (something) overrun_q <= 1'b1;
          if (request_ready_i) begin
            state_q   <= (overrun_q || something) ? Skip : Hunt;
            overrun_q <= 1'b0;
          end
        end
        default: begin
          damaged_o <= quiet;
          if (quiet) state_q <= Hunt;
        end
      endcase
      if (state_q inside {Header, Payload, Check}) begin
        if (byte_error_i) state_q <= Skip;
        if (quiet) begin
          state_q   <= Hunt;
          damaged_o <= 1'b1;
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (state_q == Hunt) crc_q <= '1;
    else if (byte_valid_i) crc_q <= crc;
    // The length's low byte comes first, so the header's order of bytes is not that of the struct's bits.
    if (state_q == Header && byte_valid_i) begin
      unique case (count_q[1:0])
        2'd0: request_q.sequence_number <= byte_i;
        2'd1: request_q.kind <= byte_i;
        2'd2: request_q.length[7:0] <= byte_i;
        default: request_q.length[15:8] <= byte_i;
      endcase
    end
  end
endmodule
