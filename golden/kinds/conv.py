# SPDX-License-Identifier: Apache-2.0
"""Convolution, as a matrix product of its windows.

Never a library's convolution: that may be a Winograd or FFT transform, whose intermediate results are no integers, or
may round its operands to bfloat16.
"""

from __future__ import annotations

from torch import Tensor, nn

from golden.kinds import Entry, Quantisers
from golden.kinds.matrix import MatrixKind, Product
from spec.kinds.data import Shape


class _Windows(Product):
    def rows(self, x: Tensor) -> Tensor:
        k = self.layer.kernel
        return x.unfold(1, k, 1).unfold(2, k, 1).permute(0, 1, 2, 4, 5, 3)  # N, H', W', k, k, C

    def shaped(self, accumulator: Tensor, count: int) -> Tensor:
        out = self.layer.out_shape
        return accumulator.reshape(count, out.height, out.width, out.channels)


class _Convolution(MatrixKind):
    product = _Windows

    def float_module(self, entry: Entry, shape: Shape) -> nn.Module:
        return nn.Conv2d(shape.channels, entry["channels"], entry["kernel"])

    def quantised_module(self, entry: Entry, shape: Shape, quantisers: Quantisers) -> nn.Module:
        layer = quantisers.qnn.QuantConv2d
        return layer(shape.channels, entry["channels"], entry["kernel"], bias=True, **quantisers.weights(entry))


KIND = _Convolution()
