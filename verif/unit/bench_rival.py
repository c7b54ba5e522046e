# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of rival."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from golden.learner import rival_within
from verif.streams import PATTERNS, Bench, active
from verif.unit.ports import Monitor
from verif.unit.stream_checks import compare, generator, parameters

P = parameters()
COUNT, BITS = P["Count"], P["DataW"]
MARGINS = (0, 1, 3, min(2 ** (BITS - 1), 2**23), 2**24 - 1)


class Logits:
    """Sends vectors of logits, each with a target; the margin of a vector stands until the next one ends."""

    def __init__(self, dut: Any, pattern: str, rng: random.Random) -> None:
        self.dut, self.pattern = dut, active(pattern, rng)
        self.queue: list[tuple[int, int, int | None]] = []  # logit, target, margin with the last one

    def drive(self) -> None:
        now = bool(self.queue) and next(self.pattern)
        self.dut.valid_i.value = int(now)
        if now:
            logit, self.dut.target_i.value, margin = self.queue.pop(0)
            self.dut.data_i.value = logit & (1 << BITS) - 1
            self.margin = margin
        else:
            self.margin = None

    def sample(self, cycle: int) -> None: ...
    def reset(self) -> None:
        self.queue.clear()
        self.dut.valid_i.value = 0


class Margin:
    """Drives the margin of a vector two cycles after its last logit."""

    def __init__(self, dut: Any, logits: Logits) -> None:
        self.dut, self.logits = dut, logits
        self.way: list[int | None] = [None, None]

    def drive(self) -> None:
        self.dut.margin_i.value = self.way[0] or 0

    def sample(self, cycle: int) -> None:
        self.way = [self.way[1], self.logits.margin]

    def reset(self) -> None:
        self.way = [None, None]


@cocotb.test()
@cocotb.parametrize(pattern=PATTERNS)
async def data(dut: Any, pattern: str) -> None:
    """Random logits, ties and limits, with targets and margins of every kind."""
    rng = generator(pattern)
    logits = Logits(dut, pattern, random.Random(pattern))
    # The margin is driven before the next logits are: it belongs to the vector before.
    seen = Monitor(dut.done_o, [dut.lacks_o, dut.rival_o])
    bench = Bench(dut, [Margin(dut, logits), logits, seen])
    await bench.start()
    low, high = -(2 ** (BITS - 1)), 2 ** (BITS - 1) - 1
    expected = []
    for i in range(120):
        span = (low, high + 1) if i % 2 else (-2, 3)
        vector = rng.choice([low, high], COUNT) if i % 7 == 6 else rng.integers(*span, COUNT)
        target, margin = int(rng.integers(COUNT)), int(rng.choice(MARGINS))
        last = COUNT - 1
        logits.queue += [(int(x), target, margin if k == last else None) for k, x in enumerate(vector)]
        best = rival_within(vector, target, 2**40)
        expected.append((int(rival_within(vector, target, margin) is not None), best))
    await bench.run_until(lambda: not logits.queue, 50 * 120 * COUNT)
    await bench.step(5)
    compare(seen.words, expected)
    assert {lacks for lacks, _ in expected} == {0, 1}
