# SPDX-License-Identifier: Apache-2.0
"""Boards as data: dividers of the PLL, rate of the line, ports and pins of its top, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hw.board import BOARD, PLL, board_sources
from hw.board.boards import CLOCK, OSCILLATOR, Board, Pll, load_board, pll
from hw.gen.build import generate
from hw.lint import verilator_lint_board, yosys_read
from spec import tiny_variants as tiny
from spec.errors import InputError
from spec.paths import CONFIGS, ROOT
from spec.tests.commands import call
from tools.manifest import findings, read_manifest

BOARDS = sorted(path.stem for path in (CONFIGS / "boards").glob("*.toml"))


# ---- Clock and line --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("mhz", "dividers"),
    [(75.0, Pll(1, 3, 8)), (100.0, Pll(1, 4, 6)), (60.0, Pll(5, 12, 10)), (62.5, Pll(2, 5, 10)), (50.0, Pll(1, 2, 12))],
)
def test_dividers_make_the_clock(mhz: float, dividers: Pll) -> None:
    found = pll(25.0, mhz)
    assert found == dividers and found.mhz(25.0) == mhz
    assert 400 <= found.output * mhz <= 800 and 25 / found.input >= 3.125


@pytest.mark.parametrize("feedback", range(1, 17))
def test_the_oscillator_inside_stays_within_its_limits(feedback: int) -> None:
    found = pll(25.0, 25.0 * feedback)
    assert 400 <= found.output * 25 * feedback <= 800


def test_a_clock_that_the_pll_cannot_make_is_refused() -> None:
    with pytest.raises(InputError, match="the PLL makes no 76.3 MHz of 25 MHz, the nearest is 75 MHz"):
        pll(25.0, 76.3)


@pytest.mark.parametrize("name", BOARDS)
def test_a_boards_line_is_near_its_rate(name: str) -> None:
    board = load_board(name)
    assert abs(board.rate_error) < 0.02
    values = board.parameters()
    assert values["Divisor"] == round(board.clock_mhz * 1e6 / board.baud)
    assert values["GapCycles"] == round(board.gap_ms * 1e-3 * board.clock_mhz * 1e6)
    assert values["FeedbackDiv"] / values["InputDiv"] * board.oscillator_mhz == pytest.approx(board.clock_mhz)


# ---- Pins ------------------------------------------------------------------------------------------------------------
def ports(board: Board) -> set[str]:
    """Bits of the ports of a board's top, as the LPF file names them."""
    head = board.source.read_text().partition(") (\n")[2].partition("\n);")[0]
    found = re.findall(r"(?:input|output) +logic +(?:\[(\d+):0\] +)?(\w+)", head)
    return {bit for high, name in found for bit in ([f"{name}[{i}]" for i in range(int(high) + 1)] if high else [name])}


def unplaced(board: Board, pins: str) -> list[str]:
    """Ports that are at no pin, or at several, or without a level; and pins that several ports are at."""
    places = re.findall(r'^LOCATE COMP "(\S+)" SITE "(\w+)";', pins, re.M)
    levels = re.findall(r'^IOBUF PORT "(\S+)" .*IO_TYPE=LVCMOS33\b', pins, re.M)
    names, sites = ([place[i] for place in places] for i in range(2))
    wrong = [one for one in ports(board) if names.count(one) != 1 or levels.count(one) != 1]
    wrong += [name for name in names if name not in ports(board)]
    return sorted(wrong + [site for site in sites if sites.count(site) > 1])


@pytest.mark.parametrize("name", BOARDS)
def test_every_port_has_its_pin(name: str) -> None:
    board = load_board(name)
    assert OSCILLATOR in ports(board) and len(ports(board)) > 4
    pins = board.constraints()
    assert unplaced(board, pins) == []
    assert f'FREQUENCY PORT "{OSCILLATOR}" {board.oscillator_mhz:g} MHZ;' in pins
    assert f'FREQUENCY NET "{CLOCK}" {board.clock_mhz:g} MHZ;' in pins
    first, second = re.findall(r'^LOCATE COMP "\S+" SITE "(\w+)";', pins, re.M)[:2]
    assert unplaced(board, pins.replace(f'"{first}"', f'"{second}"')) == [second, second]
    assert unplaced(board, pins.replace(f'LOCATE COMP "{OSCILLATOR}"', "#")) == [OSCILLATOR]
    assert unplaced(board, pins.replace(f'IOBUF PORT "{OSCILLATOR}"', "#")) == [OSCILLATOR]


