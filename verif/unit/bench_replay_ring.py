# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of replay_ring."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from hw.constants import constants
from verif import models
from verif.streams import CROSSED
from verif.unit.ports import Renamed
from verif.unit.stream_checks import Workload, check_interval, check_reset, generator, parameters
from verif.unit.stream_checks import start as start_streams

P = parameters()
SLOTS = 8
VALUES = P["Words"] * P["Lanes"]
PIECES = P["Lanes"] // 4 if P["Lanes"] > 4 and P["Lanes"] % 4 == 0 else 1


class Tags:
    """Announces vectors, each when the one before has begun to leave; fewer than there is room for."""

    def __init__(self, dut: Any, left: Any) -> None:
        self.dut, self.left = dut, left
        self.queue: list[tuple[int, int]] = []  # replay, slot
        self.sent = 0

    def drive(self) -> None:
        now = bool(self.queue) and self.sent < self.left() + P["Tags"] - 1
        self.dut.tag_valid_i.value = int(now)
        if now:
            self.dut.tag_replay_i.value, self.dut.tag_slot_i.value = self.queue.pop(0)
            self.sent += 1

    def sample(self, cycle: int) -> None: ...
    def reset(self) -> None:
        self.queue.clear()
        self.sent = 0
        self.dut.tag_valid_i.value = 0


class Ring:
    """The design with its tags."""

    async def start(self, dut: Any, idle: str = "none", stall: str = "none") -> Ring:
        self.rng = generator(idle + stall)
        self.tags = Tags(dut, lambda: len(self.harness.sink.words) // P["Words"])
        self.harness = await start_streams(Renamed(dut), idle, stall, extra=[self.tags], slowness=4 * PIECES + 4)
        return self

    def workload(self, vectors: int, replays: float) -> Workload:
        """Vectors that go by, and replays of any of the last eight, also of one that has just gone by."""
        self.harness.sink.words.clear()
        self.tags.sent = 0
        sent: list[np.ndarray] = []
        expected: list[np.ndarray] = []
        while len(sent) < vectors:
            if sent and self.rng.random() < replays:
                number = len(sent) - 1 - int(self.rng.integers(min(len(sent), SLOTS)))
                self.tags.queue.append((1, number % SLOTS))
                expected.append(sent[number])
            else:
                self.tags.queue.append((0, len(sent) % SLOTS))
                sent.append(self.rng.integers(0, 1 << P["LaneW"], VALUES))
                expected.append(sent[-1])
        lanes = (P["Lanes"], P["LaneW"])
        return Workload(models.stream(np.array(sent), *lanes), models.stream(np.array(expected), *lanes))


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    """Two rounds through all slots, with replays between them."""
    assert constants()["InFlight"] == SLOTS
    ring = await Ring().start(dut, idle, stall)
    await ring.harness.expect(ring.workload(2 * SLOTS + 3, 0.4))


@cocotb.test()
async def throughput(dut: Any) -> None:
    """A word in as many cycles as it has pieces."""
    ring = await Ring().start(dut)
    await check_interval(ring.harness, ring.workload(6, 0), P["Words"], P["Words"] * PIECES, skip=1)


@cocotb.test()
async def reset(dut: Any) -> None:
    """A reset in the middle of a vector or a replay: nothing of it is left."""
    ring = await Ring().start(dut)
    await check_reset(ring.harness, lambda: ring.workload(4, 0.5), (3, VALUES, 2 * VALUES + 1, 3 * VALUES))
