// SPDX-License-Identifier: Apache-2.0
/// Takes the word stream of a bank file, checks it, and writes its weights into a bank that nothing uses.
///
/// The stream (docs/bank-format.md): magic, version, GE digest (2 words), layout digest (2), payload words, 0; the
/// payload in the order of the memories; CRC-32 of all of it. Header words are compared as they arrive, so that the
/// weights of a foreign bank never reach a memory. A bank is valid from its commit until the next start or invalidation
/// of the same bank; the commit is refused unless the stream is complete and its CRC is right. The first refusal ends
/// the load: what follows is dropped, and status_o.reason keeps telling why until the next start.
///
/// Latency: commands and words are looked at a cycle later, all alike, beside what a word was compared with meanwhile.
/// A word is written 3 cycles after word_valid_i; valid, status and events follow their cause by 2 cycles, but by 1 if
/// that is memory_on_i or drop_i.
/// Initiation interval: 1 cycle a word, at any time: there is nothing to wait for.
///
/// Protocol: start_i, commit_i (with activate_i) and invalidate_i are pulses that act on target_i; word_valid_i comes
/// with one word. select_i is the bank that images are being accepted with, busy_i the banks of images in flight:
/// neither may be started or, while an image uses it, invalidated weights overwritten. drop_i: banks whose
/// weights are no longer what was committed. write_o: the weights, see
/// accel_pkg; status_o: the load and its events, see device_pkg.
/// memory_on_i: without it all banks become invalid, and no load can be started.
/// Does not: hold the selection (a register does), or check that weights make sense.
///
/// Parameters
///   Banks         number of banks
///   Words         words of the payload
///   Segments      memories of a bank, in stream order
///   GeDigest, LayoutDigest  first 64 bits of each, as they stand in the header: word 0 in the low half
///   SegmentLayer, SegmentBias, SegmentWords, SegmentChunks  of each memory: layer number and kind in a write, words,
///                 32-bit chunks a word; memory 0 in the low bits
module bank_loader
  import accel_pkg::*;
  import moe_regs_pkg::*;
  import device_pkg::*;
