# SPDX-License-Identifier: Apache-2.0
"""Cycle-accurate valid/ready drivers and monitors for the cocotb benches.

A ``Bench`` owns clock and reset and steps the design one cycle at a time: inputs change after the falling edge,
and once everything has settled every agent looks at what the coming rising edge will transfer. Stepping from one
place wakes Python twice a cycle, however many streams a design has, and has no races between drivers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly

PATTERNS = ("none", "random", "bursty")
CROSSED = [(idle, stall) for idle in PATTERNS for stall in PATTERNS]  # idle gaps x back-pressure


def active(pattern: str, rng: random.Random) -> Iterator[bool]:
    """Endless activity of a driver, one value a cycle.

    ``none``: no pause; ``random``: active in half of the cycles; ``bursty``: runs of 1 to 20 active and 1 to 20
    idle cycles, long enough to drain and to fill the FIFOs of a design; ``never``: idle.
    """
    while True:
        if pattern == "none":
            yield True
        elif pattern == "random":
            yield rng.random() < 0.5
        elif pattern == "bursty":
            for state in (True, False):
                yield from [state] * rng.randint(1, 20)
        elif pattern == "never":
            yield False
        else:
            raise ValueError(f"pattern {pattern!r} is not one of {', '.join(PATTERNS)}, never")


class Driven:
    """An input port that is written only when its value changes: most cycles change little, and a write is slow."""

    def __init__(self, signal: Any) -> None:
        self.signal = signal
        self._value: int | None = None

    def set(self, value: int) -> None:
        """Drive the port."""
        if value != self._value:
            self._value = value
            self.signal.value = value


class Agent(Protocol):
    """Takes part in every cycle: ``drive`` sets inputs, ``sample`` looks at the settled signals."""

    def drive(self) -> None: ...
    def sample(self, cycle: int) -> None: ...
    def reset(self) -> None: ...


class StreamSource:
    """Drives ``<prefix>_valid_i`` and its data from a queue; ``transfers`` has the cycle of each transfer.

    Args:
        dut: the design.
        prefix: of the port names.
        pattern: idle gaps, see ``active``. A word that is offered stays until it is taken.
        rng: random source of the gaps, and of what the data lines show while valid is low.
        fields: names of the data ports without direction; a word is an integer, or a tuple with one a field.
    """

    def __init__(
        self, dut: Any, prefix: str, pattern: str, rng: random.Random, fields: tuple[str, ...] = ("data",)
    ) -> None:
        self.valid = Driven(getattr(dut, f"{prefix}_valid_i"))
        self.ready = getattr(dut, f"{prefix}_ready_o")
        self.data = [getattr(dut, f"{prefix}_{name}_i") for name in fields]
        self._bits = [len(signal) for signal in self.data]
        self.pattern = active(pattern, rng)
        self.rng = rng
        self.queue: list[int | tuple[int, ...]] = []
        self.transfers: list[int] = []
        self._offered = False

    def drive(self) -> None:
        if not self._offered:
            self._offered = bool(self.queue) and next(self.pattern)
            self.valid.set(int(self._offered))
            # Rubbish while invalid: a design that takes data without valid is found out.
            word = self.queue[0] if self._offered else None
            values = word if isinstance(word, tuple) else (word,) * len(self.data)
            for signal, bits, value in zip(self.data, self._bits, values, strict=True):
                signal.value = self.rng.getrandbits(bits) if value is None else value

    def sample(self, cycle: int) -> None:
        if self._offered and self.ready.value == 1:
            self.queue.pop(0)
            self.transfers.append(cycle)
            self._offered = False

    def reset(self) -> None:
        self.queue.clear()
        self._offered = False
        self.valid.set(0)


class StreamSink:
    """Drives ``<prefix>_ready_i``, collects words, and checks that a waiting word stays as it is.

    ``words`` and ``transfers`` (cycle numbers) grow with every word taken. Arguments as in StreamSource.
    """

    def __init__(
        self,
        dut: Any,
        prefix: str,
        pattern: str,
        rng: random.Random,
        fields: tuple[str, ...] = ("data",),
    ) -> None:
        self.valid = getattr(dut, f"{prefix}_valid_o")
        self.ready = Driven(getattr(dut, f"{prefix}_ready_i"))
        self.data = [getattr(dut, f"{prefix}_{name}_o") for name in fields]
        self.name = prefix
        self.pattern = active(pattern, rng)
        self.words: list[int | tuple[int, ...]] = []
        self.transfers: list[int] = []
        self.is_ready = False
        self._waiting: int | tuple[int, ...] | None = None

    def drive(self) -> None:
        self.is_ready = next(self.pattern)
        self.ready.set(int(self.is_ready))

    def sample(self, cycle: int) -> None:
        valid = self.valid.value == 1
        word = self._word() if valid else None
        if self._waiting is not None:
            assert valid, f"cycle {cycle}: {self.name}_valid_o fell before the word was taken"
            assert word == self._waiting, f"cycle {cycle}: {self.name} data changed while it waited"
        self._waiting = word
        if valid and self.is_ready:
            self.words.append(word)
            self.transfers.append(cycle)
            self._waiting = None

    def reset(self) -> None:
        self._waiting = None
        self.words.clear()
        self.transfers.clear()

    def _word(self) -> int | tuple[int, ...]:
        values = tuple(signal.value.to_unsigned() for signal in self.data)
        return values[0] if len(values) == 1 else values


class Bench:
    """Clock, reset and the agents of one design with ports ``clk_i``, perhaps ``wr_clk_i``, and ``rst_ni``."""

    def __init__(self, dut: Any, agents: Iterable[Agent]) -> None:
        self.dut = dut
        self.agents = list(agents)
        self.cycle = 0
        self._falling = FallingEdge(dut.clk_i)

    async def start(self) -> None:
        """Start the clock and reset the design."""
        for name in ("clk_i", "wr_clk_i"):
            if hasattr(self.dut, name):
                cocotb.start_soon(Clock(getattr(self.dut, name), 10, unit="ns").start(start_high=False))
        await self.reset()

    async def reset(self, cycles: int = 3) -> None:
        """Hold reset for some cycles. Agents drop what they have queued, offered and received."""
        await self._falling
        self.dut.rst_ni.value = 0
        for agent in self.agents:
            agent.reset()
        for _ in range(cycles):
            await self._falling
        self.dut.rst_ni.value = 1

    async def step(self, cycles: int = 1) -> None:
        """Advance some cycles."""
        settled = ReadOnly()
        for _ in range(cycles):
            for agent in self.agents:
                agent.drive()
            await settled
            for agent in self.agents:
                agent.sample(self.cycle)
            self.cycle += 1
            await self._falling

    async def run_until(self, done: Callable[[], bool], limit: int) -> None:
        """Step until ``done()``; AssertionError after ``limit`` cycles, which is how a deadlock shows."""
        start = self.cycle
        while not done():
            assert self.cycle - start < limit, f"not finished after {limit} cycles"
            await self.step()
