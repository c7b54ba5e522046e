# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of a generated adder-graph convolution: window_parallel, the graph, and pipeline_stream around it."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from verif import models
from verif.streams import CROSSED
from verif.unit.graph_layer import KERNEL, OUTPUTS, SHAPE, SHIFT, WEIGHTS
from verif.unit.stream_checks import Workload, check_held, check_interval, check_reset, generator, start

PIXELS = SHAPE.height * SHAPE.width
WINDOWS = (SHAPE.height - KERNEL + 1) * (SHAPE.width - KERNEL + 1)


def images(rng: np.random.Generator, count: int) -> Workload:
    data = rng.integers(0, 256, (count, SHAPE.height, SHAPE.width, SHAPE.channels))
    vectors = np.concatenate([models.windows(image, KERNEL).reshape(WINDOWS, -1) for image in data])
    sums = models.matrix_vector(WEIGHTS.weight, WEIGHTS.bias, vectors)
    out = models.requantize(sums, SHIFT, 8)
    assert 0 < out.min(initial=255, where=out > 0) < out.max()
    return Workload(models.stream(data, SHAPE.channels, 8), models.stream(out, OUTPUTS, 8))


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    harness = await start(dut, idle, stall)
    await harness.expect(images(generator(idle + stall), 3))


@cocotb.test()
async def throughput(dut: Any) -> None:
    """One pixel a cycle through window, graph and FIFO."""
    await check_interval(await start(dut), images(generator(), 4), WINDOWS, PIXELS)


@cocotb.test()
async def held(dut: Any) -> None:
    await check_held(await start(dut, stall="never"), images(generator(), 2), 3 * PIXELS)


@cocotb.test()
async def reset(dut: Any) -> None:
    harness = await start(dut, "random", "random")
    rng = generator()
    await check_reset(harness, lambda: images(rng, 2), (PIXELS // 2, PIXELS, 2 * PIXELS + 3))
