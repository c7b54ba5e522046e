# SPDX-License-Identifier: Apache-2.0
"""Products with weights, in the narrowest exact floating-point type: what convolutions and dense layers share."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from golden.kinds import GoldenKind, Step
from spec.kinds.data import LayerWeights
from spec.kinds.matrix import MatrixLayer


class Product(Step):
    """One layer with its weights."""

    def __init__(self, layer: MatrixLayer, weights: LayerWeights) -> None:
        # Bounds every partial sum of any subset of products and bias, not only those that start with the bias.
        bound = np.abs(weights.weight).sum(1) * layer.input.maximum + np.abs(weights.bias)
        exact32 = bound.max() < 1 << 24
        self.layer = layer
        self.dtype = torch.float32 if exact32 else torch.float64
        self.weight = torch.from_numpy(weights.weight.astype(np.float64)).to(self.dtype)
        self.bias = torch.from_numpy(weights.bias.astype(np.float64)).to(self.dtype)

    def accumulate(self, x: Tensor) -> Tensor:
        """Accumulators of integers: (N, H', W', outputs) or (N, outputs)."""
        rows = self.rows(x.to(self.dtype)).reshape(-1, self.layer.inputs)
        return self.shaped(torch.addmm(self.bias, rows, self.weight.T), len(x))

    def rows(self, x: Tensor) -> Tensor:
        """The inputs of every product, whole rows of ``layer.inputs`` values."""
        return x

    def shaped(self, accumulator: Tensor, count: int) -> Tensor:
        """The products (rows, outputs) of ``count`` images in the shape of the layer's output."""
        return accumulator

    def activate(self, accumulator: Tensor) -> Tensor:
        """Requantise accumulators in place; raw logits stay as they are."""
        if self.layer.output is None:
            return accumulator
        # Exact: a power-of-two scale, and torch.round rounds half to even.
        return accumulator.mul_(2.0**-self.layer.shift).round_().clamp_(0, self.layer.output.maximum)


class MatrixKind(GoldenKind):
    """Kinds with weights."""

    relu: ClassVar[bool] = True
    product: ClassVar[type[Product]] = Product

    def step(self, layer: MatrixLayer, weights: LayerWeights | None) -> Product:
        """See :class:`golden.kinds.GoldenKind`."""
        return self.product(layer, weights)
