# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of stream_fork."""

from __future__ import annotations

import random
from typing import Any

import cocotb
import numpy as np

from verif.streams import CROSSED, Bench, StreamSource, active
from verif.unit.stream_checks import compare, generator, parameters

P = parameters()
OUTPUTS = P["Outputs"]


class ForkSinks:
    """One consumer per output, each with pauses of its own; checks that each offer stays until it is taken."""

    def __init__(self, dut: Any, patterns: list[str], rng: random.Random) -> None:
        self.dut = dut
        self.patterns = [active(pattern, random.Random(rng.random())) for pattern in patterns]
        self.words: list[list[int]] = [[] for _ in patterns]
        self.ready = 0
        self._waiting: dict[int, int] = {}

    def drive(self) -> None:
        self.ready = sum(next(pattern) << i for i, pattern in enumerate(self.patterns))
        self.dut.out_ready_i.value = self.ready

    def sample(self, cycle: int) -> None:
        valid = self.dut.out_valid_o.value.to_unsigned()
        data = self.dut.out_data_o.value.to_unsigned()
        for output, word in self._waiting.items():
            assert valid >> output & 1 and data == word, f"cycle {cycle}: output {output} lost its waiting word"
        self._waiting = {i: data for i in range(len(self.words)) if (valid & ~self.ready) >> i & 1}
        for output, words in enumerate(self.words):
            if (valid & self.ready) >> output & 1:
                words.append(data)

    def reset(self) -> None:
        self._waiting.clear()
        for words in self.words:
            words.clear()


async def start(dut: Any, idle: str, stalls: list[str]) -> tuple[Bench, StreamSource, ForkSinks]:
    rng = random.Random(f"{cocotb.RANDOM_SEED} {idle} {stalls}")
    source = StreamSource(dut, "in", idle, rng, ("data", "select"))
    sinks = ForkSinks(dut, stalls, rng)
    bench = Bench(dut, [source, sinks])
    await bench.start()
    return bench, source, sinks


def beats(rng: np.random.Generator, count: int) -> list[tuple[int, int]]:
    """(data, select); every mask occurs, the empty one too."""
    data = rng.integers(0, 2 ** P["Width"], count).tolist()
    return list(zip(data, rng.integers(0, 2**OUTPUTS, count).tolist(), strict=True))


async def expect(bench: Bench, source: StreamSource, sinks: ForkSinks, work: list[tuple[int, int]]) -> None:
    source.queue.extend(work)
    await bench.run_until(lambda: not source.queue, 1000 + 100 * len(work))
    await bench.step(50)
    for output, words in enumerate(sinks.words):
        compare(words, [word for word, select in work if select >> output & 1])


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    await expect(*await start(dut, idle, [stall] * OUTPUTS), beats(generator(idle + stall), 200))


@cocotb.test()
async def mixed(dut: Any) -> None:
    """A fast, a random and a bursty consumer side by side."""
    patterns = ["none", "random", "bursty"]
    await expect(*await start(dut, "none", [patterns[i % 3] for i in range(OUTPUTS)]), beats(generator(), 300))


@cocotb.test()
async def throughput(dut: Any) -> None:
    """A beat a cycle, dropped beats included."""
    bench, source, sinks = await start(dut, "none", ["none"] * OUTPUTS)
    await expect(bench, source, sinks, beats(generator(), 100))
    assert source.transfers[-1] - source.transfers[0] == 99


@cocotb.test()
async def eager(dut: Any) -> None:
    """Outputs that are ready take the beat once, without waiting for the last one."""
    bench, source, sinks = await start(dut, "none", ["none"] * (OUTPUTS - 1) + ["never"])
    source.queue.extend([(5, 2**OUTPUTS - 1), (6, 2**OUTPUTS - 1)])
    await bench.step(20)
    assert sinks.words == [[5]] * (OUTPUTS - 1) + [[]]
    assert not source.transfers


@cocotb.test()
async def unselected(dut: Any) -> None:
    """An output that is never ready holds up only the beats that are for it."""
    patterns = ["none"] * (OUTPUTS - 1) + ["never"]
    others = 2 ** (OUTPUTS - 1) - 1
    await expect(
        *await start(dut, "none", patterns),
        [(word, select & others) for word, select in beats(generator(), 50)],
    )


@cocotb.test()
async def reset(dut: Any) -> None:
    """A beat that some outputs have taken is forgotten by a reset."""
    bench, source, sinks = await start(dut, "none", ["none"] * (OUTPUTS - 1) + ["never"])
    source.queue.append((5, 2**OUTPUTS - 1))
    await bench.step(5)
    await bench.reset()
    sinks.patterns = [iter(lambda: True, None) for _ in range(OUTPUTS)]
    await expect(bench, source, sinks, [(9, 2**OUTPUTS - 1), (8, 1)])
