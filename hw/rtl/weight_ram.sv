// SPDX-License-Identifier: Apache-2.0
/// Weight or bias memory that is loaded at run time, in banks: one bank is in force while another is written.
///
/// Read: bank and word address, the whole word 1 cycle later, held while rd_en_i is low.
/// Write: one 32-bit chunk of a word a cycle; chunk k holds bits 32*k+31 .. 32*k, and bits beyond Width are
/// ignored. Each chunk is a memory of its own, so that a write needs no read-modify-write. Banks are adjacent
/// in one memory (address bank*Depth + word) and not at powers of two, which would waste block RAM.
/// Or a whole word (word_en_i), in a cycle without wr_en_i.
///
/// Clocks: clk_i reads and may be a gated copy of wr_clk_i, so that a sleeping reader's memory can be written.
///
/// Does not: arbitrate. A word that is written in the cycle in which it is read gives an undefined word; the
/// owner of the banks writes only a bank that is not in force.
///
/// Parameters
///   Width  word width, bits
///   Depth  words a bank
///   Banks  number of banks
module weight_ram #(
    parameter int unsigned  Width  = 32,
    parameter int unsigned  Depth  = 16,
    parameter int unsigned  Banks  = 2,
    localparam int unsigned AddrW  = (Depth > 1) ? $clog2(Depth) : 1,
    localparam int unsigned BankW  = (Banks > 1) ? $clog2(Banks) : 1,
    localparam int unsigned Chunks = (Width + 31) / 32,
    localparam int unsigned ChunkW = (Chunks > 1) ? $clog2(Chunks) : 1
) (
    input  logic              clk_i,
    input  logic              wr_clk_i,
    input  logic              rd_en_i,
    input  logic [ BankW-1:0] rd_bank_i,
    input  logic [ AddrW-1:0] rd_addr_i,
    output logic [ Width-1:0] rd_data_o,
    input  logic              wr_en_i,
    input  logic [ BankW-1:0] wr_bank_i,
    input  logic [ AddrW-1:0] wr_addr_i,
    input  logic [ChunkW-1:0] wr_chunk_i,
    input  logic [      31:0] wr_data_i,
    input  logic              word_en_i,
    input  logic [ BankW-1:0] word_bank_i,
    input  logic [ AddrW-1:0] word_addr_i,
    input  logic [ Width-1:0] word_data_i
);
  if (Width < 1) begin : gen_bad_width
    $error("weight_ram: Width is %0d, it must be at least 1.", Width);
  end
  if (Banks < 1) begin : gen_bad_banks
    $error("weight_ram: Banks is %0d, it must be at least 1.", Banks);
  end

  localparam int unsigned Total  = Banks * Depth;
  localparam int unsigned TotalW = (Total > 1) ? $clog2(Total) : 1;

  // The start of a bank is chosen and not multiplied: synthesis would take a multiplier for three banks or more.
  function automatic logic [TotalW-1:0] linear(logic [BankW-1:0] bank, logic [AddrW-1:0] addr);
    logic [TotalW-1:0] start;
    start = '0;
    for (int unsigned b = 1; b < Banks; b++) begin
      if (bank == BankW'(b)) start = TotalW'(b * Depth);
    end
    return start + TotalW'(addr);
  endfunction

  logic [TotalW-1:0] rd_linear, wr_linear;
  assign rd_linear = linear(rd_bank_i, rd_addr_i);
  assign wr_linear = linear(word_en_i ? word_bank_i : wr_bank_i, word_en_i ? word_addr_i : wr_addr_i);

  for (genvar k = 0; k < Chunks; k++) begin : gen_chunk
    localparam int unsigned Low  = 32 * k;
    localparam int unsigned Bits = (Width - Low < 32) ? Width - Low : 32;

    // Reading what is being written is excluded by protocol; saying so saves the collision logic.
    (* no_rw_check *) logic [Bits-1:0] mem[Total];

    always_ff @(posedge wr_clk_i) begin
      if (word_en_i || (wr_en_i && wr_chunk_i == ChunkW'(k))) begin
        mem[wr_linear] <= word_en_i ? word_data_i[Low+:Bits] : wr_data_i[Bits-1:0];
      end
    end
    always_ff @(posedge clk_i) begin
      if (rd_en_i) rd_data_o[Low+:Bits] <= mem[rd_linear];
    end
  end

  // A narrow last chunk leaves the upper bits of the write port unread.
  logic [31:0] unused_wr_data;
  assign unused_wr_data = wr_data_i;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rd_en_i) begin
      assert (32'(rd_addr_i) < Depth && 32'(rd_bank_i) < Banks)
      else $error("weight_ram: read of bank %0d word %0d; there are %0d banks of %0d words.",
                  rd_bank_i, rd_addr_i, Banks, Depth);
    end
  end
  always_ff @(posedge wr_clk_i) begin
    if (wr_en_i) begin
      assert (32'(wr_addr_i) < Depth && 32'(wr_bank_i) < Banks && 32'(wr_chunk_i) < Chunks)
      else $error("weight_ram: write of bank %0d word %0d chunk %0d; there are %0d banks of %0d words of %0d chunks.",
                  wr_bank_i, wr_addr_i, wr_chunk_i, Banks, Depth, Chunks);
    end
    if (word_en_i) begin
      assert (32'(word_addr_i) < Depth && 32'(word_bank_i) < Banks && !wr_en_i)
      else $error("weight_ram: whole word written to bank %0d word %0d, beside a chunk: %0d.",
                  word_bank_i, word_addr_i, wr_en_i);
    end
  end
`endif
endmodule
