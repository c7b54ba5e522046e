// SPDX-License-Identifier: Apache-2.0
/// The device on a ULX3S board: clock from the PLL, reset, serial line, lamps. Nothing else of the board is used.
///
/// Clock: oscillator * FeedbackDiv / InputDiv; the PLL runs at OutputDiv times that, 400 to 800 MHz. hw/board/boards.py
/// computes the three, and Divisor and GapCycles for that clock, from configs/boards/ulx3s.toml.
///
/// Latency: the device leaves reset 6 cycles after the PLL locked and the button was released.
///
/// Protocol: ftdi_txd_i is what the FT231X transmits, so the device's input; docs/serial.md has what goes over it.
/// btn_pwr_ni is low while it is pressed: the device is reset, and forgets its banks. Lamps, from led_o[0]: the
/// always-on domain (out of reset); front end, GE, local experts and gate (each while it has a clock); alive (blinks);
/// interrupt; the line is busy.
/// Does not: use the ESP32, which wifi_gpio0_o keeps from starting the board anew.
///
/// Parameters (no defaults: nothing here knows the clock)
///   InputDiv, FeedbackDiv, OutputDiv  dividers of the PLL
///   Divisor                           clock cycles of a bit of the serial line
///   GapCycles                         silence after which a frame that is not complete is dropped, cycles
module moe_ulx3s
  import accel_pkg::*;
#(
    parameter int unsigned InputDiv,
    parameter int unsigned FeedbackDiv,
    parameter int unsigned OutputDiv,
    parameter int unsigned Divisor,
    parameter int unsigned GapCycles
) (
    input  logic       osc_i,
    input  logic       btn_pwr_ni,
    input  logic       ftdi_txd_i,
    output logic       ftdi_rxd_o,
    output logic [7:0] led_o,
    output logic       wifi_gpio0_o
);
  localparam int unsigned ResetCycles = 4;
  localparam int unsigned AliveW = 26;  // a blink is 2^26 cycles, about a second

  // ---- Clock and reset --------------------------------------------------------------------------------------
  logic clk, locked, stop, rst_n;
  logic [ResetCycles-1:0] reset_q;

  // The attributes are the PLL's currents, which place and route has no defaults for; the values are those that Project
  // Trellis' ecppll gives every PLL.
  (* ICP_CURRENT = "12", LPF_RESISTOR = "8", MFG_ENABLE_FILTEROPAMP = "1", MFG_GMCREF_SEL = "2" *)
  EHXPLLL #(
      .CLKI_DIV    (InputDiv),
      .CLKFB_DIV   (FeedbackDiv),
      .CLKOP_DIV   (OutputDiv),
      .CLKOP_CPHASE(OutputDiv - 1),
      .FEEDBK_PATH ("CLKOP")
  ) u_pll (
      .CLKI        (osc_i),
      .CLKFB       (clk),
      .CLKOP       (clk),
      .LOCK        (locked),
      .RST         (1'b0),
      .STDBY       (1'b0),
      .PLLWAKESYNC (1'b0),
      .PHASESEL1   (1'b0),
      .PHASESEL0   (1'b0),
      .PHASEDIR    (1'b0),
      .PHASESTEP   (1'b0),
      .PHASELOADREG(1'b0),
      .ENCLKOP     (1'b0)
  );

  // Reset comes at once, without a clock, and goes in step with it.
  assign stop = !locked || !btn_pwr_ni;
  assign rst_n   = reset_q[ResetCycles-1];

  always_ff @(posedge clk or posedge stop) begin
    if (stop) reset_q <= '0;
    else reset_q <= {reset_q[ResetCycles-2:0], 1'b1};
  end

  // ---- Device -----------------------------------------------------------------------------------------------
  logic irq;
  logic [Domains-1:0] working;

  moe_serial #(
      .Divisor  (Divisor),
      .GapCycles(GapCycles)
  ) u_serial (
      .clk_i    (clk),
      .rst_ni   (rst_n),
      .rx_i     (ftdi_txd_i),
      .tx_o     (ftdi_rxd_o),
      .irq_o    (irq),
      .working_o(working)
  );

  // ---- Lamps ------------------------------------------------------------------------------------------------
  logic [AliveW-1:0] alive_q;

  always_ff @(posedge clk) begin
    if (!rst_n) alive_q <= '0;
    else alive_q <= alive_q + 1'b1;
  end

  assign led_o        = {!(ftdi_txd_i && ftdi_rxd_o), irq, alive_q[AliveW-1], working, rst_n};
  assign wifi_gpio0_o = 1'b1;
endmodule
