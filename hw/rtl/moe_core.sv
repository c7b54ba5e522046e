// SPDX-License-Identifier: Apache-2.0
/// Mixture-of-experts accelerator with switched power domains: datapath, queues and mux.
///
///   pixels -> ingress -> front end -> router -+-> feature store -> global expert -> queue -+
///                |                            +-> local expert(s) ---------------> queue -+-> mux -> results
///                |                            +-> gating network (confidences) --> queue -+
///                +---- descriptor of each image ------------------------------------------+
///
/// One instance per power domain: u_front_end (PD_FE), u_ge (PD_GE), gen_le[*].u_le (PD_LE), u_gn (PD_GN), each with
/// a clock and a reset of its own, and all of its outputs behind an isolation_clamp; everything else is always on (PD_AON).
/// What goes into a domain is masked by the same signal: it must not take a word whose ready the clamp hides, and
/// data for others must not toggle its logic (operand isolation).
/// Shapes, widths and folding come from the generated package moe_pkg.
///
/// Initiation interval: that of the slowest layer that runs in the mode. Results come in input order, one an image.
///
/// Protocol
///   s_axis_*  AXI4-Stream pixels, row by row; TLAST on the last pixel of an image
///   m_axis_*  AXI4-Stream results: [7:0] class, [11:8] expert (0 = GE), [15:12] status, [19:16] bank,
///             [31:20] sequence number (status: see accel_pkg::status_t)
///   mode_i, bank_i, local_expert_i, theta_i, *_enable_i  sampled at the first pixel of each image
///   bank_valid_i  which banks hold complete weights
///   accept_i      images may be accepted; the owner of the domains keeps those on that an accepted image needs
///   *_clk_i, domain_rst_ni, isolate_i  of each domain, see power_sequencer; an isolated domain takes nothing and offers nothing
///   ge_work_o     the GE has an image or one waits for it: how a sleeping GE is woken
///   quiet_o       no layer of a domain works in this cycle
///   events_o      what happens in this cycle, for the counters (moe_pkg::core_events_t)
///   in_flight_o   images whose descriptor was issued and whose result is not formed
///   bank_busy_o   banks that an image in flight uses
///   write_i       run-time weights (accel_pkg::weight_write_t) on wr_clk_i (clk_i, or gated with write_i.enable), also while LE
///                 and GN sleep. Never write a bank that an image in flight uses.
/// Does not: decide when a domain sleeps; power_manager does.
module moe_core
  import accel_pkg::*;
  import moe_pkg::*;
