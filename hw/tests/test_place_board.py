# SPDX-License-Identifier: Apache-2.0
"""A board's top by the real tools, a few registers in the place of the device: pins, clock, parameters of the PLL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hw.board import BOARD, PLL
from hw.board.boards import CLOCK, Board, load_board
from hw.place import netlist as netlists
from hw.place.cells import BOARD as AROUND
from hw.place.netlist import Netlist, netlist
from hw.place.record import record, terminal
from hw.place.seeds import run_seeds
from spec import tiny_variants as tiny
from spec.errors import CheckFailed
from tools.cocotb_run import rtl_sources
from tools.nextpnr import BITSTREAM, Target

_STAND_IN = """
/// What comes is said again, after a clock gate as the domains have them.
module moe_serial #(parameter int unsigned Divisor = 16, parameter int unsigned GapCycles = 1000) (
    input logic clk_i, rst_ni, rx_i, output logic tx_o, irq_o, output logic [3:0] working_o
);
  logic valid;
  logic [7:0] data;
  uart_rx #(.Divisor(Divisor)) u_rx (.clk_i, .rst_ni, .rx_i, .valid_o(valid), .error_o(irq_o), .data_o(data));
  uart_tx #(.Divisor(Divisor)) u_tx (.clk_i, .rst_ni, .valid_i(valid), .ready_o(), .data_i(data), .tx_o);
  stand_in u_device (.clk_i, .data_i(data), .data_o(working_o));
endmodule
module stand_in (input logic clk_i, input logic [7:0] data_i, output logic [3:0] data_o);
  logic clk;
  clock_gate u_gate (.clk_i, .enable_i(data_i[0]), .clk_o(clk));
  always_ff @(posedge clk) data_o <= data_o + data_i[3:0];
endmodule
"""


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Netlist, Path, Board]:
    """The netlist of a board with the stand-in, where it may be placed."""
    work, board = tmp_path_factory.mktemp("board"), load_board("ulx3s")
    (work / "moe_serial.sv").write_text(_STAND_IN)
    link = [*rtl_sources("accel_pkg"), *rtl_sources("clock_gate"), *(BOARD / f"uart_{way}.sv" for way in ("rx", "tx"))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(netlists, "board_sources", lambda *_: [*link, work / "moe_serial.sv", PLL, board.source])
        patch.setattr(netlists, "parts", lambda *_: ())
        return netlist(tiny.accelerator("one"), work=work, board=board), work, board


def target(board: Board, pins: str) -> Target:
    return Target(board.device, board.package, board.grade, board.clock_mhz, lpf=pins)


def test_the_pll_keeps_its_parameters(placed: tuple[Netlist, Path, Board]) -> None:
    """Yosys' own black box would lose them, and every PLL would divide by what nextpnr takes for granted."""
    found, _, board = placed
    cells = json.loads(found.path.read_text())["modules"][found.top]["cells"].values()
    (cell,) = (one for one in cells if one["type"] == "EHXPLLL")
    values, names = board.parameters(), {"CLKI_DIV": "InputDiv", "CLKFB_DIV": "FeedbackDiv", "CLKOP_DIV": "OutputDiv"}
    assert {name: int(cell["parameters"][name], 2) for name in names} == {k: values[v] for k, v in names.items()}
    assert cell["parameters"]["FEEDBK_PATH"] == "CLKOP" and cell["attributes"]["ICP_CURRENT"] == "12"


def test_a_board_is_placed_and_its_clock_is_the_plls(placed: tuple[Netlist, Path, Board]) -> None:
    found, _, board = placed
    directory, done = run_seeds(found, target(board, board.constraints()), (1,))
    result = record(found, target(board, board.constraints()), directory, done, "sources")
    assert result["findings"] == [] and result["board"] == "ULX3S-85F"
    assert {one["name"] for one in result["clocks"]} == {CLOCK, "u_serial.u_device.clk"}
    report = json.loads((directory / "seed_1" / "report.json").read_text())
    asked = [one["constraint"] for one in report["fmax"].values()]
    assert asked == [pytest.approx(board.clock_mhz, rel=1e-3)] * 2  # also behind the gate
    assert result["parts"][AROUND]["TRELLIS_FF"] > 40 and "LFE5U-85F-6 CABGA381 for 75 MHz" in terminal(result)
    assert (directory / "seed_1" / BITSTREAM).stat().st_size > 100_000


def test_a_port_without_a_pin_is_refused(placed: tuple[Netlist, Path, Board]) -> None:
    found, _, board = placed
    pins = board.constraints().replace('LOCATE COMP "led_o[3]"', "#")
    with pytest.raises(CheckFailed, match=r"led_o\[3\]"):
        run_seeds(found, target(board, pins), (1,))
