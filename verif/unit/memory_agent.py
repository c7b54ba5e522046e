# SPDX-License-Identifier: Apache-2.0
"""A memory around a design under test: words that are read some cycles later, and written in some cycles only."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any


class Memory:
    """Words as integers.

    Args:
        words: contents.
        enable, address, data: ports of the read side.
        latency: cycles from an address to its word, which is there in that cycle only.
    """

    def __init__(self, words: list[int], enable: Any, address: Any, data: Any, latency: int = 1) -> None:
        self.words, self.enable, self.address, self.data = words, enable, address, data
        self.way = deque([0] * latency, latency)

    def drive(self) -> None:
        self.data.value = self.way[0]

    def sample(self, cycle: int) -> None:
        self.way.append(self.words[self.address.value.to_unsigned()] if self.enable.value == 1 else 0)

    def reset(self) -> None: ...


class Writer:
    """The write side of a :class:`Memory`: ready as ``pattern`` says."""

    def __init__(self, memory: Memory, dut: Any, prefix: str, pattern: Iterator[bool]) -> None:
        self.memory, self.pattern = memory, pattern
        self.enable, self.ready = getattr(dut, f"{prefix}_en_o"), getattr(dut, f"{prefix}_ready_i")
        self.address, self.data = getattr(dut, f"{prefix}_addr_o"), getattr(dut, f"{prefix}_data_o")
        self.written: list[int] = []

    def drive(self) -> None:
        self.ready.value = int(next(self.pattern))

    def sample(self, cycle: int) -> None:
        if self.enable.value == 1 and self.ready.value == 1:
            address = self.address.value.to_unsigned()
            self.memory.words[address] = self.data.value.to_unsigned()
            self.written.append(address)

    def reset(self) -> None: ...
