// SPDX-License-Identifier: Apache-2.0
/// Counts the images between their descriptor and their result: all of them, and those that use each bank; and says
/// whether one more may enter.
///
/// Both events end at a register. An image that enters shows in every output in the cycle after, all the same, because
/// what the register holds is part of them: no bank is free and no domain idle that it needs. One that leaves still
/// counts for a cycle.
///
/// Latency: 1 cycle from accepted_i, 2 from done_i. Initiation interval: 1 cycle.
///
/// Protocol: accepted_i comes with the descriptor of an image that enters, and only while room_o is high; done_i with
/// that of one that leaves. A correction that has started counts as one more (replay_i), but takes no room.
/// Does not: hold descriptors; queues of InFlight words are never full.
///
/// Parameters
///   Banks  banks of run-time weights
module images_in_flight
  import accel_pkg::*;
#(
    parameter int unsigned Banks = 2
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 accepted_i,
    input  image_t               accepted_image_i,
    input  logic                 done_i,
    input  image_t               done_image_i,
    input  logic                 replay_i,
    output logic                 room_o,       // one more may be accepted
    output logic [InFlightW-1:0] in_flight_o,
    output logic                 lessons_o,    // one of them is a lesson
    output logic [Banks-1:0]     bank_busy_o
);
  logic entered_q, left_q;
  logic [InFlightW-1:0] images_q, images;
  assign images      = images_q + InFlightW'(entered_q);
  assign room_o      = images != InFlightW'(InFlight);
  assign in_flight_o = images + InFlightW'(replay_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      entered_q <= 1'b0;
      left_q    <= 1'b0;
      images_q  <= '0;
    end else begin
      entered_q <= accepted_i;
      left_q    <= done_i;
      images_q  <= images - InFlightW'(left_q);
    end
  end

  logic lesson_entered_q, lesson_left_q;
  logic [InFlightW-1:0] lessons_q;
  assign lessons_o = lessons_q != '0 || lesson_entered_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      lesson_entered_q <= 1'b0;
      lesson_left_q    <= 1'b0;
      lessons_q        <= '0;
    end else begin
      lesson_entered_q <= accepted_i && accepted_image_i.lesson.valid;
      lesson_left_q    <= done_i && done_image_i.lesson.valid;
      lessons_q        <= lessons_q + InFlightW'(lesson_entered_q) - InFlightW'(lesson_left_q);
    end
  end

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    logic [InFlightW-1:0] count_q;
    logic bank_entered_q, bank_left_q;
    assign bank_busy_o[b] = count_q != '0 || bank_entered_q;

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        bank_entered_q <= 1'b0;
        bank_left_q    <= 1'b0;
        count_q        <= '0;
      end else begin
        bank_entered_q <= accepted_i && (|accepted_image_i.use_le) && accepted_image_i.bank == BankW'(b);
        bank_left_q    <= done_i && (|done_image_i.use_le) && done_image_i.bank == BankW'(b);
        count_q        <= count_q + InFlightW'(bank_entered_q) - InFlightW'(bank_left_q);
      end
    end
  end

  // Of the descriptors, only who needs a bank, and which, matters.
  logic unused_images;
  assign unused_images = ^{accepted_image_i, done_image_i};
endmodule
