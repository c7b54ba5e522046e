// SPDX-License-Identifier: Apache-2.0
/// Accepts images from AXI4-Stream and makes every one exactly Beats pixels long.
///
/// At the first pixel it issues the image's descriptor (what happens to it, from the mode, bank and threshold of
/// that cycle); at the end its length status. A short image (TLAST early) is padded with zeros, surplus pixels of
/// a long one (TLAST late) are dropped, so that the next image starts clean. In ModeOff, or without accept_i, no
/// image begins.
///
/// A label with the first pixel makes the image a lesson while a session is open and the mode has local experts: it is
/// computed with the bank that learns, answered by the local expert that learns, seen by the gate if its label says so
/// (in an MoE mode with every expert enabled), and never by the GE. Without that bank or expert it is no lesson.
///
/// Latency: combinational from pixel in to pixel out. Initiation interval: Beats + 1 cycles an image (one to issue
/// the descriptor).
///
/// Protocol: valid/ready; descriptor first, then Beats pixels, then one status pulse for which the owner of the
/// status queue guarantees room.
/// Does not: wait for results or limit the number of images in flight; the descriptor's ready does that.
///
/// Parameters
///   Beats         pixels (times channels) of an image
///   PixelW        pixel width, bits
///   LocalExperts  number of local experts, 1 to 8
///   Banks         banks of run-time weights
///   Classes       labels there are
///   Learn         1: labels are heeded
module image_ingress
  import accel_pkg::*;
  import learn_pkg::*;
