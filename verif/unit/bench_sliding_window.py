# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of sliding_window."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from verif import models
from verif.streams import CROSSED
from verif.unit.stream_checks import Workload, check_held, check_interval, check_reset, generator, parameters, start

P = parameters()
KERNEL = P["Kernel"]
WORDS_PER_PIXEL = P["Channels"] // P["Simd"]
IN_WORDS = P["Height"] * P["Width"] * WORDS_PER_PIXEL
OUT_WORDS = (P["Height"] - KERNEL + 1) * (P["Width"] - KERNEL + 1) * KERNEL**2 * WORDS_PER_PIXEL


def images(rng: np.random.Generator, count: int) -> Workload:
    data = rng.integers(0, 2 ** P["ActW"], (count, P["Height"], P["Width"], P["Channels"]))
    windows = np.stack([models.windows(image, KERNEL) for image in data])
    return Workload(models.stream(data, P["Simd"], P["ActW"]), models.stream(windows, P["Simd"], P["ActW"]))


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    harness = await start(dut, idle, stall)
    await harness.expect(images(generator(idle + stall), 3))


@cocotb.test(skip=P["Rows"] < 2 * KERNEL)
async def throughput(dut: Any) -> None:
    """With input at one word a cycle: an image every OUT_WORDS cycles, or as fast as it comes in."""
    harness = await start(dut)
    work = images(generator(), 5)
    await check_interval(harness, work, OUT_WORDS, max(OUT_WORDS, IN_WORDS), skip=1)
    if OUT_WORDS >= 2 * IN_WORDS:
        gaps = np.diff(harness.sink.transfers)
        # The first rows come in no faster than they are read; from the second image on there is never a gap.
        assert (gaps[OUT_WORDS:] == 1).all()


@cocotb.test()
async def latency(dut: Any) -> None:
    """The first word appears two cycles after the last word of input row Kernel - 1."""
    harness = await start(dut)
    await harness.expect(images(generator(), 1))
    row_end = harness.source.transfers[KERNEL * P["Width"] * WORDS_PER_PIXEL - 1]
    assert harness.sink.transfers[0] == row_end + 2


@cocotb.test()
async def capacity(dut: Any) -> None:
    """With nobody reading it takes exactly Rows rows."""
    harness = await start(dut, stall="never")
    harness.source.queue.extend(images(generator(), 1 + P["Rows"] // P["Height"]).inputs)
    row_words = P["Width"] * WORDS_PER_PIXEL
    await harness.bench.step((P["Rows"] + 2) * row_words)
    assert len(harness.source.transfers) == min(
        P["Rows"] * row_words, len(harness.source.transfers) + len(harness.source.queue)
    )


@cocotb.test()
async def held(dut: Any) -> None:
    await check_held(await start(dut, stall="never"), images(generator(), 2), 2 * IN_WORDS + 10)


@cocotb.test()
async def reset(dut: Any) -> None:
    harness = await start(dut, "random", "random")
    rng = generator()
    await check_reset(harness, lambda: images(rng, 2), (IN_WORDS // 2, 2 * IN_WORDS, 3 * IN_WORDS + 5))