(
    input  logic                     clk_i,
    input  logic                     rst_ni,
    // Settings
    input  logic [ModeW-1:0]         mode_i,
    input  logic [BankW-1:0]         bank_i,
    input  logic [Banks-1:0]         bank_valid_i,
    input  logic [LocalExpertW-1:0]  local_expert_i,
    input  logic signed [ThetaW-1:0] theta_i,
    input  logic                     ge_enable_i,
    input  logic [MaxLocalExperts-1:0] le_enable_i,
    input  logic                     accept_i,
    // Power domains, in the order of accel_pkg
    input  logic                     fe_clk_i,
    input  logic                     ge_clk_i,
    input  logic                     le_clk_i,
    input  logic                     gn_clk_i,
    input  logic [Domains-1:0]       domain_rst_ni,
    input  logic [Domains-1:0]       isolate_i,
    output logic                     ge_work_o,
    output logic [Domains-1:0]       quiet_o,
    // What is going on
    output core_events_t             events_o,
    output logic [InFlightW-1:0]     in_flight_o,
    output logic [Banks-1:0]         bank_busy_o,
    // Run-time weights
    input  logic                     wr_clk_i,
    input  weight_write_t            write_i,
    // Pixels
    input  logic                     s_axis_tvalid,
    output logic                     s_axis_tready,
    input  logic [PixelW-1:0]        s_axis_tdata,
    input  logic                     s_axis_tlast,
    // Results
    output logic                     m_axis_tvalid,
    input  logic                     m_axis_tready,
    output logic [31:0]              m_axis_tdata
);
  localparam int unsigned Tags       = InFlight;
  localparam int unsigned FrameWords = FeatureHeight * FeatureWidth * FeatureChannels / FeatureLanes;
  localparam int unsigned FeatW      = FeatureLanes * FeatureW;
  localparam int unsigned Outputs    = LocalExperts + 2;
  localparam int unsigned ToGe       = 0;
  localparam int unsigned ToGate     = LocalExperts + 1;

  // ---- Ingress: pixels and descriptors ----------------------------------------------------------------------
  logic image_valid, image_ready, route_in_ready, mux_in_ready;
  logic pixel_valid, pixel_ready, status_valid, status_short, status_long;
  logic [PixelW-1:0] pixel;
  image_t image;

  image_ingress #(
      .Beats       (ImageBeats),
      .PixelW      (PixelW),
      .LocalExperts(LocalExperts),
      .Banks       (Banks)
  ) u_ingress (
      .clk_i,
      .rst_ni,
      .mode_i        (accept_i ? mode_e'(mode_i) : ModeOff),
      .bank_i,
      .bank_valid_i  (Baked ? Banks'(1) : bank_valid_i),
      .local_expert_i,
      .theta_i,
      .ge_enable_i,
      .le_enable_i,
      .s_valid_i     (s_axis_tvalid),
      .s_ready_o     (s_axis_tready),
      .s_data_i      (s_axis_tdata),
      .s_last_i      (s_axis_tlast),
      .image_valid_o (image_valid),
      .image_ready_i (image_ready),
      .image_o       (image),
      .pixel_valid_o (pixel_valid),
      .pixel_ready_i (pixel_ready),
      .pixel_o       (pixel),
      .status_valid_o(status_valid),
      .status_short_o(status_short),
      .status_long_o (status_long)
  );

  // Both queues take the descriptor in the same cycle.
  assign image_ready = route_in_ready && mux_in_ready;

  logic route_valid, route_ready, mux_valid, mux_ready;
  image_t route_image, mux_image;

  stream_fifo #(
      .Width($bits(image_t)),
      .Depth(InFlight)
  ) u_route_queue (
      .clk_i,
      .rst_ni,
      .in_valid_i (image_valid && image_ready),
      .in_ready_o (route_in_ready),
      .in_data_i  (image),
      .out_valid_o(route_valid),
      .out_ready_i(route_ready),
      .out_data_o (route_image)
  );

  stream_fifo #(
      .Width($bits(image_t)),
      .Depth(InFlight)
  ) u_mux_queue (
      .clk_i,
      .rst_ni,
      .in_valid_i (image_valid && image_ready),
      .in_ready_o (mux_in_ready),
      .in_data_i  (image),
      .out_valid_o(mux_valid),
      .out_ready_i(mux_ready),
      .out_data_o (mux_image)
  );

  // ---- Images in flight -------------------------------------------------------------------------------------
  logic done;
  logic [3:0] in_flight_q;

  assign events_o.image_accepted = image_valid && image_ready;
  assign done             = mux_valid && mux_ready;
  assign in_flight_o      = in_flight_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) in_flight_q <= '0;
    else in_flight_q <= in_flight_q + 4'(events_o.image_accepted) - 4'(done);
  end

  for (genvar b = 0; b < Banks; b++) begin : gen_bank_busy
    logic [3:0] count_q;
    logic enter, leave;
    assign enter = events_o.image_accepted && (|image.use_le) && image.bank == BankW'(b);
    assign leave = done && (|mux_image.use_le) && mux_image.bank == BankW'(b);
    assign bank_busy_o[b] = count_q != '0;

    always_ff @(posedge clk_i) begin
      if (!rst_ni) count_q <= '0;
      else count_q <= count_q + 4'(enter) - 4'(leave);
    end
  end

  // ---- PD_FE: front end -------------------------------------------------------------------------------------
  localparam int unsigned FeOutputs = 2 + FeatW + $bits(events_o.fe);
  logic feature_valid, feature_ready, fe_in_ready, fe_out_valid;
  logic [FeatW-1:0] feature, fe_out_data;
  activity_t [FrontLayers-1:0] fe_activity;

  front_end u_front_end (
      .clk_i      (fe_clk_i),
      .rst_ni     (domain_rst_ni[DomainFe]),
      .in_valid_i (pixel_valid && !isolate_i[DomainFe]),
      .in_ready_o (fe_in_ready),
      .in_data_i  (isolate_i[DomainFe] ? '0 : pixel),
      .out_valid_o(fe_out_valid),
      .out_ready_i(feature_ready),
      .out_data_o (fe_out_data),
      .activity_o (fe_activity)
  );

  isolation_clamp #(
      .Width(FeOutputs)
  ) u_fe_isolation (
      .isolate_i(isolate_i[DomainFe]),
      .data_i   ({fe_in_ready, fe_out_valid, fe_out_data, fe_activity}),
      .data_o   ({pixel_ready, feature_valid, feature, events_o.fe})
  );

  // ---- Router -----------------------------------------------------------------------------------------------
  logic [Outputs-1:0] routed_valid, routed_ready, frame_start;
  logic [FeatW-1:0] routed;

  feature_router #(
      .Width       (FeatW),
      .FrameWords  (FrameWords),
      .LocalExperts(LocalExperts)
  ) u_router (
      .clk_i,
      .rst_ni,
      .image_valid_i  (route_valid),
      .image_ready_o  (route_ready),
      .image_i        (route_image),
      .feature_valid_i(feature_valid),
      .feature_ready_o(feature_ready),
      .feature_i      (feature),
      .out_valid_o    (routed_valid),
      .out_ready_i    (routed_ready),
      .out_data_o     (routed),
      .frame_start_o  (frame_start)
  );

  // ---- PD_GE: global expert behind its feature store --------------------------------------------------------
  logic keep_valid, keep_ready, stored_valid, stored_ready;
  logic ge_out_valid, ge_out_ready, ge_valid, ge_ready, ge_taken;
  logic [FeatW-1:0] stored;
  logic [7:0] ge_out_class, ge_class;
  logic [3:0] gate_out_expert;

  feature_store #(
      .Width     (FeatW),
      .FrameWords(FrameWords),
      .Frames    (2),
      .Tags      (Tags)
  ) u_feature_store (
      .clk_i,
      .rst_ni,
      .frame_valid_i   (frame_start[ToGe]),
      .frame_gated_i   (route_image.gated),
      .in_valid_i      (routed_valid[ToGe]),
      .in_ready_o      (routed_ready[ToGe]),
      .in_data_i       (routed),
      .decision_valid_i(keep_valid),
      .decision_ready_o(keep_ready),
      .decision_keep_i (gate_out_expert == '0),
      .out_valid_o     (stored_valid),
      .out_ready_i     (stored_ready),
      .out_data_o      (stored)
  );

  assign events_o.store_write = routed_valid[ToGe] && routed_ready[ToGe];
  assign ge_taken      = stored_valid && stored_ready;
  assign events_o.store_read  = ge_taken;

  localparam int unsigned GeOutputs = 2 + 8 + $bits(events_o.ge);
  logic ge_raw_ready, ge_raw_valid;
  logic [7:0] ge_raw_class;
  activity_t [GeLayers-1:0] ge_activity;

  global_expert u_ge (
      .clk_i      (ge_clk_i),
      .rst_ni     (domain_rst_ni[DomainGe]),
      .in_valid_i (stored_valid && !isolate_i[DomainGe]),
      .in_ready_o (ge_raw_ready),
      .in_data_i  (isolate_i[DomainGe] ? '0 : stored),
      .out_valid_o(ge_raw_valid),
      .out_ready_i(ge_out_ready),
      .out_class_o(ge_raw_class),
      .activity_o (ge_activity)
  );

  isolation_clamp #(
      .Width(GeOutputs)
  ) u_ge_isolation (
      .isolate_i(isolate_i[DomainGe]),
      .data_i   ({ge_raw_ready, ge_raw_valid, ge_raw_class, ge_activity}),
      .data_o   ({stored_ready, ge_out_valid, ge_out_class, events_o.ge})
  );

  // Images in the GE, from their first word to their class.
  localparam int unsigned FrameW = $clog2(FrameWords + 1);
  logic [FrameW-1:0] ge_word_q;
  logic [3:0] ge_images_q;
  logic ge_enter, ge_leave;

  assign ge_enter  = ge_taken && ge_word_q == '0;
  assign ge_leave  = ge_out_valid && ge_out_ready;
  assign ge_work_o = stored_valid || ge_images_q != '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ge_word_q   <= '0;
      ge_images_q <= '0;
    end else begin
      if (ge_taken) ge_word_q <= (ge_word_q == FrameW'(FrameWords - 1)) ? '0 : ge_word_q + 1'b1;
      ge_images_q <= ge_images_q + 4'(ge_enter) - 4'(ge_leave);
    end
  end

  stream_fifo #(
      .Width(8),
      .Depth(InFlight)
  ) u_ge_queue (
      .clk_i,
      .rst_ni,
      .in_valid_i (ge_out_valid),
      .in_ready_o (ge_out_ready),
      .in_data_i  (ge_out_class),
      .out_valid_o(ge_valid),
      .out_ready_i(ge_ready),
      .out_data_o (ge_class)
  );

  // ---- PD_LE: local experts ---------------------------------------------------------------------------------
  logic [LocalExperts-1:0] le_valid, le_ready, conf_valid;
  logic conf_taken;  // all confidences of an image go to the gate together
  logic [LocalExperts-1:0][7:0] le_class;
  logic [LocalExperts-1:0][2*FeatureW-1:0] confidence;

  for (genvar i = 0; i < LocalExperts; i++) begin : gen_le
    localparam int unsigned LeOutputs = 2 + 8 + 2 * FeatureW + $bits(activity_t);
    logic raw_in_ready, raw_out_valid;
    logic [7:0] raw_class;
    logic [FeatureW-1:0] raw_top, raw_margin;
    activity_t raw_activity;
    logic out_valid, out_ready, to_gate_valid, to_gate, to_gate_in_ready, fork_valid;
    logic [1:0] fork_out_valid;
    logic [7:0] out_class;
    logic [FeatureW-1:0] out_top, out_margin;
    logic [8+2*FeatureW-1:0] forked;
    logic queue_ready;

    local_expert #(
        .Height         (FeatureHeight),
        .Width          (FeatureWidth),
        .Channels       (FeatureChannels),
        .Lanes          (FeatureLanes),
        .PoolSize       (LePoolSize),
        .Classes        (Classes),
        .Pe             (LePe),
        .Simd           (LeSimd),
        .ActW           (FeatureW),
        .WgtW           (LeWgtW),
        .BiasW          (LeBiasW),
        .AccW           (LeAccW),
        .Banks          (Banks),
        .Multiplier     (LeMultiplier),
        .ConfidenceShift(ConfidenceShift),
        .Tags           (Tags),
        .Layer          (LayerW'(LayerLocalExpert + i)),
        .Baked          (Baked),
        .WeightFile     ({"le", 8'("0" + i), "_weight.mem"}),
        .BiasFile       ({"le", 8'("0" + i), "_bias.mem"})
    ) u_le (
        .clk_i        (le_clk_i),
        .rst_ni       (domain_rst_ni[DomainLe]),
        .wr_clk_i,
        .write_i,
        .frame_start_i(frame_start[1+i] && !isolate_i[DomainLe]),
        .bank_i       (isolate_i[DomainLe] ? '0 : route_image.bank),
        .in_valid_i   (routed_valid[1+i] && !isolate_i[DomainLe]),
        .in_ready_o   (raw_in_ready),
        .in_data_i    (isolate_i[DomainLe] ? '0 : routed),
        .out_valid_o  (raw_out_valid),
        .out_ready_i  (out_ready),
        .out_class_o  (raw_class),
        .out_top_o    (raw_top),
        .out_margin_o (raw_margin),
        .activity_o   (raw_activity)
    );

    isolation_clamp #(
        .Width(LeOutputs)
    ) u_isolation (
        .isolate_i(isolate_i[DomainLe]),
        .data_i   ({raw_in_ready, raw_out_valid, raw_class, raw_top, raw_margin, raw_activity}),
        .data_o   ({routed_ready[1+i], out_valid, out_class, out_top, out_margin, events_o.le[i]})
    );

    // Remembers, image by image, whether the gate wants this expert's confidence.
    stream_fifo #(
        .Width(1),
        .Depth(Tags)
    ) u_to_gate (
        .clk_i,
        .rst_ni,
        .in_valid_i (frame_start[1+i]),
        .in_ready_o (to_gate_in_ready),
        .in_data_i  (route_image.use_gate && GateConfidence),
        .out_valid_o(to_gate_valid),
        .out_ready_i(out_valid && out_ready),
        .out_data_o (to_gate)
    );

    assign fork_valid = out_valid && to_gate_valid;

    logic fork_ready;
    assign out_ready = fork_ready && to_gate_valid;

    stream_fork #(
        .Width  (8 + 2 * FeatureW),
        .Outputs(2)
    ) u_fork (
        .clk_i,
        .rst_ni,
        .in_valid_i (fork_valid),
        .in_ready_o (fork_ready),
        .in_data_i  ({out_margin, out_top, out_class}),
        .in_select_i({to_gate, 1'b1}),
        .out_valid_o(fork_out_valid),
        .out_ready_i({conf_taken, queue_ready}),
        .out_data_o (forked)
    );

    stream_fifo #(
        .Width(8),
        .Depth(InFlight)
    ) u_queue (
        .clk_i,
        .rst_ni,
        .in_valid_i (fork_out_valid[0]),
        .in_ready_o (queue_ready),
        .in_data_i  (forked[7:0]),
        .out_valid_o(le_valid[i]),
        .out_ready_i(le_ready[i]),
        .out_data_o (le_class[i])
    );

    assign conf_valid[i] = fork_out_valid[1];
    assign confidence[i] = forked[8+:2*FeatureW];

    // One tag per image in flight always fits.
    logic unused_tag_ready;
    assign unused_tag_ready = to_gate_in_ready;
  end

  // ---- PD_GN: gate ------------------------------------------------------------------------------------------
  localparam int unsigned GnOutputs = 3 + 4 + $bits(events_o.gn);
  logic gn_raw_ready, gn_raw_conf_ready, gn_raw_valid;
  logic [3:0] gn_raw_expert;
  activity_t [GateLayers-1:0] gn_activity;
  logic gn_tag_valid, gn_gated, gn_conf_ready, gn_tag_in_ready;
  logic signed [ThetaW-1:0] gn_theta;
  logic gate_out_valid, gate_out_ready, gate_queue_ready, gate_valid, gate_ready, gate_fork_ready;
  logic [1:0] gate_fork_valid;
  logic [3:0] gate_expert;

  assign conf_taken = gn_conf_ready && (&conf_valid);

  stream_fifo #(
      .Width(1 + ThetaW),
      .Depth(Tags)
  ) u_gate_tags (
      .clk_i,
      .rst_ni,
      .in_valid_i (frame_start[ToGate]),
      .in_ready_o (gn_tag_in_ready),
      .in_data_i  ({route_image.gated, route_image.theta}),
      .out_valid_o(gn_tag_valid),
      .out_ready_i(gate_out_valid && gate_out_ready),
      .out_data_o ({gn_gated, gn_theta})
  );

  gating_network #(
      .Height      (FeatureHeight),
      .Width       (FeatureWidth),
      .Channels    (FeatureChannels),
      .Lanes       (FeatureLanes),
      .PoolSize    (GatePoolSize),
      .LocalExperts(LocalExperts),
      .Confidence  (GateConfidence),
      .Hidden      (GateHidden),
      .HiddenPe    (GateHiddenPe),
      .HiddenSimd  (GateHiddenSimd),
      .HiddenAccW  (GateHiddenAccW),
      .HiddenShift (GateHiddenShift),
      .HiddenMultiplier(GateHiddenMultiplier),
      .OutPe       (GateOutPe),
      .OutSimd     (GateOutSimd),
      .OutAccW     (GateOutAccW),
      .OutMultiplier(GateOutMultiplier),
      .ActW        (FeatureW),
      .WgtW        (GateWgtW),
      .BiasW       (GateBiasW),
      .Banks       (Banks),
      .Tags        (Tags),
      .Baked       (Baked),
      .HiddenWeightFile("gate_hidden_weight.mem"),
      .HiddenBiasFile("gate_hidden_bias.mem"),
      .OutWeightFile("gate_out_weight.mem"),
      .OutBiasFile ("gate_out_bias.mem")
  ) u_gn (
      .clk_i             (gn_clk_i),
      .rst_ni            (domain_rst_ni[DomainGn]),
      .wr_clk_i,
      .write_i,
      .frame_start_i     (frame_start[ToGate] && !isolate_i[DomainGn]),
      .bank_i            (isolate_i[DomainGn] ? '0 : route_image.bank),
      .theta_i           (isolate_i[DomainGn] ? '0 : gn_theta),
      .in_valid_i        (routed_valid[ToGate] && !isolate_i[DomainGn]),
      .in_ready_o        (gn_raw_ready),
      .in_data_i         (isolate_i[DomainGn] ? '0 : routed),
      .confidence_valid_i((&conf_valid) && !isolate_i[DomainGn]),
      .confidence_ready_o(gn_raw_conf_ready),
      .confidence_i      (isolate_i[DomainGn] ? '0 : confidence),
      .out_valid_o       (gn_raw_valid),
      .out_ready_i       (gate_out_ready),
      .out_expert_o      (gn_raw_expert),
      .activity_o        (gn_activity)
  );

  isolation_clamp #(
      .Width(GnOutputs)
  ) u_gn_isolation (
      .isolate_i(isolate_i[DomainGn]),
      .data_i   ({gn_raw_ready, gn_raw_conf_ready, gn_raw_valid, gn_raw_expert, gn_activity}),
      .data_o   ({routed_ready[ToGate], gn_conf_ready, gate_out_valid, gate_out_expert, events_o.gn})
  );

  assign gate_out_ready = gate_fork_ready && gn_tag_valid;

  logic [3:0] gate_forked;
  stream_fork #(
      .Width  (4),
      .Outputs(2)
  ) u_gate_fork (
      .clk_i,
      .rst_ni,
      .in_valid_i (gate_out_valid && gn_tag_valid),
      .in_ready_o (gate_fork_ready),
      .in_data_i  (gate_out_expert),
      .in_select_i({gn_gated, 1'b1}),
      .out_valid_o(gate_fork_valid),
      .out_ready_i({keep_ready, gate_queue_ready}),
      .out_data_o (gate_forked)
  );

  assign keep_valid = gate_fork_valid[1];

  stream_fifo #(
      .Width(4),
      .Depth(InFlight)
  ) u_gate_queue (
      .clk_i,
      .rst_ni,
      .in_valid_i (gate_fork_valid[0]),
      .in_ready_o (gate_queue_ready),
      .in_data_i  (gate_forked),
      .out_valid_o(gate_valid),
      .out_ready_i(gate_ready),
      .out_data_o (gate_expert)
  );

  // ---- Mux --------------------------------------------------------------------------------------------------
  logic length_valid, length_ready, length_short, length_long, length_in_ready;
  result_t result;

  stream_fifo #(
      .Width(2),
      .Depth(InFlight)
  ) u_status_queue (
      .clk_i,
      .rst_ni,
      .in_valid_i (status_valid),
      .in_ready_o (length_in_ready),
      .in_data_i  ({status_short, status_long}),
      .out_valid_o(length_valid),
      .out_ready_i(length_ready),
      .out_data_o ({length_short, length_long})
  );

  expert_mux #(
      .LocalExperts(LocalExperts)
  ) u_mux (
      .clk_i,
      .rst_ni,
      .image_valid_i (mux_valid),
      .image_ready_o (mux_ready),
      .image_i       (mux_image),
      .status_valid_i(length_valid),
      .status_ready_o(length_ready),
      .status_short_i(length_short),
      .status_long_i (length_long),
      .gate_valid_i  (gate_valid),
      .gate_ready_o  (gate_ready),
      .gate_expert_i (gate_expert),
      .ge_valid_i    (ge_valid),
      .ge_ready_o    (ge_ready),
      .ge_class_i    (ge_class),
      .le_valid_i    (le_valid),
      .le_ready_o    (le_ready),
      .le_class_i    (le_class),
      .out_valid_o   (m_axis_tvalid),
      .out_ready_i   (m_axis_tready),
      .out_result_o  (result)
  );

  assign m_axis_tdata = result;

  // ---- Quiet domains ----------------------------------------------------------------------------------------
  always_comb begin
    quiet_o           = '1;
    quiet_o[DomainFe] = !((|events_o.fe) || pixel_valid || feature_valid);
    quiet_o[DomainGe] = !((|events_o.ge) || stored_valid || ge_out_valid);
    quiet_o[DomainLe] = !((|events_o.le) || (|routed_valid[LocalExperts:1]));
    quiet_o[DomainGn] = !((|events_o.gn) || routed_valid[ToGate] || gate_out_valid);
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (length_in_ready || !status_valid) else $error("moe_core: the status queue overflows.");
      assert (gn_tag_in_ready || !frame_start[ToGate]) else $error("moe_core: the gate's tag queue overflows.");
      assert (!gate_out_valid || gn_tag_valid) else $error("moe_core: a gate decision without an image.");
    end
  end
`endif
  logic unused_ready;
  assign unused_ready = length_in_ready ^ gn_tag_in_ready;
endmodule
