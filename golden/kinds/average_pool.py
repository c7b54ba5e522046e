# SPDX-License-Identifier: Apache-2.0
"""Average pooling."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from golden.kinds import Entry, GoldenKind, Quantisers, Step
from golden.kinds.pool import Pool
from spec.kinds.average_pool import AveragePool
from spec.kinds.data import LayerWeights, Shape


class Average(Pool):
    """Sums, then the mean, rounded half to even."""

    join = torch.add

    def accumulate(self, x: Tensor) -> Tensor:
        """Sums; float32 holds those of 8-bit values in any window."""
        return super().accumulate(x.to(torch.float32))

    def activate(self, accumulator: Tensor) -> Tensor:
        # Exact: a power of two, and torch.round rounds half to even.
        return accumulator.mul(2.0**-self.layer.shift).round_()


class _QuantisedAverage(nn.Module):
    """Means, requantised on the very scale that their input has: it shares the quantiser in front."""

    def __init__(self, size: int, quantisers: Quantisers) -> None:
        super().__init__()
        self.mean = nn.AvgPool2d(size)
        self.requantise = quantisers.qnn.QuantIdentity(act_quant=quantisers.last.act_quant, return_quant_tensor=True)

    def forward(self, x: Tensor) -> Tensor:
        """A QuantTensor to a QuantTensor."""
        return self.requantise(self.mean(getattr(x, "value", x)))


class _AveragePool(GoldenKind):
    def step(self, layer: AveragePool, weights: LayerWeights | None) -> Step:
        return Average(layer)

    def float_module(self, entry: Entry, shape: Shape) -> nn.Module:
        return nn.AvgPool2d(entry["size"])

    def quantised_module(self, entry: Entry, shape: Shape, quantisers: Quantisers) -> nn.Module:
        return _QuantisedAverage(entry["size"], quantisers)


KIND = _AveragePool()
