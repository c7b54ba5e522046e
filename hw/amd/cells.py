# SPDX-License-Identifier: Apache-2.0
"""Cells of the device on AMD's seventh series, by Yosys' ``synth_xilinx``, and how much of a device they are.

Multipliers, memories and carry chains are inferred; the only cell that the sources name is the clock gate's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hw.gen.build import GeneratedHardware
from tools.yosys import run_yosys, take

TOP = "moe_accelerator"
DEFINES = ("SYNTHESIS", "TARGET_AMD")
_CELLS = "read_verilog -lib +/xilinx/cells_sim.v +/xilinx/cells_xtra.v"


@dataclass(frozen=True)
class Part:
    """What a device has, as AMD counts (DS180 and DS190): ``block_ram`` in blocks of 36 kbit."""

    luts: int
    flip_flops: int
    block_ram: float
    multipliers: int


PARTS = {
    "xc7z020clg400-1": Part(53_200, 106_400, 140, 220),  # PYNQ-Z2, Zybo Z7-20
    "xc7a100tcsg324-1": Part(63_400, 126_800, 135, 240),  # Arty A7-100T, Nexys A7
    "xc7a200tsbg484-1": Part(134_600, 269_200, 365, 740),  # Nexys Video
}
# LUTs of a cell: of those that are one LUT each, and of memories and shift registers made of LUTs.
_LUTS = {**{f"LUT{n}": 1 for n in range(1, 7)}, "INV": 1, "SRL16E": 1, "SRLC32E": 1}
_LUTS |= {"RAM32X1S": 1, "RAM64X1S": 1, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1S": 2, "RAM128X1D": 4, "RAM256X1S": 4}
_LUTS |= {"RAM32M": 4, "RAM64M": 4}
_FLIP_FLOPS = ("FDRE", "FDSE", "FDCE", "FDPE")
LATCHES = ("LDCE", "LDPE")


def cells(hardware: GeneratedHardware, top: str = TOP, log: Path | None = None, gate: bool = True) -> dict[str, int]:
    """Cells of a module with its default parameters, by type.

    Args:
        gate: use the device's clock gate; without, the latch and AND of an ASIC are synthesised.

    Raises:
        RuntimeError: Yosys failed; the message has the end of its output.
    """
    defines = " ".join(f"-D {name}" for name in (DEFINES if gate else DEFINES[:1]))
    sources = " ".join(hardware.relative_sources(device=True))
    counts = hardware.directory / f"amd_cells.{os.getpid()}.json"
    run_yosys(
        hardware.directory,
        f"{_CELLS}; read_slang --threads 1 --top {top} {defines} {sources}; "
        f"synth_xilinx -family xc7 -noiopad -top {top}; tee -q -o {counts.name} stat -top {top} -json",
        log,
    )
    return {name: int(n) for name, n in json.loads(take(counts))["design"]["num_cells_by_type"].items()}


def used(found: Mapping[str, int]) -> Part:
    """What the cells take of a device, before placement packs any of them together."""
    return Part(
        luts=sum(size * found.get(name, 0) for name, size in _LUTS.items()),
        flip_flops=sum(found.get(name, 0) for name in _FLIP_FLOPS),
        block_ram=found.get("RAMB36E1", 0) + found.get("RAMB18E1", 0) / 2,
        multipliers=found.get("DSP48E1", 0),
    )
