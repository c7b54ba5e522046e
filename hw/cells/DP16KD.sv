// SPDX-License-Identifier: Apache-2.0
/// What netlists use of the ECP5's DP16KD, for simulation: 18 kbit of memory behind two ports.
/// Source: Lattice FPGA-TN-02204, "ECP5 and ECP5-5G Memory Usage Guide"; the order of the bits of INITVAL and the use
/// of both data ports at 36 bits as Yosys' mapping for this family has them.
///
/// The memory is 2,048 groups of nine bits. A port of 1, 2 or 4 bits sees the lower eight of each, one of 9, 18 or 36
/// bits one, two or four groups. At 18 and 36 bits the lowest bits of the address enable the writing of one group each.
/// A port of 36 bits on side A writes what stands at DIA and DIB, one on side B reads to DOA and DOB.
///
/// Latency: 1 cycle from an address to its data, 2 with the output register (REGMODE "OUTREG", enabled by OCE).
///
/// Port A writes; what it reads meanwhile is the old word (WRITEMODE "READBEFOREWRITE") or what it read before
/// ("NORMAL"). Port B, when it reads what port A writes at the same edge, reads the old word.
/// Does not: know of resets, of a port B that writes, of chip selects; what is asked for is an error.
///
/// Parameters: those of the cell that are in the model. INITVAL_xx: 16 words of 18 bits, 20 bits apart.
module DP16KD #(
    parameter int unsigned DATA_WIDTH_A = 18,
    parameter int unsigned DATA_WIDTH_B = 18,
    parameter string REGMODE_A = "NOREG",
    parameter string REGMODE_B = "NOREG",
    parameter string RESETMODE = "SYNC",
    parameter string ASYNC_RESET_RELEASE = "SYNC",
    parameter string CSDECODE_A = "0b000",
    parameter string CSDECODE_B = "0b000",
    parameter string WRITEMODE_A = "NORMAL",
    parameter string WRITEMODE_B = "NORMAL",
    parameter string CLKAMUX = "CLKA",
    parameter string CLKBMUX = "CLKB",
    parameter string GSR = "ENABLED",
    parameter [319:0] INITVAL_00 = 320'h0,
    parameter [319:0] INITVAL_01 = 320'h0,
    parameter [319:0] INITVAL_02 = 320'h0,
    parameter [319:0] INITVAL_03 = 320'h0,
    parameter [319:0] INITVAL_04 = 320'h0,
    parameter [319:0] INITVAL_05 = 320'h0,
    parameter [319:0] INITVAL_06 = 320'h0,
    parameter [319:0] INITVAL_07 = 320'h0,
    parameter [319:0] INITVAL_08 = 320'h0,
    parameter [319:0] INITVAL_09 = 320'h0,
    parameter [319:0] INITVAL_0A = 320'h0,
    parameter [319:0] INITVAL_0B = 320'h0,
    parameter [319:0] INITVAL_0C = 320'h0,
    parameter [319:0] INITVAL_0D = 320'h0,
    parameter [319:0] INITVAL_0E = 320'h0,
    parameter [319:0] INITVAL_0F = 320'h0,
    parameter [319:0] INITVAL_10 = 320'h0,
    parameter [319:0] INITVAL_11 = 320'h0,
    parameter [319:0] INITVAL_12 = 320'h0,
    parameter [319:0] INITVAL_13 = 320'h0,
    parameter [319:0] INITVAL_14 = 320'h0,
    parameter [319:0] INITVAL_15 = 320'h0,
    parameter [319:0] INITVAL_16 = 320'h0,
    parameter [319:0] INITVAL_17 = 320'h0,
    parameter [319:0] INITVAL_18 = 320'h0,
    parameter [319:0] INITVAL_19 = 320'h0,
    parameter [319:0] INITVAL_1A = 320'h0,
    parameter [319:0] INITVAL_1B = 320'h0,
    parameter [319:0] INITVAL_1C = 320'h0,
    parameter [319:0] INITVAL_1D = 320'h0,
    parameter [319:0] INITVAL_1E = 320'h0,
    parameter [319:0] INITVAL_1F = 320'h0,
    parameter [319:0] INITVAL_20 = 320'h0,
    parameter [319:0] INITVAL_21 = 320'h0,
    parameter [319:0] INITVAL_22 = 320'h0,
    parameter [319:0] INITVAL_23 = 320'h0,
    parameter [319:0] INITVAL_24 = 320'h0,
    parameter [319:0] INITVAL_25 = 320'h0,
    parameter [319:0] INITVAL_26 = 320'h0,
    parameter [319:0] INITVAL_27 = 320'h0,
    parameter [319:0] INITVAL_28 = 320'h0,
    parameter [319:0] INITVAL_29 = 320'h0,
    parameter [319:0] INITVAL_2A = 320'h0,
    parameter [319:0] INITVAL_2B = 320'h0,
    parameter [319:0] INITVAL_2C = 320'h0,
    parameter [319:0] INITVAL_2D = 320'h0,
    parameter [319:0] INITVAL_2E = 320'h0,
    parameter [319:0] INITVAL_2F = 320'h0,
    parameter [319:0] INITVAL_30 = 320'h0,
    parameter [319:0] INITVAL_31 = 320'h0,
    parameter [319:0] INITVAL_32 = 320'h0,
    parameter [319:0] INITVAL_33 = 320'h0,
    parameter [319:0] INITVAL_34 = 320'h0,
    parameter [319:0] INITVAL_35 = 320'h0,
    parameter [319:0] INITVAL_36 = 320'h0,
    parameter [319:0] INITVAL_37 = 320'h0,
    parameter [319:0] INITVAL_38 = 320'h0,
    parameter [319:0] INITVAL_39 = 320'h0,
    parameter [319:0] INITVAL_3A = 320'h0,
    parameter [319:0] INITVAL_3B = 320'h0,
    parameter [319:0] INITVAL_3C = 320'h0,
    parameter [319:0] INITVAL_3D = 320'h0,
    parameter [319:0] INITVAL_3E = 320'h0,
    parameter [319:0] INITVAL_3F = 320'h0
) (
    input  logic DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3,
                 DIA2, DIA1, DIA0,
    input  logic ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
    input  logic CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
    output logic DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3,
                 DOA2, DOA1, DOA0,
    input  logic DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3,
                 DIB2, DIB1, DIB0,
    input  logic ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
    input  logic CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
    output logic DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3,
                 DOB2, DOB1, DOB0
);
  if (!(REGMODE_A == "NOREG" || REGMODE_A == "OUTREG") || !(REGMODE_B == "NOREG" || REGMODE_B == "OUTREG")
      || !(WRITEMODE_A == "NORMAL" || WRITEMODE_A == "READBEFOREWRITE")
      || !(WRITEMODE_B == "NORMAL" || WRITEMODE_B == "READBEFOREWRITE")
      || CSDECODE_A != "0b000" || CSDECODE_B != "0b000" || !(GSR == "ENABLED" || GSR == "DISABLED" || GSR == "AUTO")
      || !(RESETMODE == "SYNC" || RESETMODE == "ASYNC") || ASYNC_RESET_RELEASE == ""
      || !(CLKAMUX == "CLKA" || CLKAMUX == "INV") || !(CLKBMUX == "CLKB" || CLKBMUX == "INV")) begin : gen_mode
    $error("DP16KD: this mode is not in this model.");
  end
  if (!(DATA_WIDTH_A inside {1, 2, 4, 9, 18, 36}) || !(DATA_WIDTH_B inside {1, 2, 4, 9, 18, 36})) begin : gen_width
    $error("DP16KD: a port of %0d and one of %0d bits.", DATA_WIDTH_A, DATA_WIDTH_B);
  end

  localparam int unsigned Groups = 2048;
  localparam int unsigned GroupW = 9;
  localparam int unsigned SliceW = 20;  // of INITVAL_xx, for two groups
  localparam logic [64*320-1:0] Init = {
    INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
    INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
    INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
    INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
    INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
    INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
    INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
    INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
  };

  logic [GroupW-1:0] memory[Groups];
  logic [17:0] data_a, data_b;
  logic [13:0] address_a, address_b;
  logic clk_a, clk_b, write_a;
  logic [35:0] read_a, read_b, out_a, out_b;

  assign data_a    = {
    DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3,
    DIA2, DIA1, DIA0
  };
  assign data_b    = {
    DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3,
    DIB2, DIB1, DIB0
  };
  assign address_a = {
    ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0
  };
  assign address_b = {
    ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0
  };
  assign clk_a     = (CLKAMUX == "INV") ? !CLKA : CLKA;
  assign clk_b     = (CLKBMUX == "INV") ? !CLKB : CLKB;
  assign write_a   = CEA && WEA;

  initial begin
    for (int unsigned i = 0; i < Groups; i++) memory[i] = Init[SliceW*(i/2)+GroupW*(i%2)+:GroupW];
  end

  // ---- Write ------------------------------------------------------------------------------------------------
  always_ff @(posedge clk_a) begin
    if (write_a) begin
      unique case (DATA_WIDTH_A)
        1: memory[address_a[13:3]][{1'b0, address_a[2:0]}] <= data_a[0];
        2: memory[address_a[13:3]][{1'b0, address_a[2:1], 1'b0}+:2] <= data_a[1:0];
        4: memory[address_a[13:3]][{1'b0, address_a[2], 2'b0}+:4] <= data_a[3:0];
        9: memory[address_a[13:3]] <= data_a[8:0];
        18: begin
          for (int unsigned i = 0; i < 2; i++) begin
            if (address_a[i]) memory[{address_a[13:4], 1'(i)}] <= data_a[GroupW*i+:GroupW];
          end
        end
        default: begin
          for (int unsigned i = 0; i < 2; i++) begin
            if (address_a[i]) memory[{address_a[13:5], 2'(i)}] <= data_a[GroupW*i+:GroupW];
            if (address_a[i+2]) memory[{address_a[13:5], 2'(i+2)}] <= data_b[GroupW*i+:GroupW];
          end
        end
      endcase
    end
  end

  // ---- Read -------------------------------------------------------------------------------------------------
  function automatic logic [35:0] word(logic [13:0] address, int unsigned width);
    logic [GroupW-1:0] group;
    group = memory[address[13:3]];
    unique case (width)
      1: return 36'(group[{1'b0, address[2:0]}]);
      2: return 36'(group[{1'b0, address[2:1], 1'b0}+:2]);
      4: return 36'(group[{1'b0, address[2], 2'b0}+:4]);
      9: return 36'(group);
      18: return 36'({memory[{address[13:4], 1'b1}], memory[{address[13:4], 1'b0}]});
      default: begin
        return {
          memory[{address[13:5], 2'd3}], memory[{address[13:5], 2'd2}],
          memory[{address[13:5], 2'd1}], memory[{address[13:5], 2'd0}]
        };
      end
    endcase
  endfunction

  always_ff @(posedge clk_a) begin
    if (CEA && (!write_a || WRITEMODE_A == "READBEFOREWRITE")) read_a <= word(address_a, DATA_WIDTH_A);
  end
  always_ff @(posedge clk_b) begin
    if (CEB) read_b <= word(address_b, DATA_WIDTH_B);
  end

  if (REGMODE_A == "OUTREG") begin : gen_out_a
    always_ff @(posedge clk_a) begin
      if (OCEA) out_a <= read_a;
    end
  end else begin : gen_out_a
    assign out_a = read_a;
  end
  if (REGMODE_B == "OUTREG") begin : gen_out_b
    always_ff @(posedge clk_b) begin
      if (OCEB) out_b <= read_b;
    end
  end else begin : gen_out_b
    assign out_b = read_b;
  end

  assign {
    DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3,
    DOA2, DOA1, DOA0
  } = (DATA_WIDTH_B == 36) ? out_b[17:0] : out_a[17:0];
  assign {
    DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3,
    DOB2, DOB1, DOB0
  } = (DATA_WIDTH_B == 36) ? out_b[35:18] : out_b[17:0];

  // ---- What is not in this model ----------------------------------------------------------------------------
  logic others;
  assign others = RSTA || RSTB || WEB || CSA2 || CSA1 || CSA0 || CSB2 || CSB1 || CSB0;

  always_comb begin
    assert (!others)
    else $error("DP16KD: resets, writes of port B and chip selects are not in this model.");
  end

  logic unused;
  assign unused = ^{OCEA, OCEB, out_a[35:18]};
endmodule
