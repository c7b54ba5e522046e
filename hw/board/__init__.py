# SPDX-License-Identifier: Apache-2.0
"""What stands between the device and the pins of a board: SystemVerilog that instantiates ``moe_accelerator``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hw.board.boards import Board
from hw.cells import CELLS
from hw.gen.build import GeneratedHardware
from tools.cocotb_run import rtl_sources
from tools.manifest import compile_order

BOARD = Path(__file__).parent
DEVICE_TOP = "moe_serial"
"""The module with the whole device in it."""
PLL = CELLS / "EHXPLLL.sv"
"""The model of the PLL in every board's top. For synthesis it is a black box of which the cell keeps its parameters."""
WITHOUT_PLL = f"delete ={PLL.stem}"
"""Command of Yosys behind ``tools.yosys.READ_CELLS``: its own black box of the PLL would give the cell none."""


def as_top(board: Board) -> str:
    """Options of ``read_slang`` with a board's top."""
    values = "".join(f"-G {name}={value} " for name, value in board.parameters().items())
    return f"{values}--blackboxed-module {PLL.stem}"


def board_options(values: Mapping[str, int]) -> tuple[str, ...]:
    """Options of Verilator with a board's top: the model of the PLL makes a clock with delays, none of them 0."""
    in_time = ("--timing", "--no-sched-zero-delay", "--timescale", "1ps/1ps")
    return (*(f"-G{name}={value}" for name, value in values.items()), *in_time)


def bridge_sources(directory: Path = BOARD) -> list[Path]:
    """Sources of ``serial_bridge`` and all it is made of, packages first: they know no network."""
    shared = rtl_sources("axil_pkg", "stream_fifo")
    return [*shared, *(path for path in compile_order(directory) if path.stem != DEVICE_TOP)]


def board_sources(hardware: GeneratedHardware, board: Board | None = None, directory: Path = BOARD) -> list[Path]:
    """Sources of ``moe_serial``, packages first, and of a board's top with its PLL."""
    return [*hardware.device_sources, *compile_order(directory), *([PLL, board.source] if board else ())]
