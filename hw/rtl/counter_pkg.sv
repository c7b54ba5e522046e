// SPDX-License-Identifier: Apache-2.0
/// What is known of each activity counter before it counts: by how much it goes up at most, and where it is read.
package counter_pkg;
  import accel_pkg::*;
  import moe_pkg::*;
  import moe_device_pkg::*;
  import moe_regs_pkg::*;
  import axil_pkg::*;

  localparam int unsigned Counters = $bits(counters_t) / CounterW;

  // ---- Largest increments: those of a cycle in which everything happens -------------------------------------
  function automatic counters_t largest();
    counters_t most;
    most = '0;
    most.cycles               = CounterW'(1);
    most.images_in            = CounterW'(1);
    most.images_out           = CounterW'(1);
    most.answers_nobody       = CounterW'(1);
    most.answers_ge           = CounterW'(1);
    most.images_short         = CounterW'(1);
    most.images_long          = CounterW'(1);
    most.images_no_bank       = CounterW'(1);
    most.stall_in             = CounterW'(1);
    most.stall_out            = CounterW'(1);
    most.bank_swaps           = CounterW'(1);
    most.bank_words_written   = CounterW'(1);
    most.feature_store_writes = CounterW'(1);
    most.feature_store_reads  = CounterW'(1);
    for (int unsigned i = 0; i < LocalExperts; i++) most.answers_le[i] = CounterW'(1);
    for (int unsigned d = 0; d < Domains; d++) begin
      most.domain[d].on_cycles     = CounterW'(1);
      most.domain[d].active_cycles = CounterW'(1);
      most.domain[d].wake_ups      = CounterW'(1);
    end
    most.domain[DomainFe].buffer_writes = CounterW'(FrontLayers);
    most.domain[DomainGe].buffer_writes = CounterW'(GeLayers);
    most.domain[DomainLe].buffer_writes = CounterW'(LocalExperts * LeLayers);
    most.domain[DomainGn].buffer_writes = CounterW'(GateLayers);
    most.domain[DomainFe].weight_reads  = CounterW'($countones(FrontHasMemory));
    most.domain[DomainGe].weight_reads  = CounterW'($countones(GeHasMemory));
    most.domain[DomainLe].weight_reads  = CounterW'(LocalExperts * LeLayers);
    most.domain[DomainGn].weight_reads  = CounterW'(GateLayers);
    for (int unsigned l = 0; l < FrontLayers; l++) begin
      most.domain[DomainFe].macs = most.domain[DomainFe].macs + CounterW'(FrontStepMacs[l]);
    end
    for (int unsigned l = 0; l < GeLayers; l++) begin
      most.domain[DomainGe].macs = most.domain[DomainGe].macs + CounterW'(GeStepMacs[l]);
    end
    for (int unsigned l = 0; l < LeLayers; l++) begin
      most.domain[DomainLe].macs = most.domain[DomainLe].macs + CounterW'(LocalExperts * LeStepMacs[l]);
    end
    for (int unsigned l = 0; l < GateLayers; l++) begin
      most.domain[DomainGn].macs = most.domain[DomainGn].macs + CounterW'(GateStepMacs[l]);
    end
    return most;
  endfunction

  localparam counters_t LargestIncrement = largest();

  // ---- Places: the address of a counter's two registers, without the bits within it -------------------------
  localparam int unsigned CounterPlaceW = WordAddrW - 1;
  typedef logic [Counters-1:0][CounterPlaceW-1:0] counter_places_t;

  function automatic logic [CounterW-1:0] place(int unsigned address);
    int unsigned pair;
    pair = address / (CounterW / 8);
    return CounterW'(pair);
  endfunction

  function automatic counter_places_t places();
    counters_t at;
    logic [Counters-1:0][CounterW-1:0] all;
    counter_places_t short_ones;
    at.cycles               = place(MOE_REGS__COUNTERS__CYCLES);
    at.images_in            = place(MOE_REGS__COUNTERS__IMAGES_IN);
    at.images_out           = place(MOE_REGS__COUNTERS__IMAGES_OUT);
    at.answers_ge           = place(MOE_REGS__COUNTERS__ANSWERS_GE);
    at.answers_nobody       = place(MOE_REGS__COUNTERS__ANSWERS_NOBODY);
    at.images_short         = place(MOE_REGS__COUNTERS__IMAGES_SHORT);
    at.images_long          = place(MOE_REGS__COUNTERS__IMAGES_LONG);
    at.images_no_bank       = place(MOE_REGS__COUNTERS__IMAGES_NO_BANK);
    at.stall_in             = place(MOE_REGS__COUNTERS__STALL_IN);
    at.stall_out            = place(MOE_REGS__COUNTERS__STALL_OUT);
    at.bank_swaps           = place(MOE_REGS__COUNTERS__BANK_SWAPS);
    at.bank_words_written   = place(MOE_REGS__COUNTERS__BANK_WORDS_WRITTEN);
    at.feature_store_writes = place(MOE_REGS__COUNTERS__FEATURE_STORE_WRITES);
    at.feature_store_reads  = place(MOE_REGS__COUNTERS__FEATURE_STORE_READS);
    for (int unsigned i = 0; i < MaxLocalExperts; i++) begin
      at.answers_le[i] = place(MOE_REGS__COUNTERS__ANSWERS_LE + i * MOE_REGS__COUNTERS__ANSWERS_LE__STRIDE);
    end
    for (int unsigned d = 0; d < Domains; d++) begin
      at.domain[d].on_cycles     = place(MOE_REGS__DOMAIN__ON_CYCLES + d * MOE_REGS__DOMAIN__STRIDE);
      at.domain[d].active_cycles = place(MOE_REGS__DOMAIN__ACTIVE_CYCLES + d * MOE_REGS__DOMAIN__STRIDE);
      at.domain[d].macs          = place(MOE_REGS__DOMAIN__MACS + d * MOE_REGS__DOMAIN__STRIDE);
      at.domain[d].weight_reads  = place(MOE_REGS__DOMAIN__WEIGHT_READS + d * MOE_REGS__DOMAIN__STRIDE);
      at.domain[d].buffer_writes = place(MOE_REGS__DOMAIN__BUFFER_WRITES + d * MOE_REGS__DOMAIN__STRIDE);
      at.domain[d].wake_ups      = place(MOE_REGS__DOMAIN__WAKE_UPS + d * MOE_REGS__DOMAIN__STRIDE);
    end
    all = at;
    for (int unsigned n = 0; n < Counters; n++) short_ones[n] = all[n][CounterPlaceW-1:0];
    return short_ones;
  endfunction
  localparam counter_places_t CounterPlace = places();
endpackage
