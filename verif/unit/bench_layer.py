# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of dense_layer and conv_layer: a convolution is a dense layer over each window."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from verif import models
from verif.streams import CROSSED
from verif.unit.memory_data import layer
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
IS_CONV = "Kernel" in P
OUTPUTS = P["OutChannels"] if IS_CONV else P["Outputs"]
INPUTS = P["Kernel"] ** 2 * P["Channels"] if IS_CONV else P["Inputs"]
IN_SHAPE = (P["Height"], P["Width"], P["Channels"]) if IS_CONV else (P["Inputs"],)
VECTORS = (P["Height"] - P["Kernel"] + 1) * (P["Width"] - P["Kernel"] + 1) if IS_CONV else 1
REQUANT = IS_CONV or bool(P["Requant"])
LANE_W = P["OutW"] if REQUANT else P["AccW"]
FOLDS = OUTPUTS // P["Pe"]
# Either the matrix-vector unit or the way in is the bottleneck.
NARROWEST = min(P["InLanes"], P["Simd"])
INTERVAL = max(VECTORS * (INPUTS // P["Simd"]) * FOLDS, int(np.prod(IN_SHAPE)) // NARROWEST)
WEIGHTS, BIAS = layer(OUTPUTS, INPUTS, P["WgtW"], P["BiasW"])


def images(rng: np.random.Generator, count: int) -> Workload:
    data = rng.integers(0, 2 ** P["ActW"], (count, *IN_SHAPE))
    vectors = data
    if IS_CONV:
        vectors = np.stack([models.windows(image, P["Kernel"]) for image in data])
    result = models.matrix_vector(WEIGHTS, BIAS, vectors.reshape(-1, INPUTS))
    if REQUANT:
        result = models.requantize(result, P["Shift"], P["OutW"])
    return Workload(models.stream(data, P["InLanes"], P["ActW"]), models.stream(result, P["Pe"], LANE_W))


async def connect(dut: Any, idle: str = "none", stall: str = "none") -> Harness:
    return await start(dut, idle, stall, slowness=max(1, INTERVAL // np.prod(IN_SHAPE)))


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    harness = await connect(dut, idle, stall)
    await harness.expect(images(generator(idle + stall), 3))


@cocotb.test()
async def throughput(dut: Any) -> None:
    """The initiation interval of the header, from the second image on."""
    await check_interval(await connect(dut), images(generator(), 5), VECTORS * FOLDS, INTERVAL, skip=1)


@cocotb.test()
async def held(dut: Any) -> None:
    await check_held(await connect(dut, stall="never"), images(generator(), 3), 2 * INTERVAL + 50)


@cocotb.test()
async def reset(dut: Any) -> None:
    harness = await connect(dut, "random", "random")
    rng = generator()
    await check_reset(harness, lambda: images(rng, 2), (INTERVAL // 2, 2 * INTERVAL + 9))
