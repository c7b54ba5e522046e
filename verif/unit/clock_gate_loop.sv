// SPDX-License-Identifier: Apache-2.0
/// Test design for clock_gate: a word goes from a register of clk_i to one of the gated clock and back.
///
/// If the gated clock came a delta cycle late or early, a word would be skipped or repeated.
module clock_gate_loop (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic       enable_i,
    output logic [7:0] before_o,  // counts edges of clk_i
    output logic [7:0] gated_o,   // before_o, on the gated clock
    output logic [7:0] after_o,   // gated_o, on clk_i
    output logic [7:0] edges_o    // counts edges of the gated clock
);
  logic enable_q, gated_clk;

  clock_gate u_gate (
      .clk_i,
      .enable_i(enable_q),
      .clk_o   (gated_clk)
  );

  always_ff @(posedge clk_i) begin
    enable_q <= rst_ni && enable_i;
    before_o <= rst_ni ? before_o + 1'b1 : '0;
    after_o  <= gated_o;
  end

  // The first edges come after the reset, so these start from the simulator's value.
  always_ff @(posedge gated_clk) begin
    gated_o <= before_o;
    edges_o <= edges_o + 1'b1;
  end
endmodule
