# SPDX-License-Identifier: Apache-2.0
"""The memory of a DP16KD in a few lines: groups of nine bits, of which a narrow port sees eight."""

from __future__ import annotations

import numpy as np

GROUPS, GROUP = 2048, 9
_ROWS, _SLICES, _SLICE_BITS = 64, 16, 20  # INITVAL_00 to INITVAL_3F, slices of each


def initial_groups(seed: int = 5) -> np.ndarray:
    """Contents to begin with, int (2048,)."""
    return np.random.default_rng(seed).integers(0, 1 << GROUP, GROUPS)


def initial_values(groups: np.ndarray) -> dict[str, str]:
    """Parameters of the cell with these contents, as Verilog has them: 18 bits every 20."""
    values = {}
    for row in range(_ROWS):
        pairs = groups.reshape(_ROWS, _SLICES, 2)[row].tolist()
        word = sum((low | high << GROUP) << _SLICE_BITS * i for i, (low, high) in enumerate(pairs))
        values[f"INITVAL_{row:02X}"] = f"320'h{word:x}"
    return values


class Memory:
    """``groups``: int (2048,), each of nine bits."""

    def __init__(self, groups: np.ndarray) -> None:
        self.groups = groups.copy()

    def read(self, address: int, width: int) -> int:
        """What a port of this width gives."""
        if width < GROUP:
            return int(self.groups[address >> 3]) >> (address & 7 & -width) & ((1 << width) - 1)
        count = width // GROUP
        first = (address >> 3) // count * count
        return sum(int(self.groups[first + i]) << GROUP * i for i in range(count))

    def write(self, address: int, width: int, data: int) -> None:
        """Write; from 18 bits on the lowest bits of the address say which groups."""
        if width < GROUP:
            shift, mask = address & 7 & -width, (1 << width) - 1
            self.groups[address >> 3] = int(self.groups[address >> 3]) & ~(mask << shift) | (data & mask) << shift
            return
        count = width // GROUP
        first = (address >> 3) // count * count
        for i in range(count):
            if count == 1 or address >> i & 1:
                self.groups[first + i] = data >> GROUP * i & (1 << GROUP) - 1
