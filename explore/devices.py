# SPDX-License-Identifier: Apache-2.0
"""What a device has of each cell: the limits of the search."""

from __future__ import annotations

from dataclasses import dataclass

from explore.fit import BLOCKS, MULTIPLIERS, REGISTERS, SITES
from spec.errors import InputError
from tools import ecp5


@dataclass(frozen=True)
class Device:
    """A device's cells, by the names of :mod:`explore.fit`."""

    name: str
    cells: dict[str, int]

    def limits(self, fill: float) -> dict[str, float]:
        """How many of each may be used: all blocks and multipliers, and this share of the LUTs and flip-flops."""
        share = {SITES: fill, REGISTERS: fill}
        return {kind: count * share.get(kind, 1) for kind, count in self.cells.items()}


def _device(of: ecp5.Device) -> Device:
    cells = {SITES: of.luts, REGISTERS: of.luts, BLOCKS: of.blocks, MULTIPLIERS: of.multipliers}
    return Device(of.name, cells)


DEVICES = {f"ecp5-{option[:-1]}": _device(of) for option, of in reversed(ecp5.DEVICES.items())}  # the largest first


def device_named(name: str) -> Device:
    """A device of the table.

    Raises:
        InputError: it has none of this name.
    """
    if name not in DEVICES:
        raise InputError(f"there is no device '{name}'; known are {', '.join(DEVICES)}")
    return DEVICES[name]