#(
    parameter int unsigned               Banks         = 2,
    parameter int unsigned               Words         = 8,
    parameter int unsigned               Segments      = 2,
    parameter logic [63:0]               GeDigest      = 64'h0,
    parameter logic [63:0]               LayoutDigest  = 64'h0,
    parameter logic [Segments-1:0][LayerW-1:0]  SegmentLayer  = '0,
    parameter logic [Segments-1:0]       SegmentBias   = 2'b10,
    parameter logic [Segments-1:0][WriteAddrW-1:0] SegmentWords  = {WriteAddrW'(4), WriteAddrW'(4)},
    parameter logic [Segments-1:0][7:0]  SegmentChunks = {8'd1, 8'd1}
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    // Commands and words
    input  logic             start_i,
    input  logic             commit_i,
    input  logic             activate_i,
    input  logic             invalidate_i,
    input  logic [BankW-1:0] target_i,
    input  logic             word_valid_i,
    input  logic [31:0]      word_i,
    // State of the accelerator
    input  logic [BankW-1:0] select_i,
    input  logic [Banks-1:0] busy_i,
    input  logic             memory_on_i,  // the memories have power; without it they forget
    input  logic [Banks-1:0] drop_i,       // banks that become invalid
    output weight_write_t    write_o,
    output logic [Banks-1:0] valid_o,
    output bank_status_t     status_o
);
  localparam int unsigned Total       = BankHeaderWords + Words + 1;
  localparam int unsigned CountW      = $clog2(Total + 1);
  localparam logic [31:0] CrcResidue  = 32'hdebb_20e3;  // of any message followed by its own CRC-32

  if (Banks < 1 || Banks > 2 ** BankW) begin : gen_bad_banks
    $error("bank_loader: Banks is %0d, allowed are 1 to 16.", Banks);
  end

  bank_state_e state_q;
  bank_reason_e reason_q, start_reason, word_reason, commit_reason;
  logic [Banks-1:0] valid_q, valid, gone_q;
  logic committed_q, refused_q, activate_q;
  logic [BankW-1:0] bank_q;
  logic [CountW-1:0] count_q;
  logic in_header_q, in_payload_q, complete_q;  // where count_q stands
  logic [31:0] crc_q;
  logic start_refused, word_taken, word_refused, commit_refused, commit_accepted;

  // ---- Commands and words, a cycle later --------------------------------------------------------------------
  localparam logic [BankHeaderWords-1:0][31:0] Header = {
    32'd0, 32'(Words), LayoutDigest, GeDigest, BankVersion, BankMagic
  };
  logic start_q, commit_q, activate_now_q, invalidate_q, word_valid_q;
  logic [BankW-1:0] target_q;
  logic [31:0] data_q;
  logic [BankHeaderWords-1:0] match_q;  // data_q is what stands there in the header

  always_ff @(posedge clk_i) begin
    {start_q, commit_q, invalidate_q, word_valid_q} <= rst_ni ? {start_i, commit_i, invalidate_i, word_valid_i} : '0;
    activate_now_q <= activate_i;
    target_q       <= target_i;
    data_q         <= word_i;
    for (int unsigned i = 0; i < BankHeaderWords; i++) match_q[i] <= word_i == Header[i];
  end

  // ---- Start ------------------------------------------------------------------------------------------------
  logic exists, target_valid, target_busy;
  always_comb begin
    exists       = 32'(target_q) < Banks;
    target_valid = 1'b0;
    target_busy  = 1'b0;
    for (int unsigned b = 0; b < Banks; b++) begin
      if (target_q == BankW'(b)) begin
        target_valid = valid[b];
        target_busy  = busy_i[b];
      end
    end
    if (!exists) start_reason = bank_reason__NO_SUCH_BANK;
    else if (!memory_on_i) start_reason = bank_reason__MEMORY_OFF;
    else if (target_valid && target_q == select_i) start_reason = bank_reason__BANK_ACTIVE;
    else if (target_busy) start_reason = bank_reason__BANK_IN_USE;
    else start_reason = bank_reason__NONE;
  end
  assign start_refused = start_q && start_reason != bank_reason__NONE;

  // ---- Words ------------------------------------------------------------------------------------------------
  always_comb begin
    unique case (count_q[2:0])
      3'd0:             word_reason = bank_reason__BAD_MAGIC;
      3'd1, 3'd7:       word_reason = bank_reason__BAD_VERSION;
      3'd2, 3'd3:       word_reason = bank_reason__FOREIGN_GE;
      3'd4, 3'd5:       word_reason = bank_reason__FOREIGN_LAYOUT;
      default:          word_reason = bank_reason__BAD_LENGTH;
    endcase
    if (match_q[count_q[2:0]]) word_reason = bank_reason__NONE;
    if (!in_header_q) word_reason = complete_q ? bank_reason__OVERRUN : bank_reason__NONE;
  end
  assign word_taken   = word_valid_q && state_q == bank_state__LOADING;
  assign word_refused = word_taken && word_reason != bank_reason__NONE;

  // Where the next payload word goes.
  logic write, write_q, bias;
  logic [31:0] word_q;
  logic [LayerW-1:0] layer;
  logic [WriteAddrW-1:0] address;

  assign write = word_taken && in_payload_q;

  bank_walk #(
      .Segments     (Segments),
      .SegmentLayer (SegmentLayer),
      .SegmentBias  (SegmentBias),
      .SegmentWords (SegmentWords),
      .SegmentChunks(SegmentChunks)
  ) u_walk (
      .clk_i,
      .restart_i(start_q),
      .advance_i(write_q),
      .layer_o  (layer),
      .bias_o   (bias),
      .address_o(address)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) {write_o.enable, write_q} <= '0;
    else {write_o.enable, write_q} <= {write_q, write};
    if (write) word_q <= data_q;
    if (write_q) begin
      write_o.layer   <= layer;
      write_o.bias    <= bias;
      write_o.bank    <= bank_q;
      write_o.address <= address;
      write_o.data    <= word_q;
    end
  end

  // ---- Commit -----------------------------------------------------------------------------------------------
  always_comb begin
    if (state_q == bank_state__REFUSED) commit_reason = reason_q;  // the first reason stays
    else if (state_q != bank_state__LOADING) commit_reason = bank_reason__NOT_STARTED;
    else if (!complete_q) commit_reason = bank_reason__INCOMPLETE;
    else if (crc_q != CrcResidue) commit_reason = bank_reason__CRC_MISMATCH;
    else commit_reason = bank_reason__NONE;
  end
  // A load that is interrupted by a power-down ends.
  logic memory_lost;
  assign memory_lost = !memory_on_i && !start_q && state_q == bank_state__LOADING;

  assign commit_accepted = commit_q && !start_q && !memory_lost && commit_reason == bank_reason__NONE;
  assign commit_refused  = commit_q && !start_q && commit_reason != bank_reason__NONE;

  // ---- State ------------------------------------------------------------------------------------------------
  // Where the count stands is compared beside the words, so that neither waits for the other.
  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_q) begin
      count_q      <= '0;
      in_header_q  <= 1'b1;
      in_payload_q <= 1'b0;
      complete_q   <= 1'b0;
    end else if (word_taken && !word_refused) begin
      count_q      <= count_q + 1'b1;
      in_header_q  <= count_q < CountW'(BankHeaderWords - 1);
      in_payload_q <= count_q >= CountW'(BankHeaderWords - 1) && count_q < CountW'(BankHeaderWords + Words - 1);
      complete_q   <= count_q == CountW'(Total - 1);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q  <= bank_state__IDLE;
      reason_q <= bank_reason__NONE;
      valid_q  <= '0;
    end else begin
      if (start_q) begin
        state_q  <= start_refused ? bank_state__REFUSED : bank_state__LOADING;
        reason_q <= start_reason;
      end else if (word_taken) begin
        if (word_refused) begin
          state_q  <= bank_state__REFUSED;
          reason_q <= word_reason;
        end
      end else if (commit_q) begin
        state_q  <= commit_accepted ? bank_state__COMMITTED : bank_state__REFUSED;
        reason_q <= commit_reason;
      end
      for (int unsigned b = 0; b < Banks; b++) begin
        valid_q[b] <= valid[b];
        if ((invalidate_q || (start_q && !start_refused)) && target_q == BankW'(b)) valid_q[b] <= 1'b0;
        if (drop_i[b]) valid_q[b] <= 1'b0;
      end
      if (!memory_on_i) begin
        valid_q <= '0;
        if (memory_lost) begin
          state_q  <= bank_state__REFUSED;
          reason_q <= bank_reason__MEMORY_OFF;
        end
      end
    end
    if (start_q) begin
      bank_q <= target_q;
      crc_q  <= '1;
    end else if (word_taken) begin
      crc_q <= crc32(crc_q, data_q);
    end
  end

  // What a commit makes valid is added in the cycle after: so no flag waits for the CRC's comparison.
  always_comb begin
    for (int unsigned b = 0; b < Banks; b++) begin
      valid[b] = valid_q[b] || (committed_q && bank_q == BankW'(b) && !gone_q[b]);
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < Banks; b++) begin
      gone_q[b] <= drop_i[b] || !memory_on_i || (invalidate_q && target_q == BankW'(b));
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      committed_q <= 1'b0;
      refused_q   <= 1'b0;
      activate_q  <= 1'b0;
    end else begin
      committed_q <= commit_accepted && !word_taken;
      refused_q   <= start_refused || word_refused || memory_lost || (commit_refused && state_q != bank_state__REFUSED);
      activate_q  <= commit_accepted && !word_taken && activate_now_q;
    end
  end

  assign valid_o  = valid;
  assign status_o = '{
          state: state_q,
          reason: reason_q,
          bank: bank_q,
          count: ChunkBits'(count_q),
          committed: committed_q,
          refused: refused_q,
          activate: activate_q
      };
endmodule
