// SPDX-License-Identifier: Apache-2.0
/// Gives a bank as the stream that would load it: header, the weights as they are in the memories, CRC-32.
///
/// Only run-time weights are in it, which are the user's own; constants of the build have no path to here.
///
/// Latency: a word of the header or the CRC 1 cycle after next_i, one of the payload when its layer does not read.
/// Initiation interval: 2 cycles a word for the header, 9 or more for the payload.
///
/// Protocol: start_i is a pulse, at any time: it begins anew. valid_o and word_o stay until next_i. read_o: see
/// accel_pkg::weight_read_t. done_o is a pulse behind the last word; crc_o stands from then to the next start_i.
/// abort_i ends it, with done_o low. A request that is withdrawn so may still be served: while the header leaves, which
/// takes longer than that (see runtime_memory).
/// Does not: keep anybody from writing the bank meanwhile, or know whether it is valid.
///
/// Parameters: those of bank_loader.
module bank_reader
  import accel_pkg::*;
  import device_pkg::*;
#(
    parameter int unsigned               Words         = 8,
    parameter int unsigned               Segments      = 2,
    parameter logic [63:0]               GeDigest      = 64'h0,
    parameter logic [63:0]               LayoutDigest  = 64'h0,
    parameter logic [Segments-1:0][LayerW-1:0]  SegmentLayer  = '0,
    parameter logic [Segments-1:0]       SegmentBias   = 2'b10,
    parameter logic [Segments-1:0][WriteAddrW-1:0] SegmentWords  = {WriteAddrW'(4), WriteAddrW'(4)},
    parameter logic [Segments-1:0][7:0]  SegmentChunks = {8'd1, 8'd1}
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    input  logic              start_i,
    input  logic              abort_i,
    input  logic [BankW-1:0]  bank_i,
    input  logic              next_i,
    output logic              valid_o,
    output logic [31:0]       word_o,
    output logic              busy_o,
    output logic              done_o,
    output logic [31:0]       crc_o,
    output weight_read_t      read_o,
    input  weight_read_data_t read_i
);
  localparam int unsigned Total = BankHeaderWords + Words + 1;

  localparam int unsigned CountW = $clog2(Total + 1);

  logic [CountW-1:0] count_q;  // of words that were taken
  logic [31:0] crc_q, header;
  logic [BankW-1:0] bank_q;
  logic taken, in_header, at_crc, in_payload, bias;  // which part the word at hand is of: registers
  logic [LayerW-1:0] layer;
  logic [WriteAddrW-1:0] address;

  assign taken      = valid_o && next_i;
  assign in_payload = !in_header && !at_crc;
  assign crc_o      = ~crc_q;

  always_comb begin
    unique case (count_q[2:0])
      3'd0: header = BankMagic;
      3'd1: header = BankVersion;
      3'd2: header = GeDigest[31:0];
      3'd3: header = GeDigest[63:32];
      3'd4: header = LayoutDigest[31:0];
      3'd5: header = LayoutDigest[63:32];
      3'd6: header = 32'(Words);
      default: header = '0;
    endcase
  end

  bank_walk #(
      .Segments     (Segments),
      .SegmentLayer (SegmentLayer),
      .SegmentBias  (SegmentBias),
      .SegmentWords (SegmentWords),
      .SegmentChunks(SegmentChunks)
  ) u_walk (
      .clk_i,
      .restart_i(start_i),
      .advance_i(taken && in_payload),
      .layer_o  (layer),
      .bias_o   (bias),
      .address_o(address)
  );

  // The way to the memories and back begins and ends at a register. The memory's own done withdraws the request, so
  // that it is not served twice.
  logic done_q;
  logic [31:0] data_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      read_o.valid <= 1'b0;
      done_q       <= 1'b0;
    end else begin
      read_o.valid <= busy_o && in_payload && !valid_o && !read_i.done && !done_q;
      done_q       <= read_i.done;
    end
    read_o.layer   <= layer;
    read_o.bias    <= bias;
    read_o.address <= address;
    read_o.bank    <= bank_q;
    data_q         <= read_i.data;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_o  <= 1'b0;
      valid_o <= 1'b0;
      done_o  <= 1'b0;
    end else begin
      done_o <= busy_o && taken && at_crc && !start_i && !abort_i;
      if (start_i) busy_o <= 1'b1;
      else if (abort_i || (taken && at_crc)) busy_o <= 1'b0;
      if (start_i || abort_i || taken) valid_o <= 1'b0;
      else if (busy_o && (!in_payload || done_q)) valid_o <= 1'b1;
    end
    if (start_i) begin
      count_q   <= '0;
      in_header <= 1'b1;
      at_crc    <= 1'b0;
      crc_q     <= '1;
      bank_q    <= bank_i;
    end else if (taken) begin
      count_q   <= count_q + 1'b1;
      in_header <= count_q < CountW'(BankHeaderWords - 1);
      at_crc    <= count_q == CountW'(Total - 2);
      if (!at_crc) crc_q <= crc32(crc_q, word_o);
    end
    if (!valid_o || taken) word_o <= in_header ? header : at_crc ? ~crc_q : data_q;
  end
endmodule
