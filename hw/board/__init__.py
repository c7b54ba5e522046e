# SPDX-License-Identifier: Apache-2.0
"""What stands between the device and the pins of a board: SystemVerilog that instantiates ``moe_accelerator``."""

from __future__ import annotations

from pathlib import Path

from hw.gen.build import GeneratedHardware
from tools.cocotb_run import rtl_sources
from tools.manifest import compile_order

BOARD = Path(__file__).parent
DEVICE_TOP = "moe_serial"
"""The module with the whole device in it."""


def bridge_sources(directory: Path = BOARD) -> list[Path]:
    """Sources of ``serial_bridge`` and all it is made of, packages first: they know no network."""
    shared = rtl_sources("axil_pkg", "stream_fifo")
    return [*shared, *(path for path in compile_order(directory) if path.stem != DEVICE_TOP)]


def board_sources(hardware: GeneratedHardware, directory: Path = BOARD) -> list[Path]:
    """Sources of ``moe_serial``, packages first."""
    return [*hardware.device_sources, *compile_order(directory)]
