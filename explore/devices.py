# SPDX-License-Identifier: Apache-2.0
"""What a device has of each cell: the limits of the search."""

from __future__ import annotations

from dataclasses import dataclass

from explore.fit import BLOCKS, MULTIPLIERS, REGISTERS, SITES
from spec.errors import InputError


@dataclass(frozen=True)
class Device:
    """A device's cells, by the names of :mod:`explore.fit`."""

    name: str
    cells: dict[str, int]

    def limits(self, fill: float) -> dict[str, float]:
        """How many of each may be used: all blocks and multipliers, and this share of the LUTs and flip-flops."""
        share = {SITES: fill, REGISTERS: fill}
        return {kind: count * share.get(kind, 1) for kind, count in self.cells.items()}


def _device(name: str, luts: int, blocks: int, multipliers: int) -> Device:
    return Device(name, {SITES: luts, REGISTERS: luts, BLOCKS: blocks, MULTIPLIERS: multipliers})


DEVICES = {  # Lattice ECP5 family data sheet; a LUT4 has a flip-flop
    "ecp5-85": _device("LFE5U-85F", 83640, 208, 156),
    "ecp5-45": _device("LFE5U-45F", 43848, 108, 72),
    "ecp5-25": _device("LFE5U-25F", 24288, 56, 28),
}


def device_named(name: str) -> Device:
    """A device of the table.

    Raises:
        InputError: it has none of this name.
    """
    if name not in DEVICES:
        raise InputError(f"there is no device '{name}'; known are {', '.join(DEVICES)}")
    return DEVICES[name]
