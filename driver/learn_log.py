# SPDX-License-Identifier: Apache-2.0
"""What a program did to a device that learns, and in which cycles: enough to say what must have come of it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hw.regs.map import register
from spec.bank import Bank
from spec.learning import LearnRule

SLACK = 6  # cycles from the end of a write on, within which what it commands has come into force
_NEAR = 8  # changes of which the cycles may overlap
_Cycles = tuple[int, int]


class History:
    """The values of a setting: each came into force at some cycle between two."""

    def __init__(self, first: Any) -> None:
        self._begins, self._ends, self._values = [0], [0], [first]

    def change(self, begin: int, end: int, value: Any) -> None:
        """The value is another one from a cycle between ``begin`` and ``end`` on."""
        self._begins.append(begin)
        self._ends.append(end)
        self._values.append(value)

    def at(self, cycle: int) -> list[Any]:
        """The values that it may have at a cycle."""
        known = bisect_right(self._ends, cycle) - 1
        later = zip(self._begins[known + 1 : known + 1 + _NEAR], self._values[known + 1 :], strict=False)
        return [self._values[known], *(value for begin, value in later if begin <= cycle)]

    def changed(self, first: int, last: int) -> bool:
        """Whether it may have changed between two cycles."""
        return any(begin <= last and end >= first for begin, end in zip(self._begins[1:], self._ends[1:], strict=True))

    @property
    def last(self) -> Any:
        """The newest value."""
        return self._values[-1]


@dataclass
class Opened:
    """A session; ``closed`` is when it took no more lessons, ``counters`` and ``random`` are what a commit left."""

    bank: int
    expert: int
    rule: LearnRule
    opened: _Cycles
    closed: _Cycles | None = None
    activate: bool | None = None  # of its commit; None without one
    counters: dict[str, int] | None = None
    random: int | None = None
    crc: int | None = None


@dataclass
class Correction:
    """A correction that was asked for; ``over`` is a cycle at which it was, ``refused`` what the device said of it."""

    sequence: int
    label: int  # of spec.learning.label_word
    asked: _Cycles
    free: bool  # no other one was under way
    over: int | None = None
    refused: bool | None = None


@dataclass
class ReadBack:
    """A bank as it was read back at a cycle; ``session`` after whose commit that was, or None."""

    cycle: int
    number: int
    bank: Bank
    session: int | None = None


@dataclass
class Log:
    """Everything that was done. ``loads`` are (first cycle of the commit, bank, user)."""

    settings: dict[str, History]
    order: np.ndarray  # of the pool's images
    labels: np.ndarray  # beside them
    loads: list[tuple[int, int, int]] = field(default_factory=list)
    sessions: list[Opened] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    reads: list[ReadBack] = field(default_factory=list)


class Recorded:
    """A simulated device's transport that notes the cycles of every register write."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.writes: list[tuple[str, int, int, dict[str, int]]] = []  # register, first cycle, last, fields
        self._names = {register(path).address: path for path in _WATCHED}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, address: int, value: int) -> None:
        """See :class:`driver.transport.Transport`."""
        begin = self._transport.cycles
        self._transport.write(address, value)
        if path := self._names.get(address):
            self.writes.append((path, begin, self._transport.cycles + SLACK, register(path).unpack(value)))

    def last(self, path: str, **fields: int) -> _Cycles | None:
        """When a register was last written with some fields."""
        for name, begin, end, written in reversed(self.writes):
            if name == path and all(written[key] == value for key, value in fields.items()):
                return begin, end
        return None


_WATCHED = (
    "mode", "theta", "local_expert", "expert_enable", "bank_select", "bank_command", "learn_command", "learn_correct",
)  # fmt: skip
