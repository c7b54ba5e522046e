// SPDX-License-Identifier: Apache-2.0
/// What boards use of the ECP5's EHXPLLL, for simulation with time: one output, which is also the feedback.
/// Source: Lattice FPGA-TN-02200, "ECP5 and ECP5-5G sysCLOCK PLL/DLL Design and Usage Guide"; limits of the data sheet,
/// FPGA-DS-02012.
///
/// Formula: f(CLKOP) = f(CLKI) * CLKFB_DIV / CLKI_DIV; the oscillator inside runs at CLKOP_DIV times that.
///
/// CLKOP runs, and LOCK is high, after 20 edges of CLKI. Frequencies beyond the limits are an error.
/// Synthesis takes the module as a black box, so it has no local parameters: they would be the cell's.
/// Does not: know of phases, of a CLKI that changes or stops, of the other outputs.
module EHXPLLL #(
    parameter int unsigned CLKI_DIV = 1,
    parameter int unsigned CLKFB_DIV = 1,
    parameter int unsigned CLKOP_DIV = 8,
    parameter int unsigned CLKOP_CPHASE = 0,
    parameter FEEDBK_PATH = "CLKOP"
) (
    input  logic CLKI, CLKFB, RST, STDBY, PLLWAKESYNC,
    input  logic PHASESEL1, PHASESEL0, PHASEDIR, PHASESTEP, PHASELOADREG, ENCLKOP,
    output logic CLKOP,
    output logic LOCK
);
  timeunit 1ps; timeprecision 1ps;

  realtime edge_at, period;
  int unsigned left;  // periods until it locks

  always @(posedge CLKI) begin
    period  <= $realtime - edge_at;
    edge_at <= $realtime;
    if (left != 0) left <= left - 1;
  end

  always @(CLKFB) begin
    assert (CLKFB == CLKOP)
    else $error("EHXPLLL: CLKFB is not CLKOP.");
  end

  function automatic void check(real mhz, real low, real high, string what);
    if (mhz < low || mhz > high) $error("EHXPLLL: %s is %0f MHz, it must be %0f to %0f.", what, mhz, low, high);
  endfunction

  initial begin
    {CLKOP, LOCK} = '0;
    edge_at       = 0;
    period        = 0;
    left          = 20;
    wait (left == 0);
    assert (FEEDBK_PATH == "CLKOP" && CLKOP_CPHASE < 128 && !RST && !STDBY && !PLLWAKESYNC && !ENCLKOP)
    else $error("EHXPLLL: only feedback from an output that is always on is in this model.");
    assert ({PHASESEL1, PHASESEL0, PHASEDIR, PHASESTEP, PHASELOADREG} == '0)
    else $error("EHXPLLL: phases are not in this model.");
    check(1e6 / period, 8.0, 400.0, "the input");
    check(1e6 / period / real'(CLKI_DIV), 3.125, 400.0, "the phase detector");
    check(1e6 / period * real'(CLKFB_DIV) / real'(CLKI_DIV), 3.125, 400.0, "the output");
    check(1e6 / period * real'(CLKFB_DIV * CLKOP_DIV) / real'(CLKI_DIV), 400.0, 800.0, "the oscillator");
    LOCK = 1'b1;
    forever #(period * real'(CLKI_DIV) / real'(CLKFB_DIV) / 2.0) CLKOP = !CLKOP;
  end
endmodule
