// SPDX-License-Identifier: Apache-2.0
/// The accelerator as a device: moe_core behind AXI4-Lite registers, with banks that are loaded, checked and swapped
/// while images stream, with activity counters, and with power domains that are switched by mode and by need.
///
///   s_axil -> moe_registers -> settings ----------------+
///                  |    ^                                v
///                  |    +-- activity_counters <------ moe_core <- s_axis (pixels)
///                  +-> bank_loader -- weight writes ---->|------> m_axis (results)
///                  +-> power_manager -> 4 x power_sequencer -> clocks, resets, isolation; pd_* to the switches
///
/// Latency and initiation interval: those of moe_core.
///
/// Protocol
///   s_axil_*  registers (hw/regs/moe_regs.rdl): a setting takes effect at the first pixel of the next image
///   s_axis_*  AXI4-Stream pixels, row by row; TLAST on the last pixel of an image, or see PIXEL_FRAMING
///   m_axis_*  AXI4-Stream results (accel_pkg::result_t); TLAST after as many results as RESULT_PACKET says
///   irq_o     level, see IRQ_ENABLE
///   pd_*      one bit a domain, as numbered in accel_pkg: to the power switch, and its acknowledge, which may be
///             asynchronous. On an FPGA there is no switch: tie pd_ack_i to pd_switch_o; clock gate, reset and
///             isolation act all the same. pd_memory_o: supply of the domain's weight memories, also on while the
///             domain sleeps with retention
/// Does not: reveal the GE's weights, which have no read path; those of local experts and gate are the user's own.
module moe_accelerator
  import accel_pkg::*;
  import learn_pkg::*;
  import moe_pkg::*;
  import moe_device_pkg::*;
  import axil_pkg::*;
  import device_pkg::*;
