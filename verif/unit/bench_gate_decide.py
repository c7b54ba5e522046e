# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of gate_decide."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from verif.streams import CROSSED
from verif.unit.ports import Level
from verif.unit.stream_checks import Harness, Workload, check_interval, check_reset, generator, parameters
from verif.unit.stream_checks import start as start_streams

P = parameters()
COUNT, DATA_BITS, THETA_BITS = P["Count"], P["DataW"], 32


class Gate:
    """The design, fed like at the top level: theta is that of the oldest vector whose decision has not left."""

    def __init__(self) -> None:
        self.harness: Harness
        self.thetas: list[int] = []

    async def start(self, dut: Any, idle: str = "none", stall: str = "none") -> Gate:
        def theta() -> dict[Any, int]:
            index = len(self.harness.sink.words)
            return {dut.theta_i: self.thetas[index] if index < len(self.thetas) else 0}

        dut.theta_i.value = 0
        self.harness = await start_streams(dut, idle, stall, out_fields=("expert",))
        self.harness.bench.agents.append(Level(theta))
        return self

    def workload(self, vectors: list[list[int]], thetas: list[int]) -> Workload:
        """Announce the thresholds of vectors; returns the streams."""
        self.thetas = thetas
        mask = (1 << DATA_BITS) - 1
        return Workload(
            [value & mask for vector in vectors for value in vector],
            [decide(vector, theta) for vector, theta in zip(vectors, thetas, strict=True)],
        )


def decide(logits: list[int], theta: int) -> int:
    """The decision in exact Python integers."""
    best = max(logits[1:])
    return 1 + logits[1:].index(best) if best - logits[0] > theta else 0


def corner_cases(rng: np.random.Generator, count: int) -> tuple[list[list[int]], list[int]]:
    """Vectors with ties and extreme values; thresholds at, just below and just above the deciding difference."""
    low, high = -(1 << DATA_BITS - 1), (1 << DATA_BITS - 1) - 1
    theta_low, theta_high = -(1 << THETA_BITS - 1), (1 << THETA_BITS - 1) - 1
    vectors, thetas = [], []
    for index in range(count):
        values = [low, high, 0, int(rng.integers(low, high, endpoint=True))]
        vector = [values[i] for i in rng.integers(0, len(values), COUNT)]
        if index % 3 == 0:
            vector = rng.integers(-2, 2, COUNT).tolist()
        difference = max(vector[1:]) - vector[0]
        choices = [difference - 1, difference, difference + 1, 0, theta_low, theta_high]
        thetas.append(min(max(choices[index % len(choices)], theta_low), theta_high))
        vectors.append(vector)
    return vectors, thetas


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    gate = await Gate().start(dut, idle, stall)
    vectors, thetas = corner_cases(generator(idle + stall), 120)
    expected = gate.workload(vectors, thetas)
    assert set(expected.expected) == set(range(COUNT)), "the vectors do not reach every decision"
    await gate.harness.expect(expected)


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED[:2]))
async def positions(dut: Any, idle: str, stall: str) -> None:
    """Each local expert is the best by one, and ties with each later one; the others are low, rise, or fall."""
    gate = await Gate().start(dut, idle, stall)
    low = -(1 << DATA_BITS - 1)
    vectors = []
    for first in range(1, COUNT):
        for second in range(first, COUNT):
            for rest in ([low] * COUNT, list(range(COUNT)), list(range(COUNT, 0, -1))):
                local = [min(value - COUNT, (1 << DATA_BITS - 1) - 2) if value != low else low for value in rest]
                top = max(local[1:]) + 1
                vector = [max(value, low) for value in local]
                vector[0], vector[first], vector[second] = max(top - 1, low), top, top
                vectors.append(vector)
    expected = gate.workload(vectors, [0] * len(vectors))
    assert set(expected.expected) == set(range(1, COUNT))
    await gate.harness.expect(expected)


@cocotb.test()
async def incomplete(dut: Any) -> None:
    """Fewer logits than a vector has make no decision, however long the rest takes, and are not forgotten."""
    gate = await Gate().start(dut)
    sizes = range(COUNT)
    vectors, thetas = corner_cases(generator(), len(sizes))
    work = gate.workload(vectors, thetas)
    for size, index in zip(sizes, range(len(vectors)), strict=True):
        logits = work.inputs[index * COUNT : (index + 1) * COUNT]
        gate.harness.source.queue += logits[:size]
        await gate.harness.bench.step(size + 40)
        assert len(gate.harness.sink.words) == index, f"a decision after {size} of {COUNT} logits"
        assert not gate.harness.source.queue, f"logit {COUNT - len(gate.harness.source.queue)} was not taken"
        await gate.harness.expect(Workload(logits[size:], [work.expected[index]]))


@cocotb.test()
async def throughput(dut: Any) -> None:
    gate = await Gate().start(dut)
    await check_interval(gate.harness, gate.workload(*corner_cases(generator(), 20)), 1, max(COUNT, 3))


@cocotb.test()
async def reset(dut: Any) -> None:
    """A reset at every beat."""
    gate = await Gate().start(dut)
    rng = generator()
    make = lambda: gate.workload(*corner_cases(rng, 12))  # noqa: E731
    await check_reset(gate.harness, make, range(1, COUNT + 3))
