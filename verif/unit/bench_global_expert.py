# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of global_expert with the tail of a tiny network."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from spec import tiny_variants as tiny
from spec.kinds import weighted
from spec.kinds.conv import Convolution
from spec.kinds.dense import Dense
from spec.kinds.matrix import MatrixLayer
from spec.kinds.max_pool import MaxPool
from verif import models
from verif.streams import CROSSED
from verif.unit.stream_checks import Workload, check_interval, check_reset, generator, parameters
from verif.unit.stream_checks import start as start_streams

ACCELERATOR = tiny.accelerator(parameters()["variant"])
NETWORK, FOLDING = ACCELERATOR.moe.network, ACCELERATOR.folding.layers
SHAPE = (NETWORK.features.height, NETWORK.features.width, NETWORK.features.channels)
LANES = FOLDING["conv1"].pe
INTO = ACCELERATOR.folding.streams(ACCELERATOR.moe).into
INTERVAL = max(layer.cycles(FOLDING[layer.name], INTO[layer.name]) for layer in weighted(NETWORK.tail))


def product(layer: MatrixLayer, vectors: np.ndarray) -> np.ndarray:
    """Sums of (..., inputs), requantised when the layer is."""
    weights = NETWORK.weights[layer.name]
    x = models.matrix_vector(weights.weight, weights.bias, vectors)
    return x if layer.output is None else models.requantize(x, layer.shift, layer.output.bits)


def convolution(layer: Convolution, x: np.ndarray) -> np.ndarray:
    windows = models.windows(x, layer.kernel)
    return product(layer, windows.reshape(*windows.shape[:2], -1))


LAYERS = {
    Convolution: convolution,
    Dense: lambda layer, x: product(layer, x.reshape(1, -1)),
    MaxPool: lambda layer, x: models.max_pool(x, layer.size),
}


def classify(features: np.ndarray) -> int:
    """The tail of the network, layer by layer, on numpy."""
    x = features
    for layer in NETWORK.tail:
        x = LAYERS[type(layer)](layer, x)
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