(
    input  logic              clk_i,
    input  logic              rst_ni,
    // Registers
    input  logic              s_axil_awvalid,
    output logic              s_axil_awready,
    input  logic [AddrW-1:0]  s_axil_awaddr,
    input  logic              s_axil_wvalid,
    output logic              s_axil_wready,
    input  logic [DataW-1:0]  s_axil_wdata,
    input  logic [StrbW-1:0]  s_axil_wstrb,
    output logic              s_axil_bvalid,
    input  logic              s_axil_bready,
    output logic [1:0]        s_axil_bresp,
    input  logic              s_axil_arvalid,
    output logic              s_axil_arready,
    input  logic [AddrW-1:0]  s_axil_araddr,
    output logic              s_axil_rvalid,
    input  logic              s_axil_rready,
    output logic [DataW-1:0]  s_axil_rdata,
    output logic [1:0]        s_axil_rresp,
    // Pixels
    input  logic              s_axis_tvalid,
    output logic              s_axis_tready,
    input  logic [PixelW-1:0] s_axis_tdata,
    input  logic              s_axis_tlast,
    input  logic [LabelW-1:0] s_axis_tuser,
    // Results
    output logic              m_axis_tvalid,
    input  logic              m_axis_tready,
    output logic [31:0]       m_axis_tdata,
    output logic              m_axis_tlast,
    output logic              irq_o,
    // Power switches
    output logic [Domains-1:0] pd_switch_o,
    input  logic [Domains-1:0] pd_ack_i,
    output logic [Domains-1:0] pd_clk_en_o,
    output logic [Domains-1:0] pd_rst_no,
    output logic [Domains-1:0] pd_isolate_o,
    output logic [Domains-1:0] pd_save_o,
    output logic [Domains-1:0] pd_restore_o,
    output logic [Domains-1:0] pd_memory_o
);
  // ---- Registers --------------------------------------------------------------------------------------------
  axil_request_t axil_request;
  axil_response_t axil_response;
  moe_regs_pkg::moe_regs__in_t to_registers;
  moe_regs_pkg::moe_regs__out_t settings;
  logic bank_data_valid, learn_seed_valid, learn_correct_valid, bank_read_taken;
  word_fetch_t counter_fetch;
  logic counter_fetched;
  logic [31:0] counter_word;

  assign axil_request = '{
          awvalid: s_axil_awvalid,
          awaddr: s_axil_awaddr,
          wvalid: s_axil_wvalid,
          wdata: s_axil_wdata,
          wstrb: s_axil_wstrb,
          bready: s_axil_bready,
          arvalid: s_axil_arvalid,
          araddr: s_axil_araddr,
          rready: s_axil_rready
      };
  assign s_axil_awready = axil_response.awready;
  assign s_axil_wready  = axil_response.wready;
  assign s_axil_bvalid  = axil_response.bvalid;
  assign s_axil_bresp   = axil_response.bresp;
  assign s_axil_arready = axil_response.arready;
  assign s_axil_rvalid  = axil_response.rvalid;
  assign s_axil_rdata   = axil_response.rdata;
  assign s_axil_rresp   = axil_response.rresp;

  moe_registers u_registers (
      .clk_i,
      .rst_ni,
      .axil_request_i   (axil_request),
      .axil_response_o  (axil_response),
      .hwif_in          (to_registers),
      .hwif_out         (settings),
      .bank_data_valid_o(bank_data_valid),
      .learn_seed_valid_o   (learn_seed_valid),
      .learn_correct_valid_o(learn_correct_valid),
      .bank_read_taken_o    (bank_read_taken),
      .counter_fetch_o      (counter_fetch),
      .counter_fetched_i    (counter_fetched),
      .irq_o
  );

  // ---- Banks ------------------------------------------------------------------------------------------------
  logic wr_clk;
  weight_write_t write;
  bank_status_t bank_status;
  logic [BankW-1:0] selected;
  logic [Banks-1:0] bank_valid, bank_busy, bank_drop, learning_bank;
  logic learning;  // a session is open, or its last lesson is not over
  logic memory_on;

  // Baked weights cannot be loaded. Known a cycle late, when no image uses a bank: without supply the domain is off.
  always_ff @(posedge clk_i) begin
    memory_on <= rst_ni && !Baked && pd_memory_o[DomainLe] && (LocalOnly || pd_memory_o[DomainGn]);
  end

  assign selected = settings.bank_select.bank.value;

  bank_loader #(
      .Banks        (Banks),
      .Words        (BankPayloadWords),
      .Segments     (BankSegments),
      .GeDigest     (GeDigest),
      .LayoutDigest (LayoutDigest),
      .SegmentLayer (BankSegmentLayer),
      .SegmentBias  (BankSegmentBias),
      .SegmentWords (BankSegmentWords),
      .SegmentChunks(BankSegmentChunks)
  ) u_bank_loader (
      .clk_i,
      .rst_ni,
      .start_i     (settings.bank_command.start.value),
      .commit_i    (settings.bank_command.commit.value),
      .activate_i  (settings.bank_command.activate.value),
      .invalidate_i(settings.bank_command.invalidate.value),
      .target_i    (settings.bank_target.bank.value),
      .word_valid_i(bank_data_valid),
      .word_i      (settings.bank_data.word.value),
      .select_i    (selected),
      .busy_i      (bank_busy | learning_bank),
      .memory_on_i (memory_on),
      .drop_i      (bank_drop),
      .write_o     (write),
      .valid_o     (bank_valid),
      .status_o    (bank_status)
  );

  // The write clock runs for a write only and the cycle behind it, in which it reaches the cells (runtime_memory), and
  // while something is learned: nothing moves in a sleeping domain whose memories keep their supply.
  logic written_q;
  always_ff @(posedge clk_i) written_q <= rst_ni && write.enable;

  clock_gate u_write_clock_gate (
      .clk_i   (clk_i),
      .enable_i(write.enable || written_q || learning),
      .clk_o   (wr_clk)
  );

  logic [BankW-1:0] selected_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) selected_q <= '0;
    else selected_q <= selected;
  end

  // ---- Learning, and reading a bank back --------------------------------------------------------------------
  weight_read_t read;
  weight_read_data_t read_data;
  lesson_events_t lesson_events, lesson_events_q;
  logic session_open_q, lessons;
  learn_settings_t learn_settings;
  correction_t correction;
  learn_status_t session_status;
  lesson_counters_t lesson_counters;
  logic session, session_opened, session_open;
  logic [LocalExpertW-1:0] session_expert;
  logic reader_start, reader_done, reader_valid, reader_busy, correcting, correction_refused;
  logic [31:0] reader_word;
  logic [RandomW-1:0] random;
  logic [BankW-1:0] session_bank;
  logic [31:0] reader_crc, crc_q;

  // What happens to lessons is seen a cycle late. Lessons begin in an open session only, so that it counts as one for a
  // cycle more: nobody takes the last lesson for over before it is seen.
  always_ff @(posedge clk_i) begin
    lesson_events_q <= rst_ni ? lesson_events : '0;
    session_open_q  <= rst_ni && session_open;
  end
  assign lessons = lesson_events_q.open || session_open_q;

  learn_control #(
      .Banks       (Banks),
      .LocalExperts(LocalExperts),
      .Learn       (Learn)
  ) u_learn_control (
      .clk_i,
      .rst_ni,
      .start_i       (settings.learn_command.start.value),
      .commit_i      (settings.learn_command.commit.value),
      .activate_i    (settings.learn_command.activate.value),
      .cancel_i      (settings.learn_command.cancel.value),
      .bank_i        (settings.learn_session.bank.value),
      .expert_i      (settings.learn_session.expert.value),
      .bank_valid_i  (bank_valid),
      .bank_protect_i(settings.bank_protect.protect.value[Banks-1:0]),
      .learn_on_i    (memory_on),
      .lessons_i     (lessons),
      .reader_start_o(reader_start),
      .reader_done_i (reader_done),
      .opened_o      (session_opened),
      .active_o      (session),
      .open_o        (session_open),
      .bank_o        (session_bank),
      .expert_o      (session_expert),
      .drop_o        (bank_drop),
      .status_o      (session_status)
  );

  // Nobody reads a bank back while it learns, also if that began before; a commit reads it through by itself.
  logic committing_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) committing_q <= 1'b0;
    else if (reader_start) committing_q <= 1'b1;
    else if (reader_done || !session) committing_q <= 1'b0;
  end

  // A word that was read is taken a cycle later, and until then no longer shown as ready.
  logic bank_read_taken_q;
  always_ff @(posedge clk_i) bank_read_taken_q <= rst_ni && bank_read_taken && !bank_read_taken_q;

  // What starts and ends reading is decided far from the reader, which does it a cycle later.
  logic reader_start_q, reader_abort_q;
  logic [BankW-1:0] reader_bank_q;
  always_ff @(posedge clk_i) begin
    reader_start_q <= rst_ni && (reader_start || (settings.bank_read_command.start.value && !session));
    reader_abort_q <= rst_ni && ((|bank_drop) || session_open);
    reader_bank_q  <= reader_start ? session_bank : settings.bank_target.bank.value;
  end

  bank_reader #(
      .Words        (BankPayloadWords),
      .Segments     (BankSegments),
      .GeDigest     (GeDigest),
      .LayoutDigest (LayoutDigest),
      .SegmentLayer (BankSegmentLayer),
      .SegmentBias  (BankSegmentBias),
      .SegmentWords (BankSegmentWords),
      .SegmentChunks(BankSegmentChunks)
  ) u_bank_reader (
      .clk_i,
      .rst_ni,
      .start_i(reader_start_q),
      .abort_i(reader_abort_q),
      .bank_i (reader_bank_q),
      .next_i (committing_q || bank_read_taken_q),
      .valid_o(reader_valid),
      .word_o (reader_word),
      .busy_o (reader_busy),
      .done_o (reader_done),
      .crc_o  (reader_crc),
      .read_o (read),
      .read_i (read_data)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) crc_q <= '0;
    else if (session_status.committed) crc_q <= reader_crc;
  end

  lesson_counters u_lesson_counters (
      .clk_i,
      .rst_ni,
      .clear_i   (session_opened),
      .events_i  (lesson_events_q),
      .counters_o(lesson_counters)
  );

  assign learning = session || lessons;

  for (genvar b = 0; b < Banks; b++) begin : gen_learning_bank
    assign learning_bank[b] = learning && session_bank == BankW'(b);
  end

  assign learn_settings = '{
          open: session_open,
          bank: session_bank,
          expert: session_expert,
          local_rule: '{
              own_margin: settings.learn_local.margin.value,
              generic_margin: '0,
              shift: settings.learn_local.shift.value
          },
          gate_rule: '{
              own_margin: settings.learn_gate.margin.value,
              generic_margin: settings.learn_generic.margin.value,
              shift: settings.learn_gate.shift.value
          }
      };

  assign correction = '{
          valid: learn_correct_valid && !correcting,
          sequence_number: settings.learn_correct.sequence_number.value,
          label: '{
              valid: 1'b1,
              gate: settings.learn_correct.gate.value,
              own: settings.learn_correct.own.value,
              label: settings.learn_correct.label.value
          }
      };
  learn_view_t learn_view;
  assign learn_view = '{
          session: session_status,
          counters: lesson_counters,
          random: random,
          crc: crc_q,
          correcting: correcting,
          lessons: lesson_events_q.open || correcting,
          correction_refused: correction_refused || (learn_correct_valid && correcting),
          bad_label: lesson_events_q.bad_label,
          read_ready: reader_valid && !committing_q && !bank_read_taken_q,
          read_busy: reader_busy,
          read_word: reader_word
      };

  // ---- Power ------------------------------------------------------------------------------------------------
  mode_e mode;
  logic accept, mode_pending, mode_changed, ge_work;
  logic [InFlightW-1:0] in_flight;
  logic [Domains-1:0] want, idle, quiet, ready, off, wake, domain_clk;
  logic [Domains-1:0] ack_meta_q, ack_q;
  power_status_t [Domains-1:0] power;

  // Memories are read in their domain's clock: it wakes for that.
  logic [Domains-1:0] read_back;
  always_comb begin
    read_back           = '0;
    read_back[DomainLe] = reader_busy;
    read_back[DomainGn] = reader_busy;
  end

  power_manager #(
      .LocalOnly(LocalOnly)
  ) u_power_manager (
      .clk_i,
      .rst_ni,
      .mode_i     (settings.mode.mode.value),
      .idle_i     (settings.power_idle.cycles.value),
      .force_on_i (settings.power_control.force_on.value | read_back),
      .in_flight_i(in_flight != '0),
      .ge_work_i  (ge_work),
      .quiet_i    (quiet),
      .on_i       (ready),
      .off_i      (off),
      .mode_o     (mode),
      .accept_o   (accept),
      .want_o     (want),
      .idle_o     (idle),
      .pending_o  (mode_pending),
      .changed_o  (mode_changed)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) {ack_q, ack_meta_q} <= '0;
    else {ack_q, ack_meta_q} <= {ack_meta_q, pd_ack_i};
  end

  for (genvar d = 0; d < Domains; d++) begin : gen_domain
    logic retained;

    power_sequencer u_sequencer (
        .clk_i,
        .rst_ni,
        .on_i         (want[d]),
        .idle_i       (idle[d]),
        .retain_i     (settings.power_control.retain.value),
        .delay_i      (settings.power_delay.cycles.value),
        .timeout_i    (settings.power_timeout.cycles.value),
        .clear_error_i(settings.power_command.clear_error.value),
        .switch_ack_i (ack_q[d]),
        .accept_o     (ready[d]),
        .clk_en_o     (pd_clk_en_o[d]),
        .rst_no       (pd_rst_no[d]),
        .isolate_o    (pd_isolate_o[d]),
        .save_o       (pd_save_o[d]),
        .restore_o    (pd_restore_o[d]),
        .retain_o     (retained),
        .switch_on_o  (pd_switch_o[d]),
        .state_o      (power[d].state),
        .on_o         (power[d].on),
        .off_o        (off[d]),
        .error_o      (power[d].error),
        .timeout_o    (power[d].timeout),
        .wake_o       (wake[d])
    );

    // Memories are supplied as long as retention is chosen, so that a sleeping user's weights stay and can be replaced.
    assign pd_memory_o[d] = pd_switch_o[d] || retained || settings.power_control.retain.value;

    clock_gate u_clock_gate (
        .clk_i   (clk_i),
        .enable_i(pd_clk_en_o[d]),
        .clk_o   (domain_clk[d])
    );
  end

  // ---- Core -------------------------------------------------------------------------------------------------
  core_events_t events, events_q;
  logic pixel_last;

  // Counted a cycle late.
  always_ff @(posedge clk_i) events_q <= rst_ni ? events : '0;

  moe_core u_core (
      .clk_i,
      .rst_ni,
      .mode_i          (mode),
      .bank_i          (selected),
      .bank_valid_i    (bank_valid),
      .local_expert_i  (settings.local_expert.index.value),
      .theta_i         (settings.theta.value.value),
      .ge_enable_i     (settings.expert_enable.ge.value),
      .le_enable_i     (settings.expert_enable.le.value),
      .accept_i        (accept),
      .fe_clk_i        (domain_clk[DomainFe]),
      .ge_clk_i        (domain_clk[DomainGe]),
      .le_clk_i        (domain_clk[DomainLe]),
      .gn_clk_i        (domain_clk[DomainGn]),
      .domain_rst_ni   (pd_rst_no),
      .isolate_i       (pd_isolate_o),
      .ge_work_o       (ge_work),
      .quiet_o         (quiet),
      .events_o        (events),
      .in_flight_o     (in_flight),
      .bank_busy_o     (bank_busy),
      .wr_clk_i        (wr_clk),
      .write_i         (write),
      .read_i          (read),
      .read_o          (read_data),
      .learn_i         (learn_settings),
      .random_load_i   (learn_seed_valid && settings.learn_seed.value.value != '0),
      .random_i        (settings.learn_seed.value.value),
      .random_o        (random),
      .lesson_o        (lesson_events),
      .correct_i       (correction),
      .correct_busy_o  (correcting),
      .correct_refused_o(correction_refused),
      .s_axis_tvalid,
      .s_axis_tready,
      .s_axis_tdata,
      .s_axis_tlast    (pixel_last),
      .s_axis_tuser,
      .m_axis_tvalid,
      .m_axis_tready,
      .m_axis_tdata
  );

  // ---- Framing ----------------------------------------------------------------------------------------------
  result_t result;
  logic result_taken;

  assign result       = result_t'(m_axis_tdata);
  assign result_taken = m_axis_tvalid && m_axis_tready;

  stream_framing #(
      .Beats(ImageBeats)
  ) u_framing (
      .clk_i,
      .rst_ni,
      .by_length_i   (settings.pixel_framing.by_length.value),
      .pixel_taken_i (s_axis_tvalid && s_axis_tready),
      .pixel_last_i  (s_axis_tlast),
      .pixel_last_o  (pixel_last),
      .results_i     (settings.result_packet.results.value),
      .restart_i     (settings.result_packet.results.swmod),
      .result_taken_i(result_taken),
      .result_last_o (m_axis_tlast)
  );

  // ---- Counters ---------------------------------------------------------------------------------------------
  activity_counters u_counters (
      .clk_i,
      .rst_ni,
      .snapshot_i      (settings.counter_snapshot.snapshot.value),
      .clear_i         (settings.counter_snapshot.clear.value),
      .pixel_valid_i   (s_axis_tvalid),
      .pixel_ready_i   (s_axis_tready),
      .result_valid_i  (m_axis_tvalid),
      .result_ready_i  (m_axis_tready),
      .result_i        (result),
      .bank_swap_i     (selected != selected_q),
      .bank_write_i    (write.enable),
      .events_i        (events_q),
      .domain_on_i     (pd_switch_o),
      .domain_wake_i   (wake),
      .fetch_i         (counter_fetch),
      .fetched_o       (counter_fetched),
      .word_o          (counter_word)
  );

  register_view u_view (
      .mode_i        (mode),
      .mode_pending_i(mode_pending),
      .mode_changed_i(mode_changed),
      .in_flight_i   (in_flight),
      .bank_valid_i  (bank_valid),
      .bank_i        (bank_status),
      .power_i       (power),
      .result_taken_i(result_taken),
      .result_i      (result),
      .counter_word_i(counter_word),
      .learn_i       (learn_view),
      .registers_o   (to_registers)
  );

  // Strobes and event bits that the register block keeps to itself.
  logic unused_settings;
  assign unused_settings = ^settings;
endmodule
