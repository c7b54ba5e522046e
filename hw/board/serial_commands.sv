// SPDX-License-Identifier: Apache-2.0
/// Does what requests ask for, and composes their answers (docs/serial.md).
///
/// A request is looked at only when its CRC was right, and done once: one with the sequence number of the request
/// before it gets that one's answer again, which stays in the answer's memory. Only KindHello is done anew every time,
/// so that a host that begins does not need to know the last number.
///
/// Latency: 2 cycles; a read 7, a write 9 (the first one 15), and those of the registers; a pixel 2; a result 2. The
/// link is slower.
///
/// Protocol: one request at a time; request_ready_o with the last byte of its answer.
/// Does not: wait for room: an image that finds none is answered with StatusBusy and dropped. Cut a label: one that has
/// more than LabelW bits is no request.
///
/// Parameters
///   ImageBytes    largest image, pixels
///   ResultsDepth  results that can wait, for KindHello
///   LabelW        width of a label, bits, at most 16
module serial_commands
  import axil_pkg::*;
  import serial_pkg::*;
#(
    parameter int unsigned ImageBytes   = 1024,
    parameter int unsigned ResultsDepth = 16,
    parameter int unsigned LabelW       = 11
) (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    // Request
    input  logic                            request_valid_i,
    output logic                            request_ready_o,
    input  request_t                        request_i,
    output logic [$clog2(RequestBytes)-1:0] payload_address_o,
    input  logic [7:0]                      payload_i,
    input  logic                            damaged_i,
    // Registers
    output logic                            access_start_o,
    output logic                            access_write_o,
    output logic [AddrW-1:0]                access_address_o,
    output logic [DataW-1:0]                access_data_o,
    input  logic                            access_done_i,
    input  logic                            access_error_i,
    input  logic [DataW-1:0]                access_data_i,
    // Image
    output logic                            pixel_write_o,
    output logic [7:0]                      pixel_o,
    output logic                            image_commit_o,
    output logic [LabelW-1:0]               label_o,
    input  logic                            image_busy_i,
    // Results
    input  logic                            result_valid_i,
    output logic                            result_ready_o,
    input  logic [31:0]                     result_i,
    input  logic [7:0]                      results_i,
    // Answer
    output logic                            send_start_o,
    output answer_t                         answer_o,
    input  logic [$clog2(AnswerWords)-1:0]  word_address_i,
    output logic [31:0]                     word_o,
    input  logic                            send_done_i
);
  localparam int unsigned PayloadW = $clog2(RequestBytes);
  localparam int unsigned WordW = $clog2(AnswerWords);

  typedef enum logic [3:0] {
    Idle,
    Decode,   // is the request one that there is
    Fetch,    // bytes of the payload into word_q
    Fetched,
    Access,   // a register access is under way
    Copy,     // pixels
    Collect,  // results
    Hello,
    Last,     // the word that says how much was written
    Send,
    Sending
  } state_e;

  state_e state_q;
  logic known_q, damaged_q, nack_q;  // there was a request; damage to tell; the answer is about damage
  logic [7:0] sequence_q, status_q, kind_q, results_q;
  logic room_q;
  logic [15:0] position_q;  // bytes of the payload that were asked for
  logic [2:0] left_q;  // bytes that are to be asked for
  logic asked_q, arriving_q;  // payload_i, and a cycle later payload_q, is what was asked for
  logic [7:0] payload_q;
  logic [31:0] word_q, nonce_q;
  logic [15:0] address_q;
  logic [LabelW-1:0] label_q;
  logic addressed_q;  // a write's address, or an image's label, is there
  logic [15:0] words_q;  // of the answer
  logic [31:0] written_q, damages_q, repeats_q;
  logic repeated, well_formed, image_start, over;

  // ---- What there is ----------------------------------------------------------------------------------------
  assign repeated = known_q && request_i.sequence_number == sequence_q && request_i.kind != 8'(KindHello);
  assign over     = position_q == request_i.length;

  always_comb begin
    unique case (request_i.kind)
      8'(KindHello):   well_formed = request_i.length == 16'd4;
      8'(KindWrite):   well_formed = request_i.length >= 16'd6 && request_i.length[1:0] == 2'd2;
      8'(KindRead):
      well_formed = request_i.length != '0 && !request_i.length[0] && request_i.length <= 16'(2 * AnswerWords);
      8'(KindImage):   well_formed = request_i.length > 16'd2 && request_i.length <= 16'(2 + ImageBytes);
      8'(KindResults): well_formed = request_i.length == '0;
      default:         well_formed = 1'b0;
    endcase
  end

  // ---- Payload ----------------------------------------------------------------------------------------------
  assign payload_address_o = position_q[PayloadW-1:0];
  assign pixel_o           = payload_q;
  assign pixel_write_o     = state_q == Copy && arriving_q;
  assign image_commit_o    = state_q == Copy && over && !asked_q && !arriving_q;
  assign label_o           = label_q;
  assign image_start       = kind_q == 8'(KindImage);

  // ---- Register accesses ------------------------------------------------------------------------------------
  // The upper bits of an address that no register has must not be lost: it would be another register's.
  logic [15:0] wanted;
  logic far, ready_to_access, write_q, start_q;
  assign wanted           = write_q ? address_q : word_q[31:16];
  assign far              = wanted[15:AddrW] != '0;
  assign ready_to_access  = state_q == Fetched && !image_start && kind_q != 8'(KindHello) &&
                            (addressed_q || !write_q);
  assign access_start_o   = start_q;  // what it starts is held while the access is under way
  assign access_write_o   = write_q;
  assign access_address_o = wanted[AddrW-1:0];
  assign access_data_o    = word_q;

  // ---- Answer's memory --------------------------------------------------------------------------------------
  logic store;
  logic [31:0] stored;
  (* no_rw_check *) logic [31:0] memory[AnswerWords];
  logic [31:0] memory_q;

  always_comb begin
    unique case (words_q[2:0])
      3'd0:    stored = nonce_q;
      3'd1:    stored = 32'(Magic);
      3'd2:    stored = 32'(RequestBytes);
      3'd3:    stored = 32'(ImageBytes);
      3'd4:    stored = 32'(ResultsDepth);
      3'd5:    stored = damages_q;
      default: stored = repeats_q;
    endcase
    if (state_q == Access) stored = access_data_i;
    if (state_q == Collect) stored = result_i;
    if (state_q == Last) stored = written_q;
  end

  assign result_ready_o = state_q == Collect && words_q != 16'(AnswerWords);
  assign store          = (state_q == Access && access_done_i && !access_error_i && !write_q) ||
                          (result_ready_o && result_valid_i) || state_q inside {Hello, Last};

  // Registers on both sides of the memories, which are far from what they are filled from.
  logic store_q;
  logic [WordW-1:0] store_address_q;
  logic [31:0] stored_q;
  always_ff @(posedge clk_i) begin
    payload_q       <= payload_i;
    store_q         <= rst_ni && store;
    store_address_q <= words_q[WordW-1:0];
    stored_q        <= stored;
    if (store_q) memory[store_address_q] <= stored_q;
    memory_q <= memory[word_address_i];
    word_o   <= memory_q;
  end

  assign send_start_o    = state_q == Send;
  assign request_ready_o = state_q == Sending && send_done_i && !nack_q;

  always_comb begin
    answer_o = '{
        sequence_number: sequence_q,
        kind: kind_q + 8'(AnswerBit),
        status: status_q,
        results: results_q,
        room: room_q,
        words: words_q
    };
    if (nack_q) answer_o = '{kind: 8'(KindDamaged), default: '0};
  end

  // ---- One request ------------------------------------------------------------------------------------------
  always_ff @(posedge clk_i) begin
    if (damaged_i) begin
      damaged_q <= 1'b1;
      damages_q <= damages_q + 1'b1;
    end
    asked_q    <= (state_q == Fetch && left_q != '0) || (state_q == Copy && !over);
    arriving_q <= asked_q;
    start_q    <= ready_to_access && !far;
    if (arriving_q) word_q <= {payload_q, word_q[31:8]};

    unique case (state_q)
      Idle: begin
        nack_q <= 1'b0;
        if (damaged_q) begin
          nack_q    <= 1'b1;
          damaged_q <= damaged_i;
          state_q   <= Send;
        end else if (request_valid_i) begin
          if (repeated) begin
            repeats_q <= repeats_q + 1'b1;
            state_q   <= Send;
          end else state_q <= Decode;
        end
      end

      Decode: begin
        known_q     <= 1'b1;
        sequence_q  <= request_i.sequence_number;
        kind_q      <= request_i.kind;
        write_q     <= request_i.kind == 8'(KindWrite);
        status_q    <= 8'(StatusDone);
        words_q     <= '0;
        written_q   <= '0;
        position_q  <= '0;
        addressed_q <= 1'b0;
        left_q      <= (request_i.kind == 8'(KindHello)) ? 3'd4 : 3'd2;
        state_q     <= Fetch;
        if (request_i.kind == 8'(KindResults)) state_q <= Collect;
        if (request_i.kind == 8'(KindImage) && image_busy_i) begin
          status_q <= 8'(StatusBusy);
          state_q  <= Collect;
        end
        if (!well_formed) begin
          status_q <= 8'(StatusBad);
          state_q  <= Send;
        end
      end

      Fetch: begin
        if (left_q != '0) begin
          left_q     <= left_q - 1'b1;
          position_q <= position_q + 1'b1;
        end else if (!asked_q && !arriving_q) state_q <= Fetched;
      end

      Fetched: begin
        addressed_q <= 1'b1;
        if (kind_q == 8'(KindHello)) begin
          nonce_q <= word_q;
          state_q <= Hello;
        end else if (image_start) begin
          label_q <= word_q[16+:LabelW];
          state_q <= Copy;
          if ((word_q[31:16] >> LabelW) != '0) begin
            status_q <= 8'(StatusBad);
            state_q  <= Send;
          end
        end else if (!ready_to_access) begin
          address_q <= word_q[31:16];
          left_q    <= 3'd4;
          state_q   <= Fetch;
        end else if (far) begin
          status_q <= 8'(StatusBus);
          state_q  <= write_q ? Last : Send;
        end else state_q <= Access;
      end

      Access:
      if (access_done_i) begin
        left_q  <= write_q ? 3'd4 : 3'd2;
        state_q <= Fetch;
        if (!access_error_i) begin
          if (write_q) written_q <= written_q + 1'b1;
          else words_q <= words_q + 1'b1;
        end else status_q <= 8'(StatusBus);
        if (access_error_i || over) state_q <= write_q ? Last : Send;
      end

      Copy:
      if (!over) position_q <= position_q + 1'b1;
      else if (!asked_q && !arriving_q) state_q <= Collect;

      Collect: begin
        if (result_ready_o && result_valid_i) words_q <= words_q + 1'b1;
        else state_q <= Send;
      end

      Hello: begin
        words_q <= words_q + 1'b1;
        if (words_q == 16'(HelloWords - 1)) state_q <= Send;
      end

      Last: begin
        words_q <= 16'd1;
        state_q <= Send;
      end

      Send: state_q <= Sending;

      default: if (send_done_i) state_q <= Idle;
    endcase
    // At the end, because of all that is written above only this is reset: the rest does not wait for it.
    if (!rst_ni) begin
      state_q    <= Idle;
      known_q    <= 1'b0;
      damaged_q  <= 1'b0;
      nack_q     <= 1'b0;
      asked_q    <= 1'b0;
      arriving_q <= 1'b0;
      start_q    <= 1'b0;
      damages_q  <= '0;
      repeats_q  <= '0;
    end
  end

  // What else waits is said as of the cycle in which the answer was complete, also when it is sent again.
  always_ff @(posedge clk_i) begin
    if (state_q inside {Decode, Fetch, Fetched, Access, Copy, Collect, Hello, Last}) begin
      results_q <= results_i - 8'(result_valid_i && result_ready_o);
      room_q    <= !image_busy_i && !image_commit_o;
    end
  end
endmodule
