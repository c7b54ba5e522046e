// SPDX-License-Identifier: Apache-2.0
/// Counts the images between their descriptor and their result: all of them, and those that use each bank.
///
/// Latency: 1 cycle. Initiation interval: 1 cycle.
///
/// Protocol: accepted_i comes with the descriptor of an image that enters, done_i with that of one that leaves. A
/// correction that has started counts as one more (replay_i).
/// Does not: limit them; the queue of descriptors does.
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
    output logic [InFlightW-1:0] in_flight_o,
    output logic                 lessons_o,    // one of them is a lesson
    output logic [Banks-1:0]     bank_busy_o
);
  logic [InFlightW-1:0] images_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) images_q <= '0;
    else images_q <= images_q + InFlightW'(accepted_i) - InFlightW'(done_i);
  end
  assign in_flight_o = images_q + InFlightW'(replay_i);

  logic [InFlightW-1:0] lessons_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) lessons_q <= '0;
    else begin
      lessons_q <= lessons_q + InFlightW'(accepted_i && accepted_image_i.lesson.valid) -
                   InFlightW'(done_i && done_image_i.lesson.valid);
    end
  end
  assign lessons_o = lessons_q != '0;

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    logic [InFlightW-1:0] count_q;
    logic enter, leave;
    assign enter = accepted_i && (|accepted_image_i.use_le) && accepted_image_i.bank == BankW'(b);
    assign leave = done_i && (|done_image_i.use_le) && done_image_i.bank == BankW'(b);
    assign bank_busy_o[b] = count_q != '0;

    always_ff @(posedge clk_i) begin
      if (!rst_ni) count_q <= '0;
      else count_q <= count_q + InFlightW'(enter) - InFlightW'(leave);
    end
  end

  // Of the descriptors, only who needs a bank, and which, matters.
  logic unused_images;
  assign unused_images = ^{accepted_image_i, done_image_i};
endmodule
