# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of the pools, which have the same ports."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from verif import models
from verif.streams import CROSSED
from verif.unit.stream_checks import Workload, check_held, check_interval, check_reset, generator, parameters, start

P = parameters()
CHANNELS = P["WordsPerPixel"] * P["Lanes"]
IN_WORDS = P["Height"] * P["Width"] * P["WordsPerPixel"]


POOLS = {
    "max_pool": models.max_pool,
    "average_pool": models.average_pool,
    "max_average_pool": models.max_average_pool,
}


def images(rng: np.random.Generator, count: int) -> Workload:
    """Random images; one of full scale everywhere, whose sums are the largest."""
    shape = (count, P["Height"], P["Width"], CHANNELS)
    data = rng.integers(0, 2 ** P["ActW"], shape)
    data[count // 2] = 2 ** P["ActW"] - 1
    pool = POOLS[cocotb.top._name]
    pooled = np.stack([pool(image, P["Size"]) for image in data])
    return Workload(models.stream(data, P["Lanes"], P["ActW"]), models.stream(pooled, P["Lanes"], P["ActW"]))


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    harness = await start(dut, idle, stall)
    await harness.expect(images(generator(idle + stall), 3))


@cocotb.test()
async def throughput(dut: Any) -> None:
    """One input word a cycle, or every other one, images back to back; fewer only where more words leave than come."""
    harness = await start(dut)
    work = images(generator(), 4)
    out_words, spacing = len(work.expected) // 4, 1 + P.get("Apart", 0)
    await check_interval(harness, work, out_words, max(spacing * IN_WORDS, out_words))
    if out_words <= IN_WORDS:
        assert harness.source.transfers[-1] - harness.source.transfers[0] == spacing * (4 * IN_WORDS - 1)


@cocotb.test()
async def held(dut: Any) -> None:
    harness = await start(dut, stall="never")
    await check_held(harness, images(generator(), 2), 2 * IN_WORDS)


@cocotb.test()
async def reset(dut: Any) -> None:
    harness = await start(dut, "random", "random")
    rng = generator()
    await check_reset(harness, lambda: images(rng, 2), (IN_WORDS // 3, IN_WORDS, IN_WORDS + 7))
