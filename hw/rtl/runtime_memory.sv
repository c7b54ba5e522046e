// SPDX-License-Identifier: Apache-2.0
/// One run-time memory with the decoding of its writes: the part of a run-time layer that keeps its supply while the
/// layer's domain sleeps with retention.
///
/// Everything between the always-on write port and the memory cells is in here, so that weights can be written while
/// the domain around it has no supply. Reading is clocked by the domain's own clock, which does not run then.
///
/// Write: a 32-bit chunk a cycle of wr_clk_i, when write_i is for this layer and kind of memory
/// (accel_pkg::weight_write_t). A write to a bank that does not exist is dropped: in the memory's narrower bank number
/// it would alias a bank in use. A write or a move is in the cells at the end of the cycle behind its own: wr_clk_i has
/// to run in that cycle, too, and a read in a later one sees it.
/// Read: see weight_ram; nothing else reads in a cycle with rd_en_i.
/// Access: a learner's read, of the whole word, 3 cycles later. It is in the cells a cycle after access_rd_en_i, in
/// which rd_en_i is low; an assertion watches that.
/// Read back: one chunk; read_o is a register. A request is looked at a cycle late and waits there until neither the
/// layer nor a learner reads and lock_i is low; read_o.done comes 3 cycles after that. It is served once: it stays
/// until done and is then low for a cycle at least. A request that is withdrawn before may still be served in the cycle
/// behind, so for 5 cycles done may belong to it.
/// Move: a learner in the layer's domain writes whole words, in cycles with move_ready_o, which is low when the write
/// port has the memory. What it says is clamped by isolate_i, which is high while the domain has no supply. What is
/// behind the clamp belongs to the memory and keeps its supply with it.
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
    input  logic [RamBankW-1:0] access_bank_i,  // of reads and moves
    input  logic                access_rd_en_i,
    input  logic [   AddrW-1:0] access_rd_addr_i,
    output logic [   Width-1:0] access_rd_data_o,
    input  logic                move_en_i,
    output logic                move_ready_o,
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

  // ---- Reads of others than the layer: registered before they meet the layer's address ----------------------
  logic back, back_q, learner_q, served_q, granted;
  logic [RamBankW-1:0] access_bank_q;
  logic [AddrW-1:0] access_addr_q;
  logic [ChunkW-1:0] access_chunk_q;

  assign back = read_i.valid && read_i.layer == Layer && read_i.bias == Bias && 32'(read_i.bank) < Banks &&
                32'(read_i.address >> Shift) < Depth;

  // A learner comes first; the request that waits has the registers again when it is done.
  assign granted = back_q && !learner_q && !served_q && !lock_i && !rd_en_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      back_q    <= 1'b0;
      learner_q <= 1'b0;
      served_q  <= 1'b0;
    end else begin
      back_q    <= back;
      learner_q <= access_rd_en_i;
      served_q  <= granted || (served_q && back_q);
    end
    access_bank_q  <= access_rd_en_i ? access_bank_i : read_i.bank[RamBankW-1:0];
    access_addr_q  <= access_rd_en_i ? access_rd_addr_i : AddrW'(read_i.address >> Shift);
    access_chunk_q <= ChunkW'(read_i.address & WriteAddrW'(2 ** Shift - 1));
  end

  // ---- Their words: registered behind the memory, which is slow and as wide as its banks are deep -----------
  logic back_read_q, learner_read_q, back_fetched_q;
  logic [ChunkW-1:0] chunk_q;  // of the request that was granted last
  logic [Width-1:0] fetched_q;
  logic [Chunks*ChunkBits-1:0] padded;

  assign access_rd_data_o = fetched_q;
  assign padded           = (Chunks * ChunkBits)'(fetched_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      back_read_q    <= 1'b0;
      learner_read_q <= 1'b0;
      back_fetched_q <= 1'b0;
      read_o         <= '0;
    end else begin
      back_read_q    <= granted;
      learner_read_q <= learner_q;
      back_fetched_q <= back_read_q;
      read_o         <= '0;
      read_o.done    <= back_fetched_q;
      for (int unsigned k = 0; k < Chunks; k++) begin
        if (back_fetched_q && chunk_q == ChunkW'(k)) read_o.data <= padded[k*ChunkBits+:ChunkBits];
      end
    end
    if (granted) chunk_q <= access_chunk_q;
    if (back_read_q || learner_read_q) fetched_q <= rd_data_o;
  end

  // ---- Writes: port or learner, registered in front of the cells --------------------------------------------
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
      .data_i({move_en_i, access_bank_i, move_addr_i, move_data_i}),
      .data_o(move)
  );

  logic wr_chunk_en_q, wr_word_en_q;
  logic [RamBankW-1:0] wr_bank_q;
  logic [AddrW-1:0] wr_addr_q;
  logic [ChunkW-1:0] wr_chunk_q;
  logic [ChunkBits-1:0] wr_data_q;
  logic [Width-1:0] wr_word_q;

  // No reset: writes come while the domain is in reset, and the write port is idle in the device's.
  always_ff @(posedge wr_clk_i) begin
    wr_chunk_en_q <= write;
    wr_word_en_q  <= move.enable && !write;
    wr_bank_q     <= write ? write_i.bank[RamBankW-1:0] : move.bank;
    wr_addr_q     <= write ? AddrW'(write_i.address >> Shift) : move.address;
    wr_chunk_q    <= ChunkW'(chunk);
    wr_data_q     <= write_i.data;
    wr_word_q     <= move.data;
  end

  weight_ram #(
      .Width(Width),
      .Depth(Depth),
      .Banks(Banks)
  ) u_ram (
      .clk_i,
      .wr_clk_i,
      .rd_en_i    (rd_en_i || learner_q || granted),
      .rd_bank_i  (rd_en_i ? rd_bank_i : access_bank_q),
      .rd_addr_i  (rd_en_i ? rd_addr_i : access_addr_q),
      .rd_data_o,
      .wr_en_i    (wr_chunk_en_q),
      .wr_bank_i  (wr_bank_q),
      .wr_addr_i  (wr_addr_q),
      .wr_chunk_i (wr_chunk_q),
      .wr_data_i  (wr_data_q),
      .word_en_i  (wr_word_en_q),
      .word_bank_i(wr_bank_q),
      .word_addr_i(wr_addr_q),
      .word_data_i(wr_word_q)
  );

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(rd_en_i && learner_q)) else $error("runtime_memory: %m is read by unit and learner at once.");
    end
  end
`endif

  // The upper address and bank bits select nothing in a small memory.
  logic unused_bits;
  assign unused_bits = ^{chunk, write_i, read_i};
endmodule
