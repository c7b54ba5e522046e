// SPDX-License-Identifier: Apache-2.0
/// The Verilog that an HLS compiler exports for hls/src/moe_top.cpp, behind the ports of the hand-written moe_top, so
/// that the same test benches run on both. For simulation.
///
/// The kernel works in transactions: this module writes its registers through AXI4-Lite, starts it, and polls for its
/// end. Run-time weights are queued and sent in transactions of their own (mode OFF) before the next image; an image is
/// started when its first pixel is offered, with the settings of that cycle. Of an image that is longer than the kernel
/// takes, the rest up to TLAST is dropped here.
///
/// Initiation interval: that of the kernel, and about 40 cycles for its registers. One image is in flight.
/// Does not: switch off single experts (it writes the kernel's registers of them as all enabled), or reset the kernel's
/// weights and its sequence number, which an exported kernel keeps.
///
/// Protocol: see the hand-written moe_top. The kernel's port names are those of Vitis HLS.
///
/// Parameters
///   ImageBeats   pixels of an image
///   Banks        weight banks
///   MaxWrites    weight writes that one transaction takes
///   AddrControl, AddrMode, ...  register addresses of the kernel, from its exported *_control_s_axi.v
module moe_exported #(
    parameter int unsigned ImageBeats      = 784,
    parameter int unsigned Banks           = 2,
    parameter int unsigned MaxWrites       = 6000,
    parameter int unsigned AddrW           = 7,
    parameter int unsigned AddrControl     = 'h00,
    parameter int unsigned AddrMode        = 'h10,
    parameter int unsigned AddrBank        = 'h18,
    parameter int unsigned AddrBankValid   = 'h20,
    parameter int unsigned AddrLocalExpert = 'h28,
    parameter int unsigned AddrTheta       = 'h30,
    parameter int unsigned AddrGeEnable    = 'h38,
    parameter int unsigned AddrLeEnable    = 'h40,
    parameter int unsigned AddrWriteCount  = 'h48
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    input  logic [2:0]         mode_i,
    input  logic [3:0]         bank_i,
    input  logic [Banks-1:0]   bank_valid_i,
    input  logic [2:0]         local_expert_i,
    input  logic signed [31:0] theta_i,
    input  logic               wr_en_i,
    input  logic [4:0]         wr_layer_i,
    input  logic               wr_bias_i,
    input  logic [3:0]         wr_bank_i,
    input  logic [19:0]        wr_addr_i,
    input  logic [31:0]        wr_data_i,
    input  logic               s_axis_tvalid,
    output logic               s_axis_tready,
    input  logic [7:0]         s_axis_tdata,
    input  logic               s_axis_tlast,
    output logic               m_axis_tvalid,
    input  logic               m_axis_tready,
    output logic [31:0]        m_axis_tdata
);
  localparam int unsigned Queue   = 4 * MaxWrites;
  localparam int unsigned QueueW  = $clog2(Queue);
  localparam int unsigned CountW  = $clog2(Queue + 1);
  localparam int unsigned BeatW   = $clog2(2 * ImageBeats + 1);
  localparam logic [3:0]  Last    = 4'd8;  // register writes of a transaction: eight settings, then the start

  typedef enum logic [2:0] {Idle, Registers, Response, Poll, Status, Drop} state_e;
  state_e state_q;

  logic [3:0] step_q;
  logic [2:0] mode_q, local_expert_q;
  logic [3:0] bank_q;
  logic [Banks-1:0] bank_valid_q;
  logic signed [31:0] theta_q;
  logic [CountW-1:0] burst_q;  // weight writes of this transaction
  logic address_sent_q, data_sent_q, ended_q;
  logic [BeatW-1:0] beat_q;

  // ---- Queue of weight writes -------------------------------------------------------------------------------
  logic [63:0] queue[Queue];
  logic [QueueW-1:0] head_q, tail_q;
  logic [CountW-1:0] queued_q;
  logic write_valid, write_ready, write_taken;

  assign write_valid = queued_q != '0;
  assign write_taken = write_valid && write_ready;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      head_q   <= '0;
      tail_q   <= '0;
      queued_q <= '0;
    end else begin
      if (wr_en_i) begin
        queue[tail_q] <= {2'b0, wr_bias_i, wr_layer_i, wr_bank_i, wr_addr_i, wr_data_i};
        tail_q        <= (tail_q == QueueW'(Queue - 1)) ? '0 : tail_q + 1'b1;
      end
      if (write_taken) head_q <= (head_q == QueueW'(Queue - 1)) ? '0 : head_q + 1'b1;
      queued_q <= queued_q + CountW'(wr_en_i) - CountW'(write_taken);
    end
  end

  // ---- Transactions -----------------------------------------------------------------------------------------
  logic is_image, pixel_passes, pixel_taken, kernel_ready;
  logic aw_ready, w_ready, b_valid, ar_ready, r_valid;
  logic [AddrW-1:0] register_address;
  logic [31:0] r_data, register_data;

  assign is_image      = mode_q != 3'd0;
  // Beyond the TLAST of this image, the next one's settings are not known yet.
  assign pixel_passes  = (state_q == Poll || state_q == Status) && is_image && !ended_q
      && beat_q != BeatW'(2 * ImageBeats);
  assign s_axis_tready = (pixel_passes && kernel_ready) || state_q == Drop;
  assign pixel_taken   = s_axis_tvalid && s_axis_tready;

  always_comb begin
    unique case (step_q)
      4'd0:    {register_address, register_data} = {AddrW'(AddrMode), 32'(mode_q)};
      4'd1:    {register_address, register_data} = {AddrW'(AddrBank), 32'(bank_q)};
      4'd2:    {register_address, register_data} = {AddrW'(AddrBankValid), 32'(bank_valid_q)};
      4'd3:    {register_address, register_data} = {AddrW'(AddrLocalExpert), 32'(local_expert_q)};
      4'd4:    {register_address, register_data} = {AddrW'(AddrTheta), theta_q};
      4'd5:    {register_address, register_data} = {AddrW'(AddrGeEnable), 32'd1};
      4'd6:    {register_address, register_data} = {AddrW'(AddrLeEnable), 32'hff};
      4'd7:    {register_address, register_data} = {AddrW'(AddrWriteCount), 32'(burst_q)};
      default: {register_address, register_data} = {AddrW'(AddrControl), 32'd1};
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q        <= Idle;
      mode_q         <= '0;
      burst_q        <= '0;
      step_q         <= '0;
      address_sent_q <= 1'b0;
      data_sent_q    <= 1'b0;
      ended_q        <= 1'b0;
      beat_q         <= '0;
    end else begin
      if (pixel_taken) begin
        ended_q <= s_axis_tlast;
        beat_q  <= beat_q + 1'b1;
      end
      unique case (state_q)
        Idle: begin
          step_q         <= '0;
          beat_q         <= '0;
          ended_q        <= 1'b0;
          mode_q         <= write_valid ? 3'd0 : mode_i;
          bank_q         <= bank_i;
          bank_valid_q   <= bank_valid_i;
          local_expert_q <= local_expert_i;
          theta_q        <= theta_i;
          burst_q        <= (32'(queued_q) > MaxWrites) ? CountW'(MaxWrites) : queued_q;
          if (write_valid || (s_axis_tvalid && mode_i >= 3'd1 && mode_i <= 3'd4)) state_q <= Registers;
        end
        Registers: begin
          address_sent_q <= address_sent_q || aw_ready;
          data_sent_q    <= data_sent_q || w_ready;
          if ((address_sent_q || aw_ready) && (data_sent_q || w_ready)) begin
            address_sent_q <= 1'b0;
            data_sent_q    <= 1'b0;
            state_q        <= Response;
          end
        end
        Response:
        if (b_valid) begin
          step_q  <= step_q + 1'b1;
          state_q <= (step_q == Last) ? Poll : Registers;
        end
        Poll:    if (ar_ready) state_q <= Status;
        Status:
        if (r_valid) begin
          if (!r_data[1]) state_q <= Poll;  // bit 1: done
          else state_q <= (is_image && !ended_q) ? Drop : Idle;
        end
        default: if (pixel_taken && s_axis_tlast) state_q <= Idle;
      endcase
    end
  end

  // ---- Kernel -----------------------------------------------------------------------------------------------
  logic interrupt, result_last, domains_valid, writes_last;
  logic [1:0] b_resp, r_resp;
  logic [3:0] result_keep, result_strb;
  logic [7:0] domains;
  assign writes_last = queued_q == CountW'(1);

  moe_top u_kernel (
      .ap_clk               (clk_i),
      .ap_rst_n             (rst_ni),
      .interrupt            (interrupt),
      .pixels_TVALID        (pixel_passes && s_axis_tvalid),
      .pixels_TREADY        (kernel_ready),
      .pixels_TDATA         (s_axis_tdata),
      .pixels_TKEEP         (1'b1),
      .pixels_TSTRB         (1'b1),
      .pixels_TLAST         (s_axis_tlast),
      .writes_TVALID        (write_valid),
      .writes_TREADY        (write_ready),
      .writes_TDATA         (queue[head_q]),
      .writes_TKEEP         (8'hff),
      .writes_TSTRB         (8'hff),
      .writes_TLAST         (writes_last),
      .results_TVALID       (m_axis_tvalid),
      .results_TREADY       (m_axis_tready),
      .results_TDATA        (m_axis_tdata),
      .results_TKEEP        (result_keep),
      .results_TSTRB        (result_strb),
      .results_TLAST        (result_last),
      .domains_TVALID       (domains_valid),
      .domains_TREADY       (1'b1),
      .domains_TDATA        (domains),
      .s_axi_control_AWVALID(state_q == Registers && !address_sent_q),
      .s_axi_control_AWREADY(aw_ready),
      .s_axi_control_AWADDR (register_address),
      .s_axi_control_WVALID (state_q == Registers && !data_sent_q),
      .s_axi_control_WREADY (w_ready),
      .s_axi_control_WDATA  (register_data),
      .s_axi_control_WSTRB  (4'hf),
      .s_axi_control_BVALID (b_valid),
      .s_axi_control_BREADY (state_q == Response),
      .s_axi_control_BRESP  (b_resp),
      .s_axi_control_ARVALID(state_q == Poll),
      .s_axi_control_ARREADY(ar_ready),
      .s_axi_control_ARADDR (AddrW'(AddrControl)),
      .s_axi_control_RVALID (r_valid),
      .s_axi_control_RREADY (state_q == Status),
      .s_axi_control_RDATA  (r_data),
      .s_axi_control_RRESP  (r_resp)
  );

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!wr_en_i || queued_q != CountW'(Queue))
      else $error("moe_exported: more than %0d weight writes wait.", Queue);
      assert (!b_valid || b_resp == '0) else $error("moe_exported: the kernel refused a register write.");
    end
  end
`endif
  logic unused_outputs;
  assign unused_outputs = ^{interrupt, result_last, result_keep, result_strb, domains_valid, domains, r_resp, r_data};
endmodule
