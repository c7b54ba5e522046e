// SPDX-License-Identifier: Apache-2.0
/// Counts what the accelerator does: images, answers, stalls, multiply-accumulates and memory accesses.
///
/// Each counter has 64 bits and adds its increment every cycle; counter_store says how, and what snapshot_i and clear_i
/// do. fetch_i reads a half of a counter of the last snapshot.
///
/// Multiply-accumulates of a step are Pe*Simd, whether a lane carries a value or pads a word. An adder graph counts
/// those that it stands for, and reads no weights. An expert's answer is counted when its result is taken.
///
/// Latency: 3 cycles from an event to its counter; a snapshot can be read 49 cycles after snapshot_i.
/// Does not: measure energy; golden/ has models that weigh these numbers.
///
/// Parameters
///   Start  value that counting begins with: 0, but for tests
module activity_counters
  import accel_pkg::*;
  import moe_pkg::*;
  import moe_device_pkg::*;
  import axil_pkg::*;
  import counter_pkg::*;
#(
    parameter logic [CounterW-1:0] Start = '0
) (
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
    // Reading
    input  word_fetch_t                  fetch_i,
    output logic                         fetched_o,
    output logic [CounterW/2-1:0]        word_o
);
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
  // Registered, so that sums over layers do not lengthen the path of a count. The counters leave reset a cycle later,
  // when the first sum is there: their reset is a register of their own, and sums need none.
  counters_t summed_q;
  logic store_rst_nq;

  always_ff @(posedge clk_i) begin
    summed_q     <= increment;
    store_rst_nq <= rst_ni;
  end

  counter_store #(
      .Counters(Counters),
      .Width   (CounterW),
      .Largest (LargestIncrement),
      .PlaceW  (CounterPlaceW),
      .Place   (CounterPlace),
      .Start   (Start)
  ) u_store (
      .clk_i,
      .rst_ni       (store_rst_nq),
      .snapshot_i,
      .clear_i,
      .increment_i  (summed_q),
      .fetch_i      (fetch_i.valid),
      .fetch_place_i(fetch_i.address[WordAddrW-1:1]),
      .fetch_high_i (fetch_i.address[0]),
      .fetched_o,
      .word_o
  );

  // Sequence number and bank are not counted.
  logic unused_result;
  assign unused_result = ^result_i;
endmodule
