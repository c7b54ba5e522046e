// SPDX-License-Identifier: Apache-2.0
/// Keeps the words of the last vectors that went by, and gives one of them again: how a correction needs no image
/// twice.
///
/// A vector that goes by is stored in its slot, in the order of the tags; a tag that says replay gives the vector of
/// its slot instead, and takes nothing. A word is stored in pieces of at most four lanes, one a cycle.
///
/// A replay reads in the order in which it was stored, and each piece at least a cycle behind its being stored.
///
/// Latency: none for a vector that goes by, and whose tag was there a cycle before; a replay gives its first word
/// Pieces + 4 cycles after its tag is the oldest.
/// Initiation interval: Pieces cycles a word (or one that the consumer makes longer), Pieces + 4 in a replay.
///
/// Protocol: valid/ready; tag_valid_i pushes a tag, in order, at any time before the vector's words or while they wait;
/// it takes 2 cycles to its vector.
/// Does not: know whether a slot holds a vector.
///
/// Parameters
///   LaneW, Lanes  of a word
///   Words         words of a vector
///   Slots         vectors that are kept, a power of two
///   Tags          tags announced and not yet over
module replay_ring
  import learn_pkg::*;
#(
    parameter int unsigned  LaneW = 8,
    parameter int unsigned  Lanes = 4,
    parameter int unsigned  Words = 90,
    parameter int unsigned  Tags  = 9,
    localparam int unsigned Width = Lanes * LaneW
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   tag_valid_i,
    input  logic                   tag_replay_i,
    input  logic [ReplaySlotW-1:0] tag_slot_i,
    input  logic                   in_valid_i,
    output logic                   in_ready_o,
    input  logic [Width-1:0]       in_data_i,
    output logic                   out_valid_o,
    input  logic                   out_ready_i,
    output logic [Width-1:0]       out_data_o
);
  localparam int unsigned PieceLanes = (Lanes > 4 && Lanes % 4 == 0) ? 4 : Lanes;
  localparam int unsigned Pieces = Lanes / PieceLanes;
  localparam int unsigned PieceW = PieceLanes * LaneW;
  localparam int unsigned Depth = ReplaySlots * Words * Pieces;
  localparam int unsigned AddrW = $clog2(Depth);
  localparam int unsigned WordW = (Words > 1) ? $clog2(Words) : 1;
  localparam int unsigned CountW = $clog2(Pieces + 1);

  // ---- Tag: what happens to the oldest vector, in registers -------------------------------------------------
  logic announced, announced_replay, unused_tag_ready, tag_valid, replay, next_tag, taken, last_word;
  logic [ReplaySlotW-1:0] slot;
  logic [WordW-1:0] word_q;
  logic [AddrW-1:0] first, first_q;  // first piece of the slot

  stream_fifo #(
      .Width    (ReplaySlotW + 1),
      .Depth    (Tags),
      .NeverFull(1'b1)
  ) u_tags (
      .clk_i,
      .rst_ni,
      .in_valid_i (tag_valid_i),
      .in_ready_o (unused_tag_ready),
      .in_data_i  ({tag_replay_i, tag_slot_i}),
      .out_valid_o(announced),
      .out_ready_i(next_tag),
      .out_data_o ({announced_replay, slot})
  );

  assign taken     = out_valid_o && out_ready_i;
  assign last_word = word_q == WordW'(Words - 1);
  assign next_tag  = !tag_valid || (taken && last_word);

  // A product with a constant, made by adding up.
  always_comb begin
    first = '0;
    for (int unsigned i = 0; i < ReplaySlotW; i++) begin
      if (slot[i]) first = first + AddrW'((1 << i) * Words * Pieces);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) tag_valid <= 1'b0;
    else if (next_tag) tag_valid <= announced;
    if (next_tag) begin
      replay  <= announced_replay;
      first_q <= first;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) word_q <= '0;
    else if (taken) word_q <= last_word ? '0 : word_q + 1'b1;
  end

  // ---- Store ------------------------------------------------------------------------------------------------
  logic [PieceW-1:0] mem[Depth];
  logic [AddrW-1:0] write_addr_q, offset_q;
  logic [CountW-1:0] left_q;  // pieces that are not stored yet
  logic [Width-1:0] shift_q;    // what is stored piece by piece, or gathered in a replay
  logic passes;

  // A word is offered when the one before is stored.
  assign passes = tag_valid && !replay && (left_q >> 1) == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) left_q <= '0;
    else if (taken && !replay) left_q <= CountW'(Pieces);
    else if (left_q != '0) left_q <= left_q - 1'b1;
  end
  always_ff @(posedge clk_i) begin
    if (taken && !replay) write_addr_q <= first_q + offset_q;
    else if (left_q != '0) write_addr_q <= write_addr_q + 1'b1;
    if (left_q != '0) mem[write_addr_q] <= shift_q[PieceW-1:0];
  end

  // Pieces before word word_q.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) offset_q <= '0;
    else if (taken) offset_q <= last_word ? '0 : offset_q + AddrW'(Pieces);
  end

  // ---- Replay: address, memory, its output and the word that is gathered, a register each -------------------
  logic [CountW-1:0] read_q;    // pieces of the word that are on their way or there
  logic [AddrW-1:0] read_addr_q;
  logic [PieceW-1:0] piece_q, gathered_q;
  logic fetch, full_q;
  logic [3:1] fetch_q, last_q;  // a piece, the word's last piece, in these registers

  assign fetch = tag_valid && replay && read_q != CountW'(Pieces);

  always_ff @(posedge clk_i) begin
    read_addr_q <= first_q + offset_q + AddrW'(read_q);
    if (fetch_q[1]) piece_q <= mem[read_addr_q];
    gathered_q <= piece_q;
    last_q     <= {last_q[2:1], read_q == CountW'(Pieces - 1)};
    if (taken && !replay) shift_q <= in_data_i;
    else if (left_q != '0 || fetch_q[3]) shift_q <= (shift_q >> PieceW) | (Width'(gathered_q) << (Width - PieceW));
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      read_q  <= '0;
      fetch_q <= '0;
      full_q  <= 1'b0;
    end else begin
      fetch_q <= {fetch_q[2:1], fetch};
      if (taken) read_q <= '0;
      else if (fetch) read_q <= read_q + 1'b1;
      if (taken) full_q <= 1'b0;
      else if (fetch_q[3] && last_q[3]) full_q <= 1'b1;
    end
  end

  assign out_valid_o = (replay && tag_valid) ? full_q : in_valid_i && passes;
  assign out_data_o  = (replay && tag_valid) ? shift_q : in_data_i;
  assign in_ready_o  = out_ready_i && passes;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(taken && !replay && (left_q >> 1) != '0))
      else $error("replay_ring: %m is given a word before the one before is stored.");
    end
  end
`endif
endmodule
