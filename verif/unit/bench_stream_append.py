# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of stream_append."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import cocotb
import numpy as np

from verif.streams import CROSSED, Bench, StreamSink, StreamSource
from verif.unit.stream_checks import compare, parameters

P = parameters()
FIRST, SECOND = P["FirstWords"], P["SecondWords"]


@dataclass
class Joint:
    """The design with a source on each input and a sink."""

    bench: Bench
    first: StreamSource
    second: StreamSource
    out: StreamSink
    rng: random.Random

    def queue(self, groups: int) -> list[int]:
        """Queue random groups on both inputs; returns the joint stream."""
        expected: list[int] = []
        for _ in range(groups):
            for source, count in ((self.first, FIRST), (self.second, SECOND)):
                words = [self.rng.getrandbits(P["Width"]) for _ in range(count)]
                source.queue += words
                expected += words
        return expected


async def start(dut: Any, first: str = "none", second: str = "none", stall: str = "none") -> Joint:
    rng = random.Random(f"{cocotb.RANDOM_SEED} {first} {second} {stall}")
    sources = [StreamSource(dut, name, idle, rng) for name, idle in (("first", first), ("second", second))]
    sink = StreamSink(dut, "out", stall, rng)
    bench = Bench(dut, [*sources, sink])
    await bench.start()
    return Joint(bench, *sources, sink, rng)


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    """Both inputs pause, each in its own way."""
    other = {"none": "random", "random": "bursty", "bursty": "none"}[idle]
    joint = await start(dut, idle, other, stall)
    expected = joint.queue(8)
    await joint.bench.run_until(lambda: len(joint.out.words) == len(expected), 2000)
    compare(joint.out.words, expected)


@cocotb.test()
async def waits_its_turn(dut: Any) -> None:
    """Without the second input exactly FirstWords words pass, and the rest when it comes."""
    joint = await start(dut)
    expected = joint.queue(2)
    held, joint.second.queue = joint.second.queue, []
    await joint.bench.step(50)
    compare(joint.out.words, expected[:FIRST])
    joint.second.queue = held
    await joint.bench.step(50)
    compare(joint.out.words, expected)


@cocotb.test()
async def throughput(dut: Any) -> None:
    """One word a cycle, no bubble between the inputs or between groups."""
    joint = await start(dut)
    expected = joint.queue(5)
    await joint.bench.step(len(expected))
    compare(joint.out.words, expected)
    assert np.all(np.diff(joint.out.transfers) == 1)


@cocotb.test()
async def reset(dut: Any) -> None:
    """A reset at any word starts over with the first input."""
    joint = await start(dut)
    for words in range(1, FIRST + SECOND + 1):
        joint.queue(2)
        await joint.bench.step(words)
        await joint.bench.reset()
        expected = joint.queue(2)
        await joint.bench.step(len(expected))
        compare(joint.out.words, expected)
