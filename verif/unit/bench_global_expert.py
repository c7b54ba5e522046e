# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of global_expert with the tail of a tiny network."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from spec import tiny_variants as tiny
from spec.folding import cycles_per_image
from spec.network import MatrixLayer, PoolLayer
from verif import models
from verif.streams import CROSSED
from verif.unit.stream_checks import Workload, check_interval, check_reset, generator, parameters
from verif.unit.stream_checks import start as start_streams

ACCELERATOR = tiny.accelerator(parameters()["variant"])
NETWORK, FOLDING = ACCELERATOR.moe.network, ACCELERATOR.folding.layers
SHAPE = (NETWORK.features.height, NETWORK.features.width, NETWORK.features.channels)
LANES = FOLDING["conv1"].pe
INTERVAL = max(cycles_per_image(layer, FOLDING[layer.name]) for layer in NETWORK.tail if isinstance(layer, MatrixLayer))


def classify(features: np.ndarray) -> int:
    """The tail of the network, layer by layer, on numpy."""
    x = features
    for layer in NETWORK.tail:
        if isinstance(layer, PoolLayer):
            x = models.max_pool(x, layer.size)
            continue
        weights = NETWORK.weights[layer.name]
        if layer.kernel is None:
            x = models.matrix_vector(weights.weight, weights.bias, x.reshape(1, -1))
        else:
            windows = models.windows(x, layer.kernel)
            x = models.matrix_vector(weights.weight, weights.bias, windows.reshape(*windows.shape[:2], -1))
        if layer.output is not None:
            x = models.requantize(x, layer.shift, layer.output.bits)
    return models.arg_max(x.reshape(-1))[0]


def workload(rng: np.random.Generator, frames: int) -> Workload:
    # Sparse features of very different strength reach more classes than uniform ones.
    features = rng.integers(0, 256, (frames, *SHAPE)) * (rng.random((frames, *SHAPE)) < rng.random((frames, 1, 1, 1)))
    return Workload(models.stream(features, LANES, 8), [classify(image) for image in features])


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    harness = await start_streams(dut, idle, stall, out_fields=("class",), slowness=INTERVAL)
    work = workload(generator(idle + stall), 10)
    assert len(set(work.expected)) > 2
    await harness.expect(work)


@cocotb.test()
async def throughput(dut: Any) -> None:
    """The slowest layer's cycles."""
    harness = await start_streams(dut, out_fields=("class",), slowness=INTERVAL)
    await check_interval(harness, workload(generator(), 7), 1, INTERVAL, skip=3)


@cocotb.test()
async def reset(dut: Any) -> None:
    harness = await start_streams(dut, out_fields=("class",), slowness=INTERVAL)
    rng = generator()
    await check_reset(harness, lambda: workload(rng, 2), (3, INTERVAL // 2, INTERVAL, INTERVAL + 30))
