// SPDX-License-Identifier: Apache-2.0
/// One run-time memory with the decoding of its writes: the part of a run-time layer that keeps its supply while the
/// layer's domain sleeps with retention.
///
/// Everything between the always-on write port and the memory cells is in here, so that weights can be written while
/// the domain around it has no supply. Reading is clocked by the domain's own clock, which does not run then.
///
/// Write: a 32-bit chunk a cycle of wr_clk_i, when write_i is for this layer and kind of memory
/// (accel_pkg::weight_write_t). A write to a bank that does not exist is dropped: in the memory's narrower bank number
/// it would alias a bank in use.
/// Read: see weight_ram.
/// Read back: one chunk, in a cycle in which the layer does not read and lock_i is low; data_o one cycle later.
/// Move: a learner in the layer's domain writes whole words, in cycles with move_ready_o, which is low when the write
/// port has the memory. What it says is clamped by isolate_i, which is high while the domain has no supply.
/// Does not: check that the word exists.
///
/// Parameters
///   Width, Depth, Banks  see weight_ram
///   Bias                 1: the memory of the biases
///   Layer                number of the layer in a write
module runtime_memory
  import accel_pkg::*;
#(
    parameter int unsigned  Width    = 32,
    parameter int unsigned  Depth    = 16,
    parameter int unsigned  Banks    = 2,
    parameter bit           Bias     = 1'b0,
    parameter logic [LayerW-1:0] Layer = '0,
    localparam int unsigned AddrW    = (Depth > 1) ? $clog2(Depth) : 1,
    localparam int unsigned RamBankW = (Banks > 1) ? $clog2(Banks) : 1
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                rd_en_i,
    input  logic [RamBankW-1:0] rd_bank_i,
    input  logic [   AddrW-1:0] rd_addr_i,
    output logic [   Width-1:0] rd_data_o,
    input  logic                wr_clk_i,
    input  weight_write_t       write_i,
    input  logic                isolate_i,
    input  logic                move_en_i,
    output logic                move_ready_o,
    input  logic [RamBankW-1:0] move_bank_i,
    input  logic [   AddrW-1:0] move_addr_i,
    input  logic [   Width-1:0] move_data_i,
    input  logic                lock_i,
    input  weight_read_t        read_i,
    output weight_read_data_t   read_o
);
  localparam int unsigned Chunks = (Width + 31) / 32;
  localparam int unsigned ChunkW = (Chunks > 1) ? $clog2(Chunks) : 1;
  localparam int unsigned Shift  = $clog2(Chunks);

  if (AddrW + Shift > WriteAddrW) begin : gen_bad_depth
    $error("runtime_memory: %0d words of %0d chunks do not fit the write address.", Depth, Chunks);
  end

  logic [WriteAddrW-1:0] chunk;
  assign chunk = write_i.address & WriteAddrW'(2 ** Shift - 1);

  logic write;
  assign write        = write_i.enable && write_i.layer == Layer && write_i.bias == Bias && 32'(write_i.bank) < Banks;
  assign move_ready_o = !write;

  // ---- Read back --------------------------------------------------------------------------------------------
  logic granted, granted_q;
  logic [ChunkW-1:0] read_chunk_q;

  assign granted = read_i.valid && read_i.layer == Layer && read_i.bias == Bias && 32'(read_i.bank) < Banks &&
                   32'(read_i.address >> Shift) < Depth && !rd_en_i && !lock_i && !granted_q;

  always_ff @(posedge clk_i) begin
    granted_q <= rst_ni && granted;
    if (granted) read_chunk_q <= ChunkW'(read_i.address & WriteAddrW'(2 ** Shift - 1));
  end

  typedef struct packed {
    logic                enable;
    logic [RamBankW-1:0] bank;
    logic [AddrW-1:0]    address;
    logic [Width-1:0]    data;
  } move_t;

  move_t move;
  isolation_clamp #(
      .Width($bits(move_t))
  ) u_isolation (
      .isolate_i,
      .data_i({move_en_i, move_bank_i, move_addr_i, move_data_i}),
      .data_o(move)
  );

  weight_ram #(
      .Width(Width),
      .Depth(Depth),
      .Banks(Banks)
  ) u_ram (
      .clk_i,
      .wr_clk_i,
      .rd_en_i    (rd_en_i || granted),
      .rd_bank_i  (granted ? read_i.bank[RamBankW-1:0] : rd_bank_i),
      .rd_addr_i  (granted ? AddrW'(read_i.address >> Shift) : rd_addr_i),
      .rd_data_o,
      .wr_en_i    (write),
      .wr_bank_i  (write_i.bank[RamBankW-1:0]),
      .wr_addr_i  (AddrW'(write_i.address >> Shift)),
      .wr_chunk_i (ChunkW'(chunk)),
      .wr_data_i  (write_i.data),
      .word_en_i  (move.enable && !write),
      .word_bank_i(move.bank),
      .word_addr_i(move.address),
      .word_data_i(move.data)
  );

  // The chunk that was read back, from the word of a cycle before.
  logic [Chunks*ChunkBits-1:0] padded;
  always_comb begin
    padded      = (Chunks * ChunkBits)'(rd_data_o);
    read_o      = '0;
    read_o.done = granted_q;
    for (int unsigned k = 0; k < Chunks; k++) begin
      if (granted_q && read_chunk_q == ChunkW'(k)) read_o.data = padded[k*ChunkBits+:ChunkBits];
    end
  end

  // The upper address and bank bits select nothing in a small memory.
  logic unused_bits;
  assign unused_bits = ^{chunk, write_i, read_i};
endmodule
