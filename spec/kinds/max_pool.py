# SPDX-License-Identifier: Apache-2.0
"""Max pooling: the largest value of each window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spec.kinds.data import LayerWeights
from spec.kinds.exchange import Chain, Node, Nodes, Pending
from spec.kinds.layer import Layer
from spec.kinds.pool import PoolLayer


@dataclass(frozen=True)
class MaxPool(PoolLayer):
    """Max pooling; it selects values, so no Quant node follows."""

    names: ClassVar[tuple[str, ...]] = ("max_pool", "pool")
    title: ClassVar[str] = "max pooling"
    operators: ClassVar[tuple[str, ...]] = ("MaxPool",)
    requantised: ClassVar[bool] = False
    pool: ClassVar[str | None] = "max"

    def fingerprint(self) -> str:
        """See :class:`spec.kinds.layer.Layer`."""
        # Digests in bank files were made of this text, so it stays as it is.
        return (
            f"PoolLayer(name={self.name!r}, in_shape={self.in_shape!r}, size={self.size}, "
            f"activation={self.activation!r})"
        )

    @classmethod
    def read(cls, chain: Chain, node: Node) -> Layer | Pending:
        """See :class:`spec.kinds.layer.Layer`."""
        return cls._read(chain, node)

    def write(self, nodes: Nodes, value: str, weights: LayerWeights | None) -> str:
        """See :class:`spec.kinds.layer.Layer`."""
        window = [self.size, self.size]
        return nodes.node("MaxPool", [value], self.name, kernel_shape=window, strides=window)
