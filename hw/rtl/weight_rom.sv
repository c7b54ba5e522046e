// SPDX-License-Identifier: Apache-2.0
/// Read-only memory for the constant weights or biases of a layer.
///
/// Latency: 1 cycle (synchronous read, infers block RAM). The word is held while rd_en_i is low.
///
/// InitFile has one word a line in hexadecimal ($readmemh), Depth lines, and a path that is valid where the
/// simulator runs or where synthesis runs. It is an untyped parameter because a `string` one does not get
/// through every open tool. A wide memory is read in pieces of its words, by a weight_rom each: FileW and Low.
/// Does not: reset its output, correct errors. See weight_ram for weights that are loaded at run time.
///
/// Parameters
///   Width     word width, bits
///   Depth     words
///   InitFile  path of the contents
///   FileW     width of the words in the file, bits
///   Low       lowest of their bits that is in the memory
module weight_rom #(
    parameter int unsigned  Width    = 8,
    parameter int unsigned  Depth    = 16,
    parameter               InitFile = "",
    parameter int unsigned  FileW    = Width,
    parameter int unsigned  Low      = 0,
    localparam int unsigned AddrW    = (Depth > 1) ? $clog2(Depth) : 1
) (
    input  logic             clk_i,
    input  logic             rd_en_i,
    input  logic [AddrW-1:0] rd_addr_i,
    output logic [Width-1:0] rd_data_o
);
  logic [FileW-1:0] mem[Depth];

  initial begin
`ifndef SYNTHESIS
    // $readmemh only warns about a missing file, and zeros for weights look like a result.
    automatic int fd = $fopen(InitFile, "r");
    if (fd == 0) $fatal(1, "weight_rom: cannot open the memory file '%s'.", InitFile);
    $fclose(fd);
`endif
    $readmemh(InitFile, mem);
  end

  always_ff @(posedge clk_i) begin
    if (rd_en_i) rd_data_o <= mem[rd_addr_i][Low+:Width];
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rd_en_i) begin
      assert (32'(rd_addr_i) < Depth)
      else $error("weight_rom: address %0d of a memory of %0d words.", rd_addr_i, Depth);
    end
  end
`endif
endmodule
