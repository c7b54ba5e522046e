// SPDX-License-Identifier: Apache-2.0
/// What the registers show of the device: identity, status, events and the counter that is being read, in the struct
/// that PeakRDL's block reads.
///
/// Latency: combinational.
///
/// Protocol: levels; a result's events come in the cycle in which it is taken.
/// Does not: hold anything, or interpret what software sets.
module register_view
  import accel_pkg::*;
  import moe_pkg::*;
  import moe_device_pkg::*;
  import device_pkg::*;
(
    input  mode_e                        mode_i,
    input  logic                         mode_pending_i,
    input  logic                         mode_changed_i,
    input  logic [InFlightW-1:0]         in_flight_i,
    input  logic [Banks-1:0]             bank_valid_i,
    input  bank_status_t                 bank_i,
    input  power_status_t [Domains-1:0]  power_i,
    input  logic                         result_taken_i,
    input  result_t                      result_i,
    input  logic [31:0]                  counter_word_i,
    input  learn_view_t                  learn_i,
    output moe_regs_pkg::moe_regs__in_t  registers_o
);
  localparam logic [15:0] VersionMajor = 16'd1;
  localparam logic [7:0]  VersionMinor = 8'd1;
  localparam logic [7:0]  VersionPatch = 8'd0;

  logic short_image, long_image, no_bank;
  assign short_image = result_taken_i && result_i.status.short_image;
  assign long_image  = result_taken_i && result_i.status.long_image;
  assign no_bank     = result_taken_i && result_i.status.no_bank;

  logic [Domains-1:0] timeout;
  for (genvar d = 0; d < Domains; d++) begin : gen_timeout
    assign timeout[d] = power_i[d].timeout;
  end

  // A read of a counter waits until counter_word_i is its word, so all of them show it.
  `define SHOW_COUNTER(NAME) \
    registers_o.NAME.lo.value.next = counter_word_i; \
    registers_o.NAME.hi.value.next = counter_word_i;

  always_comb begin
    registers_o.version.major.next = VersionMajor;
    registers_o.version.minor.next = VersionMinor;
    registers_o.version.patch.next = VersionPatch;
    for (int i = 0; i < 2; i++) begin
      registers_o.ge_hash[i].word.next     = GeDigest[32*i+:32];
      registers_o.layout_hash[i].word.next = LayoutDigest[32*i+:32];
    end
    registers_o.capability.classes.next         = ClassW'(Classes);
    registers_o.capability.gate_hidden.next     = 8'(GateHidden);
    registers_o.capability.banks.next           = 5'(Banks);
    registers_o.capability.local_experts.next   = ExpertW'(LocalExperts);
    registers_o.capability.gate_confidence.next = GateConfidence;
    registers_o.image_beats.beats.next          = 32'(ImageBeats);
    registers_o.bank_words.words.next           = 32'(BankStreamWords);

    registers_o.mode_status.mode.next      = mode_i;
    registers_o.mode_status.pending.next   = mode_pending_i;
    registers_o.mode_status.in_flight.next = in_flight_i;

    registers_o.bank_select.bank.we     = bank_i.activate || learn_i.session.activate;
    registers_o.bank_select.bank.next   = bank_i.activate ? bank_i.bank : learn_i.session.bank;
    registers_o.bank_valid.valid.next   = Baked ? 16'd1 : 16'(bank_valid_i);
    registers_o.bank_status.state.next  = 3'(bank_i.state);
    registers_o.bank_status.reason.next = bank_i.reason;
    registers_o.bank_status.target.next = bank_i.bank;
    registers_o.bank_count.words.next   = bank_i.count;

    registers_o.irq_status.result.hwset         = result_taken_i;
    registers_o.irq_status.bank_committed.hwset = bank_i.committed || learn_i.session.committed;
    registers_o.irq_status.bank_refused.hwset   = bank_i.refused;
    registers_o.irq_status.mode_changed.hwset   = mode_changed_i;
    registers_o.irq_status.power_error.hwset    = |timeout;
    registers_o.irq_status.image_error.hwset    = short_image || long_image;
    registers_o.irq_status.no_bank.hwset        = no_bank;
    registers_o.errors.short_image.hwset        = short_image;
    registers_o.errors.long_image.hwset         = long_image;
    registers_o.errors.no_bank.hwset            = no_bank;
    registers_o.errors.bank_refused.hwset       = bank_i.refused;
    registers_o.errors.learn_refused.hwset      = learn_i.session.refused;
    registers_o.errors.correction_refused.hwset = learn_i.correction_refused;
    registers_o.errors.bad_label.hwset          = learn_i.bad_label;
    registers_o.errors.power_timeout_fe.hwset   = timeout[DomainFe];
    registers_o.errors.power_timeout_ge.hwset   = timeout[DomainGe];
    registers_o.errors.power_timeout_le.hwset   = timeout[DomainLe];
    registers_o.errors.power_timeout_gn.hwset   = timeout[DomainGn];

    registers_o.learn_status.state.next         = 3'(learn_i.session.state);
    registers_o.learn_status.reason.next        = 4'(learn_i.session.reason);
    registers_o.learn_status.bank.next          = learn_i.session.bank;
    registers_o.learn_status.correcting.next    = learn_i.correcting;
    registers_o.learn_status.lessons.next       = learn_i.lessons;
    registers_o.learn_random.value.next         = learn_i.random;
    registers_o.learn_crc.value.next            = learn_i.crc;
    registers_o.learn_own.value.next            = learn_i.counters.own;
    registers_o.learn_right.value.next          = learn_i.counters.right;
    registers_o.learn_generic_images.value.next = learn_i.counters.generic;
    registers_o.learn_local_moves.value.next    = learn_i.counters.local_moves;
    registers_o.learn_gate_moves.value.next     = learn_i.counters.gate_moves;
    registers_o.learn_lost.value.next           = learn_i.counters.lost;
    registers_o.bank_read_status.ready.next     = learn_i.read_ready;
    registers_o.bank_read_status.busy.next      = learn_i.read_busy;
    registers_o.bank_read_data.word.next        = learn_i.read_word;

    `SHOW_COUNTER(counters.cycles)
    `SHOW_COUNTER(counters.images_in)
    `SHOW_COUNTER(counters.images_out)
    `SHOW_COUNTER(counters.answers_ge)
    for (int i = 0; i < int'(MaxLocalExperts); i++) begin
      `SHOW_COUNTER(counters.answers_le[i])
    end
    `SHOW_COUNTER(counters.answers_nobody)
    `SHOW_COUNTER(counters.images_short)
    `SHOW_COUNTER(counters.images_long)
    `SHOW_COUNTER(counters.images_no_bank)
    `SHOW_COUNTER(counters.stall_in)
    `SHOW_COUNTER(counters.stall_out)
    `SHOW_COUNTER(counters.bank_swaps)
    `SHOW_COUNTER(counters.bank_words_written)
    `SHOW_COUNTER(counters.feature_store_writes)
    `SHOW_COUNTER(counters.feature_store_reads)
    for (int d = 0; d < int'(Domains); d++) begin
      registers_o.power_status[d].state.next = power_i[d].state;
      registers_o.power_status[d].on.next    = power_i[d].on;
      registers_o.power_status[d].error.next = power_i[d].error;
      `SHOW_COUNTER(domain[d].on_cycles)
      `SHOW_COUNTER(domain[d].active_cycles)
      `SHOW_COUNTER(domain[d].macs)
      `SHOW_COUNTER(domain[d].weight_reads)
      `SHOW_COUNTER(domain[d].buffer_writes)
      `SHOW_COUNTER(domain[d].wake_ups)
    end
  end
  `undef SHOW_COUNTER

  // Of a result, three bits of the status are events.
  logic unused_result;
  assign unused_result = ^result_i;
endmodule
