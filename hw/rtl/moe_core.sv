// SPDX-License-Identifier: Apache-2.0
/// Mixture-of-experts accelerator with switched power domains: datapath, queues and mux.
///
///   pixels -> ingress -> front end -> router -+-> feature store -> global expert -> queue -+
///                |                            +-> local expert(s) ---------------> queue -+-> mux -> results
///                |                            +-> gating network (confidences) --> queue -+
///                +---- descriptor of each image ------------------------------------------+
///
/// One branch per power domain: u_fe (PD_FE), u_ge (PD_GE), gen_le[*].u_le (PD_LE), u_gn (PD_GN). In each, one instance
/// is the domain, with a clock and a reset of its own, masked inputs and clamped outputs; everything else is always on
/// (PD_AON). Shapes, widths and folding come from the generated package moe_pkg.
///
/// Initiation interval: that of the slowest layer that runs in the mode. Results come in input order, one an image.
///
/// Protocol
///   s_axis_*  AXI4-Stream pixels, row by row; TLAST on the last pixel of an image; TUSER of its first pixel: a label
///   m_axis_*  AXI4-Stream results: [7:0] class, [11:8] expert (0 = GE), [15:12] status, [19:16] bank,
///             [31:20] sequence number (status: see accel_pkg::status_t)
///   mode_i, bank_i, local_expert_i, theta_i, *_enable_i  sampled at the first pixel of each image
///   bank_valid_i  which banks hold complete weights
///   accept_i      in the next cycle an image may be accepted, and a correction may start; the owner of the domains
///                 keeps those on that they need, and sees them in in_flight_o in the cycle behind that one
///   *_clk_i, domain_rst_ni, isolate_i  of each domain, see power_sequencer; an isolated domain takes and offers
///                                      nothing
///   ge_work_o     the GE has an image or one waits for it: how a sleeping GE is woken
///   quiet_o       no layer of a domain worked two cycles before
///   events_o      what happens in this cycle, for the counters (moe_pkg::core_events_t)
///   in_flight_o   images whose descriptor was issued and whose result is not formed
///   bank_busy_o   banks that an image in flight uses
///   write_i       run-time weights (accel_pkg::weight_write_t) on wr_clk_i (clk_i, or gated: it must run in a cycle
///                 with write_i.enable, the one behind it, and a learning session), also while LE and GN sleep. Never
///                 write a bank that an image in flight uses.
///   learn_i       a learning session; random_load_i sets the LFSR to random_i, random_o is its state
///   correct_*     corrections, one at a time, see corrections
///   lesson_o      what became of lessons in this cycle (learn_pkg::lesson_events_t)
///   read_i        reads a chunk of a run-time memory back, while LE and GN are on
/// Does not: decide when a domain sleeps; power_manager does.
module moe_core
  import accel_pkg::*;
  import learn_pkg::*;
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
    input  weight_read_t             read_i,
    output weight_read_data_t        read_o,
    // Learning
    input  learn_settings_t          learn_i,
    input  logic                     random_load_i,
    input  logic [RandomW-1:0]       random_i,
    output logic [RandomW-1:0]       random_o,
    output lesson_events_t           lesson_o,
    input  correction_t              correct_i,
    output logic                     correct_busy_o,
    output logic                     correct_refused_o,
    // Pixels
    input  logic                     s_axis_tvalid,
    output logic                     s_axis_tready,
    input  logic [PixelW-1:0]        s_axis_tdata,
    input  logic                     s_axis_tlast,
    input  label_t                   s_axis_tuser,
    // Results
    output logic                     m_axis_tvalid,
    input  logic                     m_axis_tready,
    output logic [31:0]              m_axis_tdata
);
  localparam int unsigned Outputs = LocalExperts + 2;  // of the router
  localparam int unsigned ToGe    = 0;
  localparam int unsigned ToLe    = 1;  // local expert 0; the others follow
  localparam int unsigned ToGate  = LocalExperts + 1;

  // ---- Reset ------------------------------------------------------------------------------------------------
  // A register for each part of what is always on here, a cycle late; synthesis must not merge them (tools/yosys.py).
  // Active high, because that is what flip-flops take: no inverter stands between a register and its many loads.
  logic [3:0] reset_copy_q;
  initial reset_copy_q = '1;  // as an FPGA is configured: in reset before the first edge
  always @(posedge clk_i) reset_copy_q <= {4{!rst_ni}};

  // ---- Ingress: pixels and descriptors ----------------------------------------------------------------------
  // Images know of accept_i a cycle late. One that is accepted in that cycle is of the mode still in force, which its
  // owner leaves no earlier than two cycles after the fall of accept_i, when the image shows in in_flight_o.
  logic accept_q;
  always_ff @(posedge clk_i) accept_q <= !reset_copy_q[0] && accept_i;

  logic image_valid, image_ready, image_accepted;
  logic pixel_valid, pixel_ready, fe_pixel_valid, fe_pixel_ready, status_valid, status_short, status_long;
  logic [PixelW-1:0] pixel, fe_pixel;
  image_t image;

  image_ingress #(
      .Beats       (ImageBeats),
      .PixelW      (PixelW),
      .LocalExperts(LocalExperts),
      .Banks       (Banks),
      .Classes     (Classes),
      .Learn       (Learn)
  ) u_ingress (
      .clk_i,
      .rst_ni        (!reset_copy_q[0]),
      .accept_i      (accept_q),
      .mode_i        (mode_e'(mode_i)),
      .bank_i,
      .bank_valid_i  (Baked ? Banks'(1) : bank_valid_i),
      .local_expert_i,
      .theta_i,
      .ge_enable_i,
      .le_enable_i,
      .learn_i,
      .s_valid_i     (s_axis_tvalid),
      .s_ready_o     (s_axis_tready),
      .s_data_i      (s_axis_tdata),
      .s_last_i      (s_axis_tlast),
      .s_label_i     (s_axis_tuser),
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

  // A path from one domain to another begins and ends at a register near its border.
  stream_skid #(
      .Width(PixelW)
  ) u_pixel_skid (
      .clk_i,
      .rst_ni     (!reset_copy_q[0]),
      .in_valid_i (pixel_valid),
      .in_ready_o (pixel_ready),
      .in_data_i  (pixel),
      .out_valid_o(fe_pixel_valid),
      .out_ready_i(fe_pixel_ready),
      .out_data_o (fe_pixel)
  );

  assign image_accepted = image_valid && image_ready;

  // Both queues take the descriptor in the cycle after: u_in_flight lets no more in than they hold. A register behind
  // each, because what reads a descriptor is far from the memory and decides at once.
  logic queued_valid_q, unused_route_ready, unused_mux_ready;
  logic queued_route_valid, queued_route_ready, queued_mux_valid, queued_mux_ready;
  logic route_valid, route_ready, mux_valid, mux_ready;
  image_t queued_q, queued_route_image, queued_mux_image, route_image, mux_image;

  always_ff @(posedge clk_i) begin
    queued_valid_q <= !reset_copy_q[0] && image_accepted;
    queued_q       <= image;
  end

  stream_fifo #(
      .Width    ($bits(image_t)),
      .Depth    (InFlight),
      .NeverFull(1'b1)
  ) u_route_queue (
      .clk_i,
      .rst_ni     (!reset_copy_q[0]),
      .in_valid_i (queued_valid_q),
      .in_ready_o (unused_route_ready),
      .in_data_i  (queued_q),
      .out_valid_o(queued_route_valid),
      .out_ready_i(queued_route_ready),
      .out_data_o (queued_route_image)
  );

  stream_skid #(
      .Width($bits(image_t))
  ) u_route_skid (
      .clk_i,
      .rst_ni     (!reset_copy_q[0]),
      .in_valid_i (queued_route_valid),
      .in_ready_o (queued_route_ready),
      .in_data_i  (queued_route_image),
      .out_valid_o(route_valid),
      .out_ready_i(route_ready),
      .out_data_o (route_image)
  );

  stream_fifo #(
      .Width    ($bits(image_t)),
      .Depth    (InFlight),
      .NeverFull(1'b1)
  ) u_mux_queue (
      .clk_i,
      .rst_ni     (!reset_copy_q[0]),
      .in_valid_i (queued_valid_q),
      .in_ready_o (unused_mux_ready),
      .in_data_i  (queued_q),
      .out_valid_o(queued_mux_valid),
      .out_ready_i(queued_mux_ready),
      .out_data_o (queued_mux_image)
  );

  stream_skid #(
      .Width($bits(image_t))
  ) u_mux_skid (
      .clk_i,
      .rst_ni     (!reset_copy_q[0]),
      .in_valid_i (queued_mux_valid),
      .in_ready_o (queued_mux_ready),
      .in_data_i  (queued_mux_image),
      .out_valid_o(mux_valid),
      .out_ready_i(mux_ready),
      .out_data_o (mux_image)
  );

  // Two registers each, because what says that a domain moves is its layers' logic, and far from who asks: seen that
  // late, which does no harm. Work that could be missed meanwhile shows in in_flight_o and ge_work_o at once.
  logic [Domains-1:0] quiet, quiet_q;
  always_ff @(posedge clk_i) {quiet_o, quiet_q} <= !reset_copy_q[0] ? {quiet_q, quiet} : '0;

  logic lessons, correct_learning;
  images_in_flight #(
      .Banks(Banks)
  ) u_in_flight (
      .clk_i,
      .rst_ni          (!reset_copy_q[0]),
      .accepted_i      (image_accepted),
      .accepted_image_i(image),
      .done_i          (mux_valid && mux_ready),
      .done_image_i    (mux_image),
      .replay_i        (correct_learning),
      .room_o          (image_ready),
      .in_flight_o,
      .lessons_o       (lessons),
      .bank_busy_o
  );

  // ---- Front end and router ---------------------------------------------------------------------------------
  logic leaving_valid, leaving_ready, feature_valid, feature_ready;
  logic [FeatureWordW-1:0] leaving, feature, offered;
  logic [Outputs-1:0] offered_valid, offered_ready, routed_valid, routed_ready, announced, frame_start;
  logic [Outputs-1:0][FeatureWordW-1:0] routed;
  logic image_start, image_started;
  image_t announced_image, frame_image, replay_image;
  logic announced_replay, frame_replay, replay_valid, replay_ready;
  activity_t [FrontLayers-1:0] fe_activity;

  fe_branch u_fe (
      .domain_clk_i (fe_clk_i),
      .domain_rst_ni(domain_rst_ni[DomainFe]),
      .isolate_i    (isolate_i[DomainFe]),
      .in_valid_i   (fe_pixel_valid),
      .in_ready_o   (fe_pixel_ready),
      .in_data_i    (fe_pixel),
      .out_valid_o  (leaving_valid),
      .out_ready_i  (leaving_ready),
      .out_data_o   (leaving),
      .activity_o   (fe_activity),
      .quiet_o      (quiet[DomainFe])
  );

  // The router's ready does not reach into the front end.
  feature_register #(
      .Width(FeatureWordW),
      .Apart(FeaturesApart)
  ) u_leaving (
      .clk_i,
      .rst_ni     (!reset_copy_q[1]),
      .in_valid_i (leaving_valid),
      .in_ready_o (leaving_ready),
      .in_data_i  (leaving),
      .out_valid_o(feature_valid),
      .out_ready_i(feature_ready),
      .out_data_o (feature)
  );

  feature_router #(
      .Width       (FeatureWordW),
      .Apart       (FeaturesApart),
      .FrameWords  (FrameWords),
      .LocalExperts(LocalExperts)
  ) u_router (
      .clk_i,
      .rst_ni         (!reset_copy_q[1]),
      .image_valid_i  (route_valid),
      .image_ready_o  (route_ready),
      .image_i        (route_image),
      .feature_valid_i(feature_valid),
      .feature_ready_o(feature_ready),
      .feature_i      (feature),
      .out_valid_o    (offered_valid),
      .out_ready_i    (offered_ready),
      .out_data_o     (offered),
      .frame_start_o  (announced),
      .frame_image_o  (announced_image),
      .frame_replay_o (announced_replay),
      .image_start_o  (image_start),
      .replay_valid_i (replay_valid && accept_i),
      .replay_ready_o (replay_ready),
      .replay_i       (replay_image)
  );

  // Two each: one beside the router, one beside the consumer, which is far away, and no ready takes the way between
  // them in less than a cycle. Their words belong to an image in flight, for which a domain stays on.
  for (genvar o = 0; o < Outputs; o++) begin : gen_routed
    logic near_valid, near_ready;
    logic [FeatureWordW-1:0] near;

    feature_register #(
        .Width(FeatureWordW),
        .Apart(FeaturesApart)
    ) u_near (
        .clk_i,
        .rst_ni     (!reset_copy_q[1]),
        .in_valid_i (offered_valid[o]),
        .in_ready_o (offered_ready[o]),
        .in_data_i  (offered),
        .out_valid_o(near_valid),
        .out_ready_i(near_ready),
        .out_data_o (near)
    );

    feature_register #(
        .Width(FeatureWordW),
        .Apart(FeaturesApart)
    ) u_far (
        .clk_i,
        .rst_ni     (!reset_copy_q[1]),
        .in_valid_i (near_valid),
        .in_ready_o (near_ready),
        .in_data_i  (near),
        .out_valid_o(routed_valid[o]),
        .out_ready_i(routed_ready[o]),
        .out_data_o (routed[o])
    );
  end

  // Tags come a cycle late, and still before the first word of their image.
  always_ff @(posedge clk_i) begin
    frame_start   <= !reset_copy_q[1] ? announced : '0;
    frame_image   <= announced_image;
    frame_replay  <= announced_replay;
    image_started <= !reset_copy_q[1] && image_start;
  end

  // ---- Random numbers of lessons: one step of the LFSR each, as the image goes to the experts ---------------
  logic [RandomW-1:0] dithers;
  assign dithers = next_random(random_o);

  if (Learn) begin : gen_random
    always_ff @(posedge clk_i) begin
      if (reset_copy_q[1]) random_o <= RandomW'(1);
      else if (random_load_i) random_o <= random_i;
      else if (frame_image.lesson.valid && (|frame_start)) random_o <= dithers;
    end
  end else begin : gen_no_random
    assign random_o = '0;

    logic unused_random;
    assign unused_random = ^{random_load_i, random_i};
  end

  // ---- Corrections ------------------------------------------------------------------------------------------
  logic [LocalExperts-1:0] le_replayed;
  logic gn_replayed, moe_mode;
  assign moe_mode = mode_e'(mode_i) inside {ModeMoeParallel, ModeMoeGated};

  if (Learn) begin : gen_corrections
    corrections #(
        .LocalExperts(LocalExperts),
        .Classes     (Classes)
    ) u_corrections (
        .clk_i,
        .rst_ni        (!reset_copy_q[1]),
        .learn_i,
        .le_mode_i     (moe_mode || mode_e'(mode_i) == ModeLeOnly),
        .gate_mode_i   (moe_mode),
        .le_off_i      (isolate_i[DomainLe]),
        .gate_off_i    (isolate_i[DomainGn]),
        .started_i     (image_started),
        .image_i       (frame_image),
        .correct_i,
        .busy_o        (correct_busy_o),
        .learning_o    (correct_learning),
        .refused_o     (correct_refused_o),
        .replay_valid_o(replay_valid),
        .replay_ready_i(replay_ready),
        .replay_o      (replay_image),
        .le_done_i     (le_replayed),
        .gate_done_i   (gn_replayed)
    );
  end else begin : gen_no_corrections
    assign correct_busy_o    = 1'b0;
    assign correct_learning  = 1'b0;
    assign correct_refused_o = correct_i.valid;
    assign replay_valid      = 1'b0;
    assign replay_image      = '0;

    logic unused_corrections;
    assign unused_corrections = ^{correct_i, le_replayed, gn_replayed, moe_mode, replay_ready, image_started};
  end

  // ---- Branches of the experts and the gate -----------------------------------------------------------------
  logic keep_valid, keep_ready, keep, ge_valid, ge_ready, gate_valid, gate_ready, store_write, store_read;
  logic [ClassW-1:0] ge_class;
  logic [ExpertW-1:0] gate_expert;
  activity_t [GeLayers-1:0] ge_activity;
  activity_t [LocalExperts-1:0][LeLayers-1:0] le_activity;
  activity_t [GateLayers-1:0] gn_activity;

  ge_branch u_ge (
      .clk_i,
      .rst_ni       (!reset_copy_q[2]),
      .domain_clk_i (ge_clk_i),
      .domain_rst_ni(domain_rst_ni[DomainGe]),
      .isolate_i    (isolate_i[DomainGe]),
      .frame_start_i(frame_start[ToGe]),
      .image_i      (frame_image),
      .in_valid_i   (routed_valid[ToGe]),
      .in_ready_o   (routed_ready[ToGe]),
      .in_data_i    (routed[ToGe]),
      .keep_valid_i (keep_valid),
      .keep_ready_o (keep_ready),
      .keep_i       (keep),
      .out_valid_o  (ge_valid),
      .out_ready_i  (ge_ready),
      .out_class_o  (ge_class),
      .store_write_o(store_write),
      .store_read_o (store_read),
      .activity_o   (ge_activity),
      .work_o       (ge_work_o),
      .quiet_o      (quiet[DomainGe])
  );

  logic [LocalExperts-1:0] le_valid, le_ready, le_quiet, confidence_valid;
  logic [LocalExperts-1:0][ClassW-1:0] le_class;
  logic [LocalExperts-1:0][2*FeatureW-1:0] confidence, gate_confidence;
  logic confidence_ready, confidence_taken;  // all confidences of an image go to the gate together
  logic gate_confidence_valid, gate_confidence_ready;
  learned_t [LocalExperts-1:0] le_learned;
  learned_t gn_learned;
  logic [LocalExperts-1:0] le_busy;
  logic gn_busy;
  weight_read_data_t [LocalExperts-1:0] le_read;
  weight_read_data_t gn_read;

  assign confidence_taken = confidence_ready && (&confidence_valid);
  assign quiet[DomainLe]  = &le_quiet;

  for (genvar i = 0; i < LocalExperts; i++) begin : gen_le
    le_branch #(
        .Number(i)
    ) u_le (
        .clk_i,
        .rst_ni            (!reset_copy_q[2]),
        .domain_clk_i      (le_clk_i),
        .domain_rst_ni     (domain_rst_ni[DomainLe]),
        .isolate_i         (isolate_i[DomainLe]),
        .wr_clk_i,
        .write_i,
        .frame_start_i     (frame_start[ToLe+i]),
        .image_i           (frame_image),
        .in_valid_i        (routed_valid[ToLe+i]),
        .in_ready_o        (routed_ready[ToLe+i]),
        .in_data_i         (routed[ToLe+i]),
        .learn_i,
        .dither_i          (dithers[DitherW-1:0]),
        .replay_i          (frame_replay),
        .replayed_o        (le_replayed[i]),
        .learned_o         (le_learned[i]),
        .busy_o            (le_busy[i]),
        .read_i,
        .read_o            (le_read[i]),
        .out_valid_o       (le_valid[i]),
        .out_ready_i       (le_ready[i]),
        .out_class_o       (le_class[i]),
        .confidence_valid_o(confidence_valid[i]),
        .confidence_ready_i(confidence_taken),
        .confidence_o      (confidence[i]),
        .activity_o        (le_activity[i]),
        .quiet_o           (le_quiet[i])
    );
  end

  // The gate's ready ends here.
  stream_skid #(
      .Width($bits(confidence))
  ) u_confidence_skid (
      .clk_i,
      .rst_ni     (!reset_copy_q[2]),
      .in_valid_i (&confidence_valid),
      .in_ready_o (confidence_ready),
      .in_data_i  (confidence),
      .out_valid_o(gate_confidence_valid),
      .out_ready_i(gate_confidence_ready),
      .out_data_o (gate_confidence)
  );

  gn_branch u_gn (
      .clk_i,
      .rst_ni            (!reset_copy_q[2]),
      .domain_clk_i      (gn_clk_i),
      .domain_rst_ni     (domain_rst_ni[DomainGn]),
      .isolate_i         (isolate_i[DomainGn]),
      .wr_clk_i,
      .write_i,
      .frame_start_i     (frame_start[ToGate]),
      .image_i           (frame_image),
      .in_valid_i        (routed_valid[ToGate]),
      .in_ready_o        (routed_ready[ToGate]),
      .in_data_i         (routed[ToGate]),
      .learn_i,
      .dither_i          (dithers[RandomW-1:DitherW]),
      .replay_i          (frame_replay),
      .replayed_o        (gn_replayed),
      .learned_o         (gn_learned),
      .busy_o            (gn_busy),
      .read_i,
      .read_o            (gn_read),
      .confidence_valid_i(gate_confidence_valid),
      .confidence_ready_o(gate_confidence_ready),
      .confidence_i      (gate_confidence),
      .out_valid_o       (gate_valid),
      .out_ready_i       (gate_ready),
      .out_expert_o      (gate_expert),
      .keep_valid_o      (keep_valid),
      .keep_ready_i      (keep_ready),
      .keep_o            (keep),
      .activity_o        (gn_activity),
      .quiet_o           (quiet[DomainGn])
  );

  always_comb begin
    read_o = gn_read;
    for (int unsigned i = 0; i < LocalExperts; i++) read_o = read_o | le_read[i];
  end

  assign events_o = '{
          image_accepted: image_accepted,
          store_write: store_write,
          store_read: store_read,
          fe: fe_activity,
          ge: ge_activity,
          le: le_activity,
          gn: gn_activity
      };

  // ---- Mux --------------------------------------------------------------------------------------------------
  logic length_valid, length_ready, length_short, length_long, unused_length_ready;
  result_t result;

  stream_fifo #(
      .Width    (2),
      .Depth    (InFlight),
      .NeverFull(1'b1)
  ) u_status_queue (
      .clk_i,
      .rst_ni     (!reset_copy_q[3]),
      .in_valid_i (status_valid),
      .in_ready_o (unused_length_ready),
      .in_data_i  ({status_short, status_long}),
      .out_valid_o(length_valid),
      .out_ready_i(length_ready),
      .out_data_o ({length_short, length_long})
  );

  expert_mux #(
      .LocalExperts(LocalExperts)
  ) u_mux (
      .clk_i,
      .rst_ni        (!reset_copy_q[3]),
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

  // ---- Lessons ----------------------------------------------------------------------------------------------
  logic answered;
  logic [ClassW-1:0] le_answer;  // of the local expert that answers
  always_comb begin
    le_answer = '0;
    for (int unsigned i = 0; i < LocalExperts; i++) begin
      if (mux_image.expert == ExpertW'(i + 1)) le_answer = le_class[i];
    end
  end
  assign answered = mux_valid && mux_ready && mux_image.lesson.valid;

  always_comb begin
    lesson_o       = '{answered: answered, own: answered && mux_image.lesson.own, gn: gn_learned, default: '0};
    lesson_o.right = answered && mux_image.lesson.own && le_answer == mux_image.lesson.label;
    lesson_o.bad_label = image_accepted && learn_i.open && s_axis_tuser.valid && 32'(s_axis_tuser.label) >= Classes;
    lesson_o.open      = lessons || correct_busy_o || (|le_busy) || gn_busy;
    for (int unsigned i = 0; i < LocalExperts; i++) lesson_o.le = lesson_o.le | le_learned[i];
  end
endmodule
