# SPDX-License-Identifier: Apache-2.0
"""Average pooling: the mean of each window, rounded half to even, on the scale of the input.

The window's side is a power of two, so that the division is the shift of the house's requantisation: exact, the same in
every implementation, and free in hardware.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spec.errors import InputError
from spec.fixedpoint import FixedPoint
from spec.kinds.data import LayerWeights
from spec.kinds.exchange import Chain, Node, Nodes, Pending
from spec.kinds.layer import Layer
from spec.kinds.pool import PoolLayer

SIZES = (1, 2, 4, 8, 16)
"""Sides of a window."""


@dataclass(frozen=True)
class AveragePool(PoolLayer):
    """``round_half_even(sum of the window / size**2)``; unsigned in and out, so nothing saturates."""

    names: ClassVar[tuple[str, ...]] = ("average_pool",)
    title: ClassVar[str] = "average pooling"
    operators: ClassVar[tuple[str, ...]] = ("AveragePool",)
    pool: ClassVar[str | None] = "average"

    @property
    def shift(self) -> int:
        """Right shift that divides the sum by the number of values in a window."""
        return 2 * (self.size.bit_length() - 1)

    @property
    def accumulator(self) -> FixedPoint:
        """Type of a window's sum: it holds every sum of ``size**2`` values."""
        return FixedPoint(self.activation.bits + self.shift, False, self.activation.fraction_bits)

    def fingerprint(self) -> str:
        """See :class:`spec.kinds.layer.Layer`."""
        return repr(self)

    def layout(self) -> str:
        """See :class:`spec.kinds.pool.PoolLayer`."""
        return f"{super().layout()} average"

    @classmethod
    def check_size(cls, size: int) -> None:
        """See :class:`spec.kinds.pool.PoolLayer`."""
        if size not in SIZES:
            allowed = ", ".join(map(str, SIZES))
            raise InputError(f"average pooling by {size} is not supported, the window's side must be one of {allowed}")

    @classmethod
    def read(cls, chain: Chain, node: Node) -> Layer | Pending:
        """See :class:`spec.kinds.layer.Layer`."""
        return _PendingAverage(chain, node, cls._read(chain, node))

    def write(self, nodes: Nodes, value: str, weights: LayerWeights | None) -> str:
        """See :class:`spec.kinds.layer.Layer`."""
        window = [self.size, self.size]
        mean = nodes.node("AveragePool", [value], self.name, kernel_shape=window, strides=window)
        return nodes.quant(mean, f"{self.name}.activation", self.activation)


class _PendingAverage(Pending):
    """Exact means, which the Quant node behind them rounds."""

    def __init__(self, chain: Chain, node: Node, layer: AveragePool) -> None:
        super().__init__(chain, layer.name)
        self.node, self.layer = node, layer

    def relu(self, node: Node) -> None:
        """Changes nothing: means of unsigned values. Brevitas writes one with a quantiser that a ReLU shares."""

    def close(self, output: FixedPoint | None) -> tuple[Layer, LayerWeights | None]:
        """The pool, when the Quant node keeps its input's type."""
        if output != self.layer.activation:
            found = "is not requantised" if output is None else f"is requantised to {output}"
            raise self.chain.fail(
                f"{self.node.name}: average pooling of {self.layer.activation} {found}, it must keep its input's type"
            )
        return self.layer, None
