# SPDX-License-Identifier: Apache-2.0
"""Boards as data, ``configs/boards``: device, pins, clock, rate of the serial line, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from spec.errors import InputError
from spec.paths import CONFIGS, ROOT
from spec.presets import load_toml
from tools.nextpnr import DEVICES, GRADES, PACKAGES

OSCILLATOR = "osc_i"
"""The port of a board's top with the oscillator."""
CLOCK = "clk"
"""The net of the device's clock in a board's top."""
DEVICE_PATH = "u_serial.u_device"
"""``moe_accelerator`` in a board's top."""
_RATE_ERROR = 0.02  # of a bit's time: a receiver takes 3 % of both sides together
_SHORTEST = 6  # cycles of a bit, for uart_rx
_LOWEST_MHZ, _HIGHEST_MHZ = 3.125, 400.0  # of a phase detector and of an output; data sheet FPGA-DS-02012
_INSIDE_MHZ = 600.0  # of the oscillator inside, which can do 400 to 800: near it by a rounded divider of any output
_LARGEST = {"InputDiv": 128, "FeedbackDiv": 80, "OutputDiv": 128}


@dataclass(frozen=True)
class Pll:
    """Dividers of an EHXPLLL: the output is input * feedback / input divider."""

    input: int
    feedback: int
    output: int

    def mhz(self, oscillator: float) -> float:
        """Frequency of the output."""
        return oscillator * self.feedback / self.input


@dataclass(frozen=True)
class Board:
    """A board; the fields are those of its file, of which the names of files are below the project's directory.

    Attributes:
        name: of the file, without ``.toml``.
        device, package, grade: as :class:`tools.nextpnr.Target` has them.
        gap_ms: silence on the line that ends a frame which is not complete.
    """

    name: str
    title: str
    top: str
    pins: str
    device: str
    package: str
    grade: int
    oscillator_mhz: float
    clock_mhz: float
    baud: int
    gap_ms: float

    @property
    def source(self) -> Path:
        """The board's top, of the module that has the file's name."""
        return ROOT / self.top

    @property
    def module(self) -> str:
        """Name of the top module."""
        return self.source.stem

    @property
    def divisor(self) -> int:
        """Clock cycles of a bit."""
        return round(self.clock_mhz * 1e6 / self.baud)

    @property
    def rate_error(self) -> float:
        """By how much of a bit's time the device's rate is off."""
        return self.divisor * self.baud / (self.clock_mhz * 1e6) - 1

    def parameters(self, divisor: int | None = None, gap_cycles: int | None = None) -> dict[str, int]:
        """Of the top module; a simulation may have a faster line and less patience than the board."""
        dividers = pll(self.oscillator_mhz, self.clock_mhz)
        return {
            "InputDiv": dividers.input,
            "FeedbackDiv": dividers.feedback,
            "OutputDiv": dividers.output,
            "Divisor": divisor or self.divisor,
            "GapCycles": gap_cycles or round(self.gap_ms * 1e3 * self.clock_mhz),
        }

    def constraints(self) -> str:
        """LPF: the board's pins, and the frequencies, which the pins' file does not know."""
        oscillator = f'FREQUENCY PORT "{OSCILLATOR}" {self.oscillator_mhz:g} MHZ;\n'
        return f'{(ROOT / self.pins).read_text()}{oscillator}FREQUENCY NET "{CLOCK}" {self.clock_mhz:g} MHZ;\n'


def pll(oscillator: float, mhz: float) -> Pll:
    """Dividers for an output of ``mhz``, exactly; of several the least division of the input.

    Raises:
        InputError: there are none; the nearest frequency that there is stands in the message.
    """
    found, nearest = [], None
    for divider in range(1, _LARGEST["InputDiv"] + 1):
        if oscillator / divider < _LOWEST_MHZ:
            break
        for feedback in range(1, _LARGEST["FeedbackDiv"] + 1):
            made = oscillator * feedback / divider
            if not _LOWEST_MHZ <= made <= _HIGHEST_MHZ:
                continue
            output = min(round(_INSIDE_MHZ / made), _LARGEST["OutputDiv"])
            if nearest is None or abs(made - mhz) < abs(nearest - mhz):
                nearest = made
            if abs(made - mhz) < 1e-6 * mhz:
                found.append(Pll(divider, feedback, output))
    if not found:
        raise InputError(f"the PLL makes no {mhz:g} MHz of {oscillator:g} MHz, the nearest is {nearest:g} MHz")
    return found[0]


def load_board(name: str) -> Board:
    """The board of ``configs/boards``, or of a ``.toml`` file.

    Raises:
        InputError: there is no such board, or its file is wrong: the sentence says where.
    """
    found = load_toml("boards", name)
    kinds = {one.name: one.type for one in fields(Board) if one.name != "name"}
    for key in sorted(set(found) ^ set(kinds)):
        raise InputError(f"board '{name}': {'there is no' if key in found else 'without'} '{key}'")
    for key, kind in kinds.items():
        allowed = {"str": (str,), "int": (int,), "float": (int, float)}[kind]
        if not isinstance(found[key], allowed) or (kind != "str" and found[key] <= 0):
            needed = "a text" if kind == "str" else "a number above 0"
            raise InputError(f"board '{name}': {key} is {found[key]!r}, {needed} is needed")
    board = Board(Path(name).stem, **found)
    choices = {"device": tuple(DEVICES), "package": PACKAGES.get(board.device, ()), "grade": GRADES}
    for key, known in choices.items():
        if getattr(board, key) not in known:
            raise InputError(f"board '{name}': {key} is {getattr(board, key)}, it must be {', '.join(map(str, known))}")
    for key in ("top", "pins"):
        if not (ROOT / getattr(board, key)).is_file():
            raise InputError(f"board '{name}': {key} is {getattr(board, key)}, and there is no such file")
    pll(board.oscillator_mhz, board.clock_mhz)
    if board.divisor < _SHORTEST:
        needed = f"at least {_SHORTEST} are needed"
        raise InputError(f"board '{name}': a bit has {board.divisor} cycles of {board.clock_mhz:g} MHz, {needed}")
    if abs(board.rate_error) > _RATE_ERROR:
        error, most = 100 * abs(board.rate_error), 100 * _RATE_ERROR
        rates = f"{board.baud:,} baud are {board.divisor} cycles of {board.clock_mhz:g} MHz"
        raise InputError(f"board '{name}': {rates} and so {error:.1f} % off, at most {most:g} % are allowed")
    return board


def all_boards() -> list[Board]:
    """Those of ``configs/boards``."""
    return [load_board(path.stem) for path in sorted((CONFIGS / "boards").glob("*.toml"))]
