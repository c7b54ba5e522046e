// SPDX-License-Identifier: Apache-2.0
/// Frames of the serial link (docs/serial.md); the driver reads the numbers from here (driver/serial_frame.py).
///
///   marker | sequence | kind | length, 2 bytes | payload | CRC-32, 4 bytes     least significant byte first
package serial_pkg;
  localparam int unsigned Marker       = 165;   // 8'hA5
  localparam int unsigned Magic        = 1297044241;  // 32'h4D4F_5311: "MOS", format 1, revision 1
  localparam int unsigned HeaderBytes  = 4;     // behind the marker
  localparam int unsigned CrcBytes     = 4;
  localparam int unsigned RequestBytes = 2048;  // largest payload of a request
  localparam int unsigned AnswerWords  = 256;   // most words of an answer
  localparam int unsigned StatusBytes  = 4;     // of an answer, before its words: status, results, room, 0

  // Requests. An answer has the kind of its request plus AnswerBit.
  localparam int unsigned KindHello   = 1;  // nonce -> HelloWords words: who is there
  localparam int unsigned KindWrite   = 2;  // address, words -> how many were written
  localparam int unsigned KindRead    = 3;  // addresses -> their values
  localparam int unsigned KindImage   = 4;  // label, pixels -> results that wait
  localparam int unsigned KindResults = 5;  // nothing -> results that wait
  localparam int unsigned AnswerBit   = 128;
  localparam int unsigned KindDamaged = 255;  // an answer to what was no frame

  // Status of an answer
  localparam int unsigned StatusDone = 0;
  localparam int unsigned StatusBus  = 1;  // a register access had an error response: the later ones were not made
  localparam int unsigned StatusBusy = 2;  // the image before has not been taken: this one was dropped
  localparam int unsigned StatusBad  = 3;  // no such request, length or label: nothing was done

  localparam int unsigned HelloWords = 7;

  typedef struct packed {
    logic [7:0]  sequence_number;
    logic [7:0]  kind;
    logic [15:0] length;
  } request_t;

  typedef struct packed {
    logic [7:0]  sequence_number;
    logic [7:0]  kind;
    logic [7:0]  status;
    logic [7:0]  results;  // that wait behind this answer
    logic        room;     // an image would be taken
    logic [15:0] words;
  } answer_t;

  /// CRC-32 of IEEE 802.3, reflected, without the final inversion: the register after one more byte.
  function automatic logic [31:0] crc_after(logic [31:0] crc, logic [7:0] data);
    logic [31:0] value;
    value = crc ^ 32'(data);
    for (int unsigned i = 0; i < 8; i++) begin
      value = (value >> 1) ^ (value[0] ? 32'hEDB8_8320 : 32'h0);
    end
    return value;
  endfunction
endpackage
