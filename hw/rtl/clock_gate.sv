// SPDX-License-Identifier: Apache-2.0
/// Clock gate: a rising edge of clk_i appears on clk_o if enable_i was high just before it, and then as a whole pulse.
///
/// Latency: none; enable_i, a register, acts on the first edge after the one that changed it.
///
/// By default a latch, transparent while the clock is low, and an AND: on an ASIC the library's integrated clock gate
/// takes its place. With the macro TARGET_ECP5 it is the device's dynamic clock gate (DCCA, 56 in an LFE5U-85F): a
/// latch and an AND made of look-up tables would skew the clock and could glitch. Yosys then needs
/// `read_verilog -lib +/ecp5/cells_bb.v` first. With TARGET_AMD it is a global clock buffer with an enable (BUFGCE, 32
/// in a device of the seventh series).
///
/// Protocol: enable_i is a register of clk_i.
/// Does not: have a test enable.
module clock_gate (
    input  logic clk_i,
    input  logic enable_i,
    output logic clk_o
);
`ifdef TARGET_ECP5
  DCCA u_gate (
      .CLKI(clk_i),
      .CE  (enable_i),
      .CLKO(clk_o)
  );
`elsif TARGET_AMD
  BUFGCE u_gate (
      .I (clk_i),
      .CE(enable_i),
      .O (clk_o)
  );
`else
  logic enable_q;

  always_latch begin
    if (!clk_i) enable_q = enable_i;
  end

  assign clk_o = clk_i && enable_q;
`endif
endmodule
