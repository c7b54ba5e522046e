# SPDX-License-Identifier: Apache-2.0
"""A serial line as levels, one a clock cycle: what a sender puts on it, and what a receiver finds there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

HIGH = 1


def levels(data: Iterable[int], cycles_a_bit: float) -> Iterator[int]:
    """Line of bytes without pauses, 8N1; a bit need not be a whole number of cycles, as between two clocks."""
    end, now = 0.0, 0
    for byte in data:
        for bit in (0, *(byte >> i & 1 for i in range(8)), 1):
            end += cycles_a_bit
            while now < end - 0.5:
                yield bit
                now += 1


class Listener:
    """Takes a line level by level; ``received`` has its bytes, and None for a stop bit that was low."""

    def __init__(self, cycles_a_bit: int) -> None:
        self.cycles_a_bit = cycles_a_bit
        self.received: list[int | None] = []
        self._count: int | None = None  # cycles since the start bit began
        self._bits: list[int] = []

    def take(self, level: int) -> None:
        """The level of a cycle. Every cycle of a bit must have the same one."""
        if self._count is None:
            if level == HIGH:
                return
            self._count, self._bits = 0, []
        bit, within = divmod(self._count, self.cycles_a_bit)
        if within == 0:
            self._bits.append(level)
        assert self._bits[bit] == level, f"bit {bit} of a byte changes in its cycle {within}"
        self._count += 1
        if self._count == 10 * self.cycles_a_bit:
            value = sum(b << i for i, b in enumerate(self._bits[1:9]))
            self.received.append(value if self._bits[9] else None)
            self._count = None
