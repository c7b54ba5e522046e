# SPDX-License-Identifier: Apache-2.0
"""Dense layer."""

from __future__ import annotations

from torch import nn

from golden.kinds import Entry, Quantisers
from golden.kinds.matrix import MatrixKind
from spec.kinds.data import Shape


class _Dense(MatrixKind):
    def float_module(self, entry: Entry, shape: Shape) -> nn.Module:
        return nn.Linear(shape.size, entry["features"])

    def quantised_module(self, entry: Entry, shape: Shape, quantisers: Quantisers) -> nn.Module:
        layer = quantisers.qnn.QuantLinear
        return layer(shape.size, entry["features"], bias=True, **quantisers.weights(entry))


KIND = _Dense()
