# SPDX-License-Identifier: Apache-2.0
"""What Yosys makes of a memory on an ECP5, by rule: block RAM, small memories of LUTs, or flip-flops and logic.

Its rule (``memory_libmap`` with the libraries of ``synth_ecp5``) is the lowest cost: 128 a block, 4 a memory of 16x4
bits, 1/2 a bit that is chosen among several, and 1/16 a bit of a constant in logic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

WORDS_OF_BLOCK = {36: 512, 18: 1024, 9: 2048, 4: 4096, 2: 8192, 1: 16384}  # depth of a DP16KD by its width
BLOCK_COST, SMALL_COST = 128, 4
ROM_BIT_COST = 1 / 16  # of a constant in logic
MULTIPLEXER_COST = 1 / 2  # of a bit that one of two memories gives
SMALL_WORDS, SMALL_BITS = 16, 4  # of a TRELLIS_DPR16X4
LEAST_SMALL_BITS = 10  # a memory of fewer words times bits becomes flip-flops

ROM, RAM, CHECKED, ASYNC, LUTS, BLOCK = "rom", "ram", "checked", "async", "luts", "block"
"""Constant; written and read by a clock; the same where a word may be read while it is written, for which a block needs
logic; read without a clock; told to be of LUTs; told to be of blocks."""


@dataclass(frozen=True)
class Memory:
    """A memory of the RTL: ``depth`` words of ``width`` bits, and which ``kind`` of access it has."""

    width: int
    depth: int
    kind: str

    @property
    def bits(self) -> int:
        """Bits in all."""
        return self.width * self.depth

    @property
    def blocks(self) -> int:
        """Block RAMs (DP16KD) that it becomes."""
        return layout(self.width, self.depth)[0] if self.in_blocks else 0

    @property
    def in_blocks(self) -> bool:
        """Whether it becomes block RAM."""
        if self.kind in (ASYNC, LUTS):
            return False
        if self.kind == BLOCK:
            return True
        block = _cost(BLOCK_COST, *layout(self.width, self.depth))
        others = self.bits * ROM_BIT_COST if self.kind == ROM else _cost(SMALL_COST, *self._small)
        return block < others or (block == others and self.kind == RAM)

    @property
    def small(self) -> int:
        """Memories of 16x4 bits (TRELLIS_DPR16X4) that it becomes."""
        return self._small[0] if self._is_small else 0

    @property
    def multiplexers(self) -> int:
        """Bits that are chosen among blocks, or among small memories, behind one another."""
        if self.in_blocks:
            return layout(self.width, self.depth)[1]
        return self._small[1] if self._is_small else 0

    @property
    def rom_luts(self) -> int:
        """LUTs of four inputs that a constant in logic becomes at most; larger functions join them by multiplexers."""
        return 0 if self.kind != ROM or self.in_blocks or self.depth < 2 else self.width * -(-self.depth // SMALL_WORDS)

    @property
    def _is_small(self) -> bool:
        return self.kind not in (ROM, BLOCK) and not self.in_blocks and self.bits > LEAST_SMALL_BITS

    @property
    def _small(self) -> tuple[int, int]:
        rows = -(-self.depth // SMALL_WORDS)
        return -(-self.width // SMALL_BITS) * rows, self.width * (rows - 1)


def _cost(unit: int, count: int, multiplexers: int) -> float:
    return unit * count + MULTIPLEXER_COST * multiplexers


@cache
def layout(width: int, depth: int) -> tuple[int, int]:
    """Block RAMs for words of ``width`` bits, and bits that are chosen among them.

    A memory that is deeper than a block is cut into segments, whose words stand side by side in blocks of one width.
    """
    found = []
    for wide, words in WORDS_OF_BLOCK.items():
        segments = -(-depth // words)
        found.append((-(-segments * width // wide), width * (segments - 1)))
    return min(found, key=lambda made: _cost(BLOCK_COST, *made))
