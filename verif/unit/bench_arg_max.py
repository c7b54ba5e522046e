# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of arg_max."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from verif import models
from verif.streams import CROSSED
from verif.unit.stream_checks import (
    Harness,
    Workload,
    check_held,
    check_interval,
    check_reset,
    generator,
    parameters,
    start,
)

P = parameters()
COUNT, BITS = P["Count"], P["DataW"]


def vectors(rng: np.random.Generator, count: int) -> Workload:
    """Vectors over the full range, over a narrow one (many ties), constant, and at the limits."""
    low, high = -(2 ** (BITS - 1)), 2 ** (BITS - 1) - 1
    data = rng.integers(low, high + 1, (count, COUNT))
    data[1::4] = rng.integers(-2, 2, data[1::4].shape)
    data[2::4] = rng.integers(low, high + 1, (len(data[2::4]), 1))
    data[3::4] = rng.choice([low, high], data[3::4].shape)
    expected = []
    for vector in data:
        index, largest, second = models.arg_max(vector)
        expected.append((index, models.pack([largest], BITS), models.pack([second], BITS)))
    return Workload(models.stream(data, 1, BITS), expected)


async def connect(dut: Any, idle: str = "none", stall: str = "none") -> Harness:
    return await start(dut, idle, stall, out_fields=("index", "max", "second"))


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    harness = await connect(dut, idle, stall)
    await harness.expect(vectors(generator(idle + stall), 40))


@cocotb.test()
async def throughput(dut: Any) -> None:
    await check_interval(await connect(dut), vectors(generator(), 8), 1, max(COUNT, 3))


@cocotb.test()
async def held(dut: Any) -> None:
    await check_held(await connect(dut, stall="never"), vectors(generator(), 4), 2 * COUNT + 10)


@cocotb.test()
async def reset(dut: Any) -> None:
    harness = await connect(dut, "random", "random")
    rng = generator()
    await check_reset(harness, lambda: vectors(rng, 5), (COUNT // 2 + 1, 2 * COUNT, 3 * COUNT + 3))