def test_the_pins_of_the_ulx3s_are_the_boards() -> None:
    """The public constraint file's, for the signals that the top uses."""
    known = {
        "osc_i": "G2", "btn_pwr_ni": "D6", "ftdi_txd_i": "M1", "ftdi_rxd_o": "L4", "wifi_gpio0_o": "L2",
        **{f"led_o[{i}]": site for i, site in enumerate(("B2", "C2", "C1", "D2", "D1", "E2", "E1", "H3"))},
    }  # fmt: skip
    assert dict(re.findall(r'^LOCATE COMP "(\S+)" SITE "(\w+)";', load_board("ulx3s").constraints(), re.M)) == known


# ---- What is refused -------------------------------------------------------------------------------------------------
WRONG = {
    'device = "85k"': ('device = "12k"', "device is 12k, it must be 25k, 45k, 85k"),
    'package = "CABGA381"': ('package = "TQFP144"', "package is TQFP144, it must be CSFBGA285, CABGA381,"),
    "grade = 6": ("grade = 9", "grade is 9, it must be 6, 7, 8"),
    "clock_mhz = 75.0": ("clock_mhz = 20.0", "baud are 7 cycles of 20 MHz and so 5.0 % off, at most 2 % are allowed"),
    "baud = 3_000_000": ("baud = 15_000_000", "a bit has 5 cycles of 75 MHz, at least 6 are needed"),
    "gap_ms = 20.0": ("gap_ms = -1", "gap_ms is -1, a number above 0 is needed"),
    'title = "ULX3S-85F"': ("title = 85", "title is 85, a text is needed"),
    "oscillator_mhz = 25.0": ("", "without 'oscillator_mhz'"),
    "[end]": ("colour = 1\n", "there is no 'colour'"),
    "ulx3s.lpf": ("nowhere.lpf", "pins is hw/board/ulx3s/nowhere.lpf, and there is no such file"),
}


@pytest.mark.parametrize("old", WRONG)
def test_a_wrong_board_is_a_sentence(old: str, tmp_path: Path) -> None:
    new, sentence = WRONG[old]
    text = (CONFIGS / "boards" / "ulx3s.toml").read_text() + "[end]"
    assert text.count(old) == 1
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new).replace("[end]", ""))
    with pytest.raises(InputError, match=re.escape(f"board '{path}': ")) as error:
        load_board(str(path))
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--board", "nowhere"), "there is no boards preset 'nowhere'; known are ulx3s"),
        (("--board", "ulx3s", "--package", "CABGA554"), "--package does nothing beside --board"),
        (("--board", "ulx3s", "--mhz", "99.9999"), "the PLL makes no 99.9999 MHz of 25 MHz, the nearest is 100 MHz"),
        (("--mhz", "80"), "--mhz is that of a board: name one with --board"),
        (("--board", "ulx3s", "--module", "arg_max"), "--module does nothing beside --board"),
        (("--board", "mine.toml", "--keep"), "--board must name one that is shipped"),
    ],
)
def test_a_command_that_cannot_be_is_a_sentence(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("fpga", *arguments) == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1


# ---- Sources ---------------------------------------------------------------------------------------------------------
def test_every_source_is_in_a_manifest() -> None:
    assert findings(read_manifest(BOARD), BOARD) == []
    assert findings(read_manifest(PLL.parent), PLL.parent) == []
    assert {load_board(name).source.parent for name in BOARDS} == {path.parent for path in BOARD.glob("*/*.sv")}


def test_a_boards_top_is_clean_and_yosys_reads_it() -> None:
    board, hardware = load_board("ulx3s"), generate(tiny.accelerator("one"))
    assert verilator_lint_board(hardware, board) == ""
    assert yosys_read(hardware, board=board) == ""
    assert board.source in board_sources(hardware, board) and board.source.is_relative_to(ROOT)
