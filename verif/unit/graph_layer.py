# SPDX-License-Identifier: Apache-2.0
"""A small convolution as an adder graph with random weights: shared by its bench and its test."""

from __future__ import annotations

import numpy as np

from hw.gen.adder_graph import adder_graph
from hw.gen.kinds.conv import graph_layer
from spec.fixedpoint import FixedPoint, signed_bits
from spec.kinds.conv import Convolution
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.matrix import accumulator_for_weights

SHAPE, KERNEL, OUTPUTS, SHIFT = Shape(6, 7, 2), 3, 5, 6
PIXEL, WEIGHT = FixedPoint(8, False, 8), FixedPoint(5, True, 4)
_RNG = np.random.default_rng(7)
WEIGHTS = LayerWeights(
    _RNG.integers(WEIGHT.minimum, WEIGHT.maximum + 1, (OUTPUTS, KERNEL * KERNEL * SHAPE.channels)),
    _RNG.integers(-900, 900, OUTPUTS),
)
# As narrow weights may be: an input that no output depends on, and an output that depends on no input.
WEIGHTS.weight[:, 4] = 0
WEIGHTS.weight[1] = 0


def layer() -> Convolution:
    """The convolution's specification."""
    bits = signed_bits(*accumulator_for_weights(WEIGHTS, PIXEL))
    fraction = PIXEL.fraction_bits + WEIGHT.fraction_bits
    accumulator = FixedPoint(bits, True, fraction)
    output = FixedPoint(8, False, fraction - SHIFT)
    bias = FixedPoint(11, True, fraction)
    return Convolution("conv1", SHAPE, OUTPUTS, PIXEL, WEIGHT, bias, accumulator, output, KERNEL)


def sources() -> dict[str, str]:
    """File name and text of the generated modules."""
    spec = layer()
    graph = adder_graph("conv1_graph", WEIGHTS, spec.input, spec.accumulator)
    return {"conv1_graph.sv": graph.text, "conv1_layer.sv": graph_layer(spec, graph, SHAPE.channels)}
