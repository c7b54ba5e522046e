// SPDX-License-Identifier: Apache-2.0
/// The ECP5's DCCA, for simulation: a clock that can be stopped, in whole pulses.
/// Source: Lattice FPGA-TN-02200, "ECP5 and ECP5-5G sysCLOCK PLL/DLL Design and Usage Guide".
///
/// A rising edge of CLKI appears at CLKO if CE was high just before it: CE passes while the clock is low.
///
/// Latency: none.
/// Does not: delay CE by cycles of the clock, as synchronising gates of other devices do.
module DCCA (
    input  logic CLKI,
    input  logic CE,
    output logic CLKO
);
  logic enable_q;

  always_latch begin
    if (!CLKI) enable_q = CE;
  end

  assign CLKO = CLKI && enable_q;
endmodule
