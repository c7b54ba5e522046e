# SPDX-License-Identifier: Apache-2.0
"""Checks that every stream module goes through: data under crossed pauses, throughput, hold, reset."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import cocotb
import numpy as np

from tools.cocotb_run import PARAMETERS_VARIABLE
from verif.streams import Agent, Bench, StreamSink, StreamSource

Word = int | tuple[int, ...]


@dataclass(frozen=True)
class Workload:
    """What goes in and what must come out, in order."""

    inputs: list[Any]
    expected: list[Any]


@dataclass
class Harness:
    """A design with one stream in and one out, reset and ready to go."""

    bench: Bench
    source: StreamSource
    sink: StreamSink

    async def expect(self, work: Workload) -> None:
        """Stream a workload through and compare every word; then see that no word too many comes out."""
        self.source.queue.extend(work.inputs)
        first = len(self.sink.words)
        limit = 1000 + 20 * (len(work.inputs) + len(work.expected)) * self.slowness
        await self.bench.run_until(
            lambda: not self.source.queue and len(self.sink.words) - first >= len(work.expected), limit
        )
        await self.bench.step(50)
        compare(self.sink.words[first:], work.expected)

    slowness: int = 1  # cycles a word, roughly: scales the deadlock limit


def parameters() -> dict[str, Any]:
    """Parameters the design was built with."""
    return json.loads(os.environ[PARAMETERS_VARIABLE])


def generator(salt: str = "") -> np.random.Generator:
    """Seeded random source for data; the seed is printed by cocotb."""
    return np.random.default_rng([cocotb.RANDOM_SEED & 0xFFFFFFFF, *salt.encode()])


def compare(found: list[Any], expected: list[Any]) -> None:
    """Compare streams word by word; the message has the first difference."""
    for index, (have, want) in enumerate(zip(found, expected, strict=False)):
        if have != want:
            raise AssertionError(f"word {index} is {_show(have)}, expected {_show(want)}")
    assert len(found) == len(expected), f"{len(found)} words came out, expected {len(expected)}"


def _show(word: Word) -> str:
    return hex(word) if isinstance(word, int) else str(word)


async def start(
    dut: Any,
    idle: str = "none",
    stall: str = "none",
    *,
    extra: Iterable[Agent] = (),
    in_fields: tuple[str, ...] = ("data",),
    out_fields: tuple[str, ...] = ("data",),
    slowness: int = 1,
) -> Harness:
    """Connect a source to ``in_*`` and a sink to ``out_*``, start the clock, reset."""
    rng = random.Random(f"{cocotb.RANDOM_SEED} {idle} {stall}")
    source = StreamSource(dut, "in", idle, rng, in_fields)
    sink = StreamSink(dut, "out", stall, rng, out_fields)
    bench = Bench(dut, [source, sink, *extra])
    await bench.start()
    return Harness(bench, source, sink, slowness)


async def check_held(harness: Harness, work: Workload, cycles: int) -> None:
    """With nobody taking words, valid still rises and the word stays (the sink watches it); nothing is lost.

    ``harness`` must have been started with ``stall="never"``.
    """
    harness.source.queue.extend(work.inputs)
    await harness.bench.step(cycles)
    assert harness.sink.valid.value == 1, f"out_valid_o waited {cycles} cycles for out_ready_i"
    assert not harness.sink.words
    harness.sink.pattern = iter(lambda: True, None)
    await harness.expect(Workload([], work.expected))


async def check_interval(harness: Harness, work: Workload, group: int, interval: int, skip: int = 0) -> None:
    """In steady state a group of output words comes every ``interval`` cycles exactly.

    Args:
        harness: design without pauses on either side.
        work: several groups' worth of data.
        group: output words a group (a vector, an image).
        interval: cycles from the last word of a group to the last word of the next.
        skip: groups at the start that are not steady yet.
    """
    await harness.expect(work)
    last = harness.sink.transfers[group - 1 :: group][skip:]
    assert len(last) >= 2
    found = np.diff(last).tolist()
    assert found == [interval] * len(found), f"a group took {found} cycles, expected {interval} each"


async def check_reset(harness: Harness, make: Callable[[], Workload], cycles: Iterable[int]) -> None:
    """After a reset in the middle of a transaction nothing of it is left."""
    for count in cycles:
        harness.source.queue.extend(make().inputs)
        await harness.bench.step(count)
        await harness.bench.reset()
        assert harness.sink.valid.value == 0, "out_valid_o is high after reset"
        await harness.expect(make())
