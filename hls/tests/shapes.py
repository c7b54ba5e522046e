# SPDX-License-Identifier: Apache-2.0
"""A small network on 28x28 images, for tests that go through the command line: another shape than LeNet's."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spec.fixedpoint import FixedPoint, signed_bits
from spec.kinds.conv import Convolution
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.dense import Dense
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer, accumulator_for_weights
from spec.kinds.max_pool import MaxPool
from spec.network import Network
from spec.qonnx_writer import QonnxWriter

FOLDING = """\
name = "shape"
weight_banks = 3

[conv1]
multiplier = "graph"

[fc1]
pe = 3
simd = 2

[fc2]
pe = 5
simd = 3

[le_hidden]
pe = 2
simd = 2

[le]
pe = 2
simd = 2

[le_out]
pe = 1
simd = 2

[gate_hidden]
pe = 4
simd = 2
multiplier = "lut"

[gate_out]
pe = 1
simd = 4
"""


def shape_network(seed: int = 3) -> Network:
    """28x28 -> conv1 5x5x4 -> pool1 -> fc1 12 -> fc2 10 classes: one convolution, no second pooling."""
    rng = np.random.default_rng(seed)
    pixel = FixedPoint(8, False, 8)
    layers: list[Layer] = []
    weights: dict[str, LayerWeights] = {}

    def matrix(
        name: str, shape: Shape, outputs: int, kernel: int | None, source: FixedPoint, last: bool
    ) -> MatrixLayer:
        kind = FixedPoint(4, True, 3)
        inputs = shape.size if kernel is None else kernel * kernel * shape.channels
        values = LayerWeights(rng.integers(-8, 8, (outputs, inputs)), rng.integers(-100, 100, outputs))
        fraction = source.fraction_bits + kind.fraction_bits
        low, high = accumulator_for_weights(values, source)
        output = None if last else FixedPoint(8, False, fraction - (high.bit_length() - 10))
        accumulator = FixedPoint(signed_bits(low, high), True, fraction)
        weights[name] = values
        # The reader takes the narrowest type that holds the biases.
        bias = FixedPoint(signed_bits(int(values.bias.min()), int(values.bias.max())), True, fraction)
        types = (source, kind, bias, accumulator, output)
        layers.append(
            Dense(name, shape, outputs, *types) if kernel is None else Convolution(name, shape, outputs, *types, kernel)
        )
        return layers[-1]

    conv = matrix("conv1", Shape(28, 28, 1), 4, 5, pixel, False)
    layers.append(MaxPool("pool1", conv.out_shape, 2, conv.output))
    hidden = matrix("fc1", layers[-1].out_shape, 12, None, conv.output, False)
    matrix("fc2", hidden.out_shape, 10, None, hidden.output, True)
    return Network("shape", Shape(28, 28, 1), pixel, tuple(layers), weights, "pool1")


def write_shape(directory: Path) -> tuple[Path, Path]:
    """Write the network as QONNX and its folding as TOML; returns both paths."""
    folding = directory / "shape.toml"
    folding.write_text(FOLDING)
    return QonnxWriter(shape_network()).save(directory / "shape.onnx"), folding
