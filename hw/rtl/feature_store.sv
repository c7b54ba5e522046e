// SPDX-License-Identifier: Apache-2.0
/// Holds the features of images on their way to the GE's tail until it is known whether the GE runs at all.
///
/// An image that is not gated passes at once, word by word. A gated image waits for its decision: keep sends it
/// on, otherwise its words are dropped, one a cycle, and the GE never sees them.
///
/// Latency: 4 cycles from a stored word to out_valid_o for an image that may pass. Initiation interval: FrameWords + 1
/// cycles an image, sent or dropped: one to look at its tag.
///
/// Protocol: valid/ready; frame_valid_i pulses once an image, before its first word (never more than Tags images
/// ahead of the output); decisions arrive in image order, one for each gated image.
/// Does not: reorder images.
///
/// Parameters
///   Width       word width, bits
///   FrameWords  words of an image
///   Frames      images it can hold; 1 is enough to work, more keep the source running while the GE reads or the gate
///               decides late
///   Tags        images whose tags it can hold
module feature_store #(
    parameter int unsigned Width      = 160,
    parameter int unsigned FrameWords = 144,
    parameter int unsigned Frames     = 2,
    parameter int unsigned Tags       = 8
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             frame_valid_i,
    input  logic             frame_gated_i,
    input  logic             in_valid_i,
    output logic             in_ready_o,
    input  logic [Width-1:0] in_data_i,
    input  logic             decision_valid_i,
    output logic             decision_ready_o,
    input  logic             decision_keep_i,
    output logic             out_valid_o,
    input  logic             out_ready_i,
    output logic [Width-1:0] out_data_o
);
  localparam int unsigned Depth    = Frames * FrameWords;
  localparam int unsigned AddrW    = $clog2(Depth);
  localparam int unsigned LevelW   = $clog2(Depth + 1);
  localparam int unsigned CountW   = (FrameWords > 1) ? $clog2(FrameWords) : 1;
  localparam int unsigned OutDepth = 4;  // covers the read latency, so that reads never stall half-way

  typedef enum logic [1:0] {
    Look,  // wait for a tag, and for a decision if the image is gated
    Send,
    Drop
  } state_e;

  (* no_rw_check *) logic [Width-1:0] mem[Depth];
  logic [Width-1:0] rd_data_q, rd_word_q;
  logic [AddrW-1:0] wr_ptr_q, rd_ptr_q;
  logic [LevelW-1:0] level_q, level_d;
  logic [CountW-1:0] count_q, count_d;
  logic [$clog2(OutDepth+1)-1:0] reserved_q, reserved_d;  // words read and not yet taken by the output
  // What the counts say, as registers of their own: many registers follow it.
  logic room_q, some_q, last_q, out_room_q;
  state_e state_q, state_d;
  logic tag_valid, tag_ready, tag_gated, unused_tag_ready;
  logic push, advance, send, rd_valid_q, rd_word_valid_q, unused_out_ready;

  stream_fifo #(
      .Width    (1),
      .Depth    (Tags),
      .NeverFull(1'b1)
  ) u_tags (
      .clk_i,
      .rst_ni,
      .in_valid_i (frame_valid_i),
      .in_ready_o (unused_tag_ready),
      .in_data_i  (frame_gated_i),
      .out_valid_o(tag_valid),
      .out_ready_i(tag_ready),
      .out_data_o (tag_gated)
  );

  // ---- Write side -------------------------------------------------------------------------------------------
  assign in_ready_o = room_q;
  assign push       = in_valid_i && in_ready_o;

  // ---- Read side --------------------------------------------------------------------------------------------
  assign send    = state_q == Send && some_q && out_room_q;
  assign advance = send || (state_q == Drop && some_q);

  always_comb begin
    count_d = count_q;
    if (advance) count_d = last_q ? '0 : count_q + 1'b1;
    level_d    = level_q + LevelW'(push) - LevelW'(advance);
    reserved_d = reserved_q + $bits(reserved_q)'(send) - $bits(reserved_q)'(out_valid_o && out_ready_i);
  end

  always_ff @(posedge clk_i) begin
    room_q     <= !rst_ni || level_d != LevelW'(Depth);
    some_q     <= rst_ni && level_d != '0;
    last_q     <= rst_ni ? count_d == CountW'(FrameWords - 1) : FrameWords == 1;
    out_room_q <= !rst_ni || 32'(reserved_d) < OutDepth;
  end

  always_comb begin
    state_d          = state_q;
    tag_ready        = 1'b0;
    decision_ready_o = 1'b0;
    unique case (state_q)
      Look: begin
        if (tag_valid && !tag_gated) begin
          tag_ready = 1'b1;
          state_d   = Send;
        end else if (tag_valid && decision_valid_i) begin
          tag_ready        = 1'b1;
          decision_ready_o = 1'b1;
          state_d          = decision_keep_i ? Send : Drop;
        end
      end
      Send, Drop: if (advance && last_q) state_d = Look;
      default: state_d = Look;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q    <= Look;
      wr_ptr_q   <= '0;
      rd_ptr_q   <= '0;
      level_q    <= '0;
      count_q    <= '0;
      reserved_q <= '0;
      rd_valid_q <= 1'b0;
      rd_word_valid_q <= 1'b0;
    end else begin
      state_q    <= state_d;
      rd_valid_q <= send;
      rd_word_valid_q <= rd_valid_q;
      if (push) wr_ptr_q <= (wr_ptr_q == AddrW'(Depth - 1)) ? '0 : wr_ptr_q + 1'b1;
      if (advance) begin
        rd_ptr_q <= (rd_ptr_q == AddrW'(Depth - 1)) ? '0 : rd_ptr_q + 1'b1;
      end
      count_q    <= count_d;
      level_q    <= level_d;
      reserved_q <= reserved_d;
    end
  end

  // The level never lets a word be sent before, or in, the cycle in which it is written. What is read without send is
  // used by nobody. The second register is behind the block RAM, whose own is slow.
  always_ff @(posedge clk_i) begin
    if (push) mem[wr_ptr_q] <= in_data_i;
    rd_data_q <= mem[rd_ptr_q];
    rd_word_q <= rd_data_q;
  end

  stream_fifo #(
      .Width    (Width),
      .Depth    (OutDepth),
      .NeverFull(1'b1)
  ) u_out (
      .clk_i,
      .rst_ni,
      .in_valid_i (rd_word_valid_q),
      .in_ready_o (unused_out_ready),
      .in_data_i  (rd_word_q),
      .out_valid_o,
      .out_ready_i,
      .out_data_o
  );
endmodule
