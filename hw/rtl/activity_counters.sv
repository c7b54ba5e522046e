// SPDX-License-Identifier: Apache-2.0
/// Counts what the accelerator does: images, answers, stalls, multiply-accumulates and memory accesses.
///
/// Each counter has 64 bits and adds its increment every cycle. snapshot_i copies all of them in one cycle, as they
/// were before that cycle's increments, to where they are read; clear_i sets them to 0, after the copy if both come
/// together, and loses no event: those of its own cycle are the first of the new count.
///
/// Multiply-accumulates of a step are Pe*Simd, whether a lane carries a value or pads a word. An adder graph counts
/// those that it stands for, and reads no weights. An expert's answer is counted when its result is taken.
///
/// Latency: 3 cycles from an event to its counter, 2 from snapshot_i to snapshot_o and from clear_i to 0.
/// Does not: measure energy; golden/ has models that weigh these numbers.
module activity_counters
  import accel_pkg::*;
  import moe_pkg::*;
  import moe_device_pkg::*;
(
    input  logic                         clk_i,
    input  logic                         rst_ni,
    input  logic                         snapshot_i,
    input  logic                         clear_i,
    // Streams
    input  logic                         pixel_valid_i,
    input  logic                         pixel_ready_i,
    input  logic                         result_valid_i,
    input  logic                         result_ready_i,
    input  result_t                      result_i,
    // Banks
    input  logic                         bank_swap_i,
    input  logic                         bank_write_i,
    // Images, feature store and layers
    input  core_events_t                 events_i,
    // Power domains, as numbered in accel_pkg
    input  logic [Domains-1:0]           domain_on_i,
    input  logic [Domains-1:0]           domain_wake_i,
    output counters_t                    snapshot_o
);
  localparam int unsigned Counters = $bits(counters_t) / CounterW;

  logic taken;
  assign taken = result_valid_i && result_ready_i;

  // ---- Increments -------------------------------------------------------------------------------------------
  counters_t increment;

  function automatic logic [CounterW-1:0] one_if(logic event_happens);
    return CounterW'(event_happens);
  endfunction

  always_comb begin
    increment = '0;
    increment.cycles               = CounterW'(1);
    increment.images_in            = one_if(events_i.image_accepted);
    increment.images_out           = one_if(taken);
    increment.answers_nobody       = one_if(taken && result_i.class_index == NoClass);
    increment.answers_ge           = one_if(taken && result_i.class_index != NoClass && result_i.expert == '0);
    increment.images_short         = one_if(taken && result_i.status.short_image);
    increment.images_long          = one_if(taken && result_i.status.long_image);
    increment.images_no_bank       = one_if(taken && result_i.status.no_bank);
    increment.stall_in             = one_if(pixel_valid_i && !pixel_ready_i);
    increment.stall_out            = one_if(result_valid_i && !result_ready_i);
    increment.bank_swaps           = one_if(bank_swap_i);
    increment.bank_words_written   = one_if(bank_write_i);
    increment.feature_store_writes = one_if(events_i.store_write);
    increment.feature_store_reads  = one_if(events_i.store_read);
    for (int unsigned i = 0; i < LocalExperts; i++) begin
      increment.answers_le[i] = one_if(taken && result_i.class_index != NoClass && result_i.expert == ExpertW'(i + 1));
    end

    for (int unsigned d = 0; d < Domains; d++) begin
      increment.domain[d].on_cycles = one_if(domain_on_i[d]);
      increment.domain[d].wake_ups  = one_if(domain_wake_i[d]);
    end
    increment.domain[DomainFe].active_cycles = one_if(|events_i.fe);
    increment.domain[DomainGe].active_cycles = one_if(|events_i.ge);
    increment.domain[DomainLe].active_cycles = one_if(|events_i.le);
    increment.domain[DomainGn].active_cycles = one_if(|events_i.gn);
    for (int unsigned l = 0; l < FrontLayers; l++) begin
      if (events_i.fe[l].step) begin
        increment.domain[DomainFe].macs         = increment.domain[DomainFe].macs + CounterW'(FrontStepMacs[l]);
        increment.domain[DomainFe].weight_reads = increment.domain[DomainFe].weight_reads + one_if(FrontHasMemory[l]);
      end
      increment.domain[DomainFe].buffer_writes =
          increment.domain[DomainFe].buffer_writes + one_if(events_i.fe[l].write);
    end
    for (int unsigned l = 0; l < GeLayers; l++) begin
      if (events_i.ge[l].step) begin
        increment.domain[DomainGe].macs         = increment.domain[DomainGe].macs + CounterW'(GeStepMacs[l]);
        increment.domain[DomainGe].weight_reads = increment.domain[DomainGe].weight_reads + one_if(GeHasMemory[l]);
      end
      increment.domain[DomainGe].buffer_writes =
          increment.domain[DomainGe].buffer_writes + one_if(events_i.ge[l].write);
    end
    for (int unsigned i = 0; i < LocalExperts; i++) begin
      for (int unsigned l = 0; l < LeLayers; l++) begin
        if (events_i.le[i][l].step) begin
          increment.domain[DomainLe].macs         = increment.domain[DomainLe].macs + CounterW'(LeStepMacs[l]);
          increment.domain[DomainLe].weight_reads = increment.domain[DomainLe].weight_reads + CounterW'(1);
        end
        increment.domain[DomainLe].buffer_writes =
            increment.domain[DomainLe].buffer_writes + one_if(events_i.le[i][l].write);
      end
    end
    for (int unsigned l = 0; l < GateLayers; l++) begin
      if (events_i.gn[l].step) begin
        increment.domain[DomainGn].macs         = increment.domain[DomainGn].macs + CounterW'(GateStepMacs[l]);
        increment.domain[DomainGn].weight_reads = increment.domain[DomainGn].weight_reads + CounterW'(1);
      end
      increment.domain[DomainGn].buffer_writes =
          increment.domain[DomainGn].buffer_writes + one_if(events_i.gn[l].write);
    end
  end

  // ---- Counters and snapshot --------------------------------------------------------------------------------
  logic [Counters-1:0][CounterW-1:0] summed_q, increment_q, total_q, snapshot_q;

  // A register for each counter: one net to all of them would span the device.
  (* keep *) logic [Counters-1:0] clear_q, take_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) {clear_q, take_q} <= '0;
    else {clear_q, take_q} <= {{Counters{clear_i}}, {Counters{snapshot_i}}};
  end

  // The increments are registered: sums over layers do not lengthen the path of the 64-bit adders; and once more, to
  // come with the commands.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      summed_q    <= '0;
      increment_q <= '0;
      total_q     <= '0;
      snapshot_q  <= '0;
    end else begin
      summed_q    <= increment;
      increment_q <= summed_q;
      for (int unsigned n = 0; n < Counters; n++) begin
        total_q[n] <= (clear_q[n] ? CounterW'(0) : total_q[n]) + increment_q[n];
        if (take_q[n]) snapshot_q[n] <= total_q[n];
      end
    end
  end

  assign snapshot_o = snapshot_q;

  // Sequence number and bank are not counted.
  logic unused_result;
  assign unused_result = ^result_i;
endmodule
