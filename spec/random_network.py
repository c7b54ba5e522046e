# SPDX-License-Identifier: Apache-2.0
"""Networks with random weights, layer by layer: for tests of what does not depend on training."""

from __future__ import annotations

import numpy as np

from spec.fixedpoint import FixedPoint, signed_bits
from spec.kinds.conv import Convolution
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.dense import Dense
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer, accumulator_for_weights
from spec.kinds.pool import PoolLayer
from spec.network import Network

_BIAS = 600  # biases are smaller


class RandomNetwork:
    """A network in the making. Requantisation shifts are such that values round, saturate and cut off at 0.

    Attributes:
        shape: of what the last layer gives.
    """

    def __init__(self, rng: np.random.Generator, in_shape: Shape) -> None:
        self._rng = rng
        self._in_shape = self.shape = in_shape
        self._pixel = self._activation = FixedPoint(8, False, 8)
        self._layers: list[Layer] = []
        self._weights: dict[str, LayerWeights] = {}

    def conv(self, name: str, outputs: int, bits: int, kernel: int = 3) -> None:
        """Add a convolution with weights of ``bits`` bits."""
        inputs = kernel * kernel * self.shape.channels
        self._matrix(name, Convolution, outputs, inputs, bits, kernel=kernel)

    def dense(self, name: str, outputs: int, bits: int, last: bool = False) -> None:
        """Add a dense layer; the last one gives raw logits."""
        self._matrix(name, Dense, outputs, self.shape.size, bits, last)

    def pool(self, name: str, kind: type[PoolLayer], size: int = 2) -> None:
        """Add a pool."""
        self._layers.append(kind(name, self.shape, size, self._activation))
        self.shape = self._layers[-1].out_shape

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers so far."""
        return tuple(layer.name for layer in self._layers)

    def network(self, name: str, tap: str) -> Network:
        """What was made, with the features behind the layer ``tap``."""
        return Network(name, self._in_shape, self._pixel, tuple(self._layers), self._weights, tap)

    def _matrix(
        self, name: str, kind: type[MatrixLayer], outputs: int, inputs: int, bits: int, last: bool = False, **sizes: int
    ) -> None:
        rng, activation = self._rng, self._activation
        weight = FixedPoint(bits, True, bits - 1)
        fraction = activation.fraction_bits + weight.fraction_bits
        values = LayerWeights(
            rng.integers(weight.minimum, weight.maximum + 1, (outputs, inputs)), rng.integers(-_BIAS, _BIAS, outputs)
        )
        low, high = accumulator_for_weights(values, activation)
        bias = FixedPoint(signed_bits(min(int(values.bias.min()), 0), max(int(values.bias.max()), 0)), True, fraction)
        accumulator = FixedPoint(signed_bits(low, high), True, fraction)
        # A quarter of the largest accumulator is 256 steps of the output.
        output = None if last else FixedPoint(8, False, fraction - max(high.bit_length() - 10, 0))
        self._layers.append(kind(name, self.shape, outputs, activation, weight, bias, accumulator, output, **sizes))
        self._weights[name] = values
        self.shape = self._layers[-1].out_shape
        if output is not None:
            self._activation = output
