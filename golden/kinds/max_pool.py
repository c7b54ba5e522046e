# SPDX-License-Identifier: Apache-2.0
"""Max pooling."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

from golden.kinds import Entry, GoldenKind, Quantisers, Step
from golden.kinds.pool import Pool
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.max_pool import MaxPool


class _Maximum(Pool):
    join = torch.maximum
    commutes: ClassVar[bool] = True


class _MaxPool(GoldenKind):
    def step(self, layer: MaxPool, weights: LayerWeights | None) -> Step:
        return _Maximum(layer)

    def float_module(self, entry: Entry, shape: Shape) -> nn.Module:
        return nn.MaxPool2d(entry["size"])

    def quantised_module(self, entry: Entry, shape: Shape, quantisers: Quantisers) -> nn.Module:
        return nn.MaxPool2d(entry["size"])


KIND = _MaxPool()
