# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of window_parallel."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from verif import models
from verif.streams import CROSSED
from verif.unit.stream_checks import Workload, check_held, check_interval, check_reset, generator, parameters, start

P = parameters()
KERNEL, CHANNELS = P["Kernel"], P["Channels"]
PIXELS = P["Height"] * P["Width"]
WINDOWS = (P["Height"] - KERNEL + 1) * (P["Width"] - KERNEL + 1)


def images(rng: np.random.Generator, count: int) -> Workload:
    data = rng.integers(0, 2 ** P["ActW"], (count, P["Height"], P["Width"], CHANNELS))
    windows = np.stack([models.windows(image, KERNEL) for image in data])
    lanes = KERNEL * KERNEL * CHANNELS
    return Workload(models.stream(data, CHANNELS, P["ActW"]), models.stream(windows, lanes, P["ActW"]))


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    harness = await start(dut, idle, stall)
    await harness.expect(images(generator(idle + stall), 3))


@cocotb.test()
async def throughput(dut: Any) -> None:
    """One pixel a cycle, images without a gap."""
    await check_interval(await start(dut), images(generator(), 4), WINDOWS, PIXELS)


@cocotb.test()
async def latency(dut: Any) -> None:
    """A window appears one cycle after the pixel that completes it."""
    harness = await start(dut)
    await harness.expect(images(generator(), 1))
    completing = (KERNEL - 1) * P["Width"] + KERNEL - 1
    assert harness.sink.transfers[0] == harness.source.transfers[completing] + 1


@cocotb.test()
async def held(dut: Any) -> None:
    await check_held(await start(dut, stall="never"), images(generator(), 2), 2 * PIXELS)


@cocotb.test()
async def reset(dut: Any) -> None:
    harness = await start(dut, "random", "random")
    rng = generator()
    await check_reset(harness, lambda: images(rng, 2), (PIXELS // 2, PIXELS, 2 * PIXELS + 3))
