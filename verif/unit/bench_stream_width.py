# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of stream_width."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from verif import models
from verif.streams import CROSSED
from verif.unit.stream_checks import Workload, check_held, check_interval, check_reset, generator, parameters, start

P = parameters()
LANES = max(P["InLanes"], P["OutLanes"])  # a group: what both sides see as whole words


def groups(rng: np.random.Generator, count: int) -> Workload:
    lanes = rng.integers(0, 2 ** P["LaneW"], (count, LANES))
    return Workload(models.stream(lanes, P["InLanes"], P["LaneW"]), models.stream(lanes, P["OutLanes"], P["LaneW"]))


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    harness = await start(dut, idle, stall)
    await harness.expect(groups(generator(idle + stall), 60))


@cocotb.test()
async def throughput(dut: Any) -> None:
    """The narrower side moves every cycle, but for the one that Apart leaves."""
    interval = LANES // min(P["InLanes"], P["OutLanes"]) + P["Apart"]
    await check_interval(await start(dut), groups(generator(), 20), LANES // P["OutLanes"], interval)


@cocotb.test(skip=P["InLanes"] >= P["OutLanes"])
async def gathers_while_waiting(dut: Any) -> None:
    """All but the last input word of the next group are taken while a gathered word waits."""
    harness = await start(dut, stall="never")
    harness.source.queue.extend(groups(generator(), 3).inputs)
    await harness.bench.step(40)
    assert len(harness.source.transfers) == 2 * LANES // P["InLanes"] - 1


@cocotb.test()
async def held(dut: Any) -> None:
    await check_held(await start(dut, stall="never"), groups(generator(), 5), 40)


@cocotb.test()
async def reset(dut: Any) -> None:
    harness = await start(dut, "random", "random")
    rng = generator()
    await check_reset(harness, lambda: groups(rng, 20), (3, 8, 13))