#(
    parameter int unsigned Beats        = 784,
    parameter int unsigned PixelW       = 8,
    parameter int unsigned LocalExperts = 1,
    parameter int unsigned Banks        = 2,
    parameter int unsigned Classes      = 62,
    parameter bit          Learn        = 1'b0
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    // Settings, sampled at the first pixel of an image
    input  logic                     accept_i,        // no image begins without it
    input  mode_e                    mode_i,
    input  logic [BankW-1:0]         bank_i,
    input  logic [Banks-1:0]         bank_valid_i,
    input  logic [LocalExpertW-1:0]  local_expert_i,  // who answers in ModeLeOnly
    input  logic signed [ThetaW-1:0] theta_i,
    input  logic                     ge_enable_i,
    input  logic [MaxLocalExperts-1:0] le_enable_i,
    input  learn_settings_t          learn_i,
    // AXI4-Stream pixels
    input  logic                     s_valid_i,
    output logic                     s_ready_o,
    input  logic [PixelW-1:0]        s_data_i,
    input  logic                     s_last_i,
    input  label_t                   s_label_i,       // of the first pixel
    // Descriptor, one an image
    output logic                     image_valid_o,
    input  logic                     image_ready_i,
    output image_t                   image_o,
    // Pixels
    output logic                     pixel_valid_o,
    input  logic                     pixel_ready_i,
    output logic [PixelW-1:0]        pixel_o,
    // Length status, one an image
    output logic                     status_valid_o,
    output logic                     status_short_o,
    output logic                     status_long_o
);
  if (Beats < 1) begin : gen_bad_beats
    $error("image_ingress: Beats is %0d, it must be at least 1.", Beats);
  end
  if (LocalExperts < 1 || LocalExperts > MaxLocalExperts) begin : gen_bad_experts
    $error("image_ingress: LocalExperts is %0d, allowed are 1 to 8.", LocalExperts);
  end

  localparam int unsigned CountW = (Beats > 1) ? $clog2(Beats) : 1;
  localparam logic [MaxLocalExperts-1:0] AllLocal = MaxLocalExperts'((1 << LocalExperts) - 1);

  typedef enum logic [1:0] {
    Idle,    // between images
    Stream,  // pixels pass
    Pad,     // zeros for the missing pixels of a short image
    Drain    // drop the surplus pixels of a long image
  } state_e;

  state_e state_q, state_d;
  logic [CountW-1:0] count_q;
  logic [SeqW-1:0] sequence_q;
  logic pixel_taken, last_pixel;

  // ---- Descriptor -------------------------------------------------------------------------------------------
  logic off, le_only, moe, bank_ok, all_le_enabled, le_alone, gate_usable, le_usable;
  logic [LocalExpertW-1:0] local_expert;
  assign off     = !accept_i || !(mode_i inside {ModeGeOnly, ModeLeOnly, ModeMoeParallel, ModeMoeGated});
  assign le_only = mode_i == ModeLeOnly;
  assign moe     = mode_i inside {ModeMoeParallel, ModeMoeGated};
  assign local_expert = (32'(local_expert_i) < LocalExperts) ? local_expert_i : '0;

  always_comb begin
    bank_ok = 1'b0;
    for (int unsigned b = 0; b < Banks; b++) begin
      if (bank_i == BankW'(b)) bank_ok = bank_valid_i[b];
    end
  end

  assign all_le_enabled = &(le_enable_i | ~AllLocal);
  assign le_alone       = le_only || (moe && !ge_enable_i);
  assign le_usable      = le_alone && bank_ok && le_enable_i[local_expert];
  assign gate_usable    = moe && ge_enable_i && all_le_enabled && bank_ok;

  // ---- Lesson -----------------------------------------------------------------------------------------------
  logic lesson, lesson_gate;
  logic learner_valid;
  always_comb begin
    learner_valid = 1'b0;
    for (int unsigned b = 0; b < Banks; b++) begin
      if (learn_i.bank == BankW'(b)) learner_valid = bank_valid_i[b];
    end
  end

  assign lesson      = Learn && learn_i.open && s_label_i.valid && 32'(s_label_i.label) < Classes && (le_only || moe) &&
                       learner_valid && 32'(learn_i.expert) < LocalExperts && le_enable_i[learn_i.expert];
  assign lesson_gate = moe && s_label_i.gate && ge_enable_i && all_le_enabled;

  always_comb begin
    image_o = '0;
    image_o.use_ge          = ge_enable_i && !le_only;  // an MoE image without a bank is the GE's
    image_o.gated           = mode_i == ModeMoeGated && gate_usable;
    image_o.use_gate        = gate_usable;
    image_o.expert          = le_alone ? ExpertW'(local_expert) + 1'b1 : '0;
    image_o.no_bank         = (moe || le_only) && !bank_ok;
    image_o.disabled        = (!le_only && !ge_enable_i) || (le_only && !le_enable_i[local_expert]) ||
                              (moe && !all_le_enabled);
    image_o.bank            = bank_i;
    image_o.sequence_number = sequence_q;
    image_o.theta           = theta_i;
    if (lesson) begin
      image_o.use_ge        = 1'b0;
      image_o.gated         = 1'b0;
      image_o.use_gate      = lesson_gate;
      image_o.expert        = ExpertW'(learn_i.expert) + 1'b1;
      image_o.no_bank       = 1'b0;
      if (le_only) image_o.disabled = 1'b0;
      image_o.bank          = learn_i.bank;
      image_o.use_le        = lesson_gate ? AllLocal : MaxLocalExperts'(1) << learn_i.expert;
      image_o.lesson        = s_label_i;
    end else if (gate_usable) image_o.use_le = AllLocal;
    else if (le_usable) image_o.use_le = MaxLocalExperts'(1) << local_expert;
  end

  logic unused_learn;
  assign unused_learn = ^learn_i;

  // ---- Pixels -----------------------------------------------------------------------------------------------
  assign image_valid_o  = state_q == Idle && s_valid_i && !off;
  assign pixel_valid_o  = (state_q == Stream && s_valid_i) || state_q == Pad;
  assign pixel_o        = (state_q == Pad) ? '0 : s_data_i;
  assign s_ready_o      = (state_q == Stream && pixel_ready_i) || state_q == Drain;
  assign pixel_taken    = pixel_valid_o && pixel_ready_i;
  assign last_pixel     = count_q == CountW'(Beats - 1);
  assign status_valid_o = pixel_taken && last_pixel;
  assign status_short_o = state_q == Pad;
  assign status_long_o  = state_q == Stream && !s_last_i;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Idle:   if (image_valid_o && image_ready_i) state_d = Stream;
      Stream: begin
        if (pixel_taken && last_pixel) state_d = s_last_i ? Idle : Drain;
        else if (pixel_taken && s_last_i) state_d = Pad;
      end
      Pad:    if (pixel_taken && last_pixel) state_d = Idle;
      Drain:  if (s_valid_i && s_last_i) state_d = Idle;
      default: state_d = Idle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q    <= Idle;
      count_q    <= '0;
      sequence_q <= '0;
    end else begin
      state_q <= state_d;
      if (pixel_taken) count_q <= last_pixel ? '0 : count_q + 1'b1;
      if (image_valid_o && image_ready_i) sequence_q <= sequence_q + 1'b1;
    end
  end
endmodule
