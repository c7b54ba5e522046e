# SPDX-License-Identifier: Apache-2.0
"""Maximum and average of each window: the two pools, one behind the other in the channels."""

from __future__ import annotations

from typing import NoReturn

import torch
from torch import Tensor

from golden.kinds import Entry, GoldenKind, Quantisers, Step, step
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.max_average_pool import MaxAveragePool


class MaxAverage(Step):
    """Maxima beside sums; then the means of the sums, rounded half to even."""

    def __init__(self, layer: MaxAveragePool) -> None:
        self.halves = step(layer.maximum), step(layer.average)

    def accumulate(self, x: Tensor) -> Tensor:
        """float32 (N, H / size, W / size, 2C): the first C are maxima, the others sums."""
        return torch.cat([half.accumulate(x).to(torch.float32) for half in self.halves], -1)

    def activate(self, accumulator: Tensor) -> Tensor:
        parts = zip(self.halves, accumulator.chunk(2, -1), strict=True)
        return torch.cat([half.activate(part) for half, part in parts], -1)


class _MaxAveragePool(GoldenKind):
    def step(self, layer: MaxAveragePool, weights: LayerWeights | None) -> Step:
        return MaxAverage(layer)

    def float_module(self, entry: Entry, shape: Shape) -> NoReturn:
        raise MaxAveragePool.not_in_network(f"layer '{entry['name']}'")

    def quantised_module(self, entry: Entry, shape: Shape, quantisers: Quantisers) -> NoReturn:
        raise MaxAveragePool.not_in_network(f"layer '{entry['name']}'")


KIND = _MaxAveragePool()
