# SPDX-License-Identifier: Apache-2.0
"""Maximum and average of each window: first the maxima of all channels, then their averages.

It is for the features that local experts and the gate read; a network description cannot have it as a layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from spec.kinds.average_pool import AveragePool
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.exchange import Chain, Node, Nodes
from spec.kinds.layer import Layer
from spec.kinds.max_pool import MaxPool
from spec.kinds.pool import PoolLayer


@dataclass(frozen=True)
class MaxAveragePool(PoolLayer):
    """Channels 0 to C-1 are those of :class:`MaxPool`, C to 2C-1 those of :class:`AveragePool`, on one scale."""

    names: ClassVar[tuple[str, ...]] = ("max_average_pool",)
    title: ClassVar[str] = "max-average pooling"
    operators: ClassVar[tuple[str, ...]] = ()
    pool: ClassVar[str | None] = "max_average"
    in_network: ClassVar[bool] = False

    @property
    def out_shape(self) -> Shape:
        """Shape of the result."""
        s = self.average.out_shape
        return Shape(s.height, s.width, 2 * s.channels)

    @property
    def maximum(self) -> MaxPool:
        """The pool that gives the first half of the channels."""
        return MaxPool(f"{self.name}_max", self.in_shape, self.size, self.activation)

    @property
    def average(self) -> AveragePool:
        """The pool that gives the second half of the channels."""
        return AveragePool(f"{self.name}_average", self.in_shape, self.size, self.activation)

    def fingerprint(self) -> str:
        """See :class:`spec.kinds.layer.Layer`."""
        return repr(self)

    def layout(self) -> str:
        """See :class:`spec.kinds.pool.PoolLayer`."""
        return f"{super().layout()} max, then average"

    @classmethod
    def check_size(cls, size: int) -> None:
        """See :class:`spec.kinds.pool.PoolLayer`."""
        AveragePool.check_size(size)

    @classmethod
    def shape_after(cls, entry: Mapping[str, Any], shape: Shape) -> Shape:
        """Never: it is no layer of a network."""
        raise cls.not_in_network(f"layer '{entry['name']}'")

    @classmethod
    def read(cls, chain: Chain, node: Node) -> Layer:
        """Never: no operator begins it."""
        raise cls.not_in_network(node.name)

    def write(self, nodes: Nodes, value: str, weights: LayerWeights | None) -> str:
        """Never: it is no layer of a network."""
        raise self.not_in_network(self.name)
