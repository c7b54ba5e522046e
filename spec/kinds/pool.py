# SPDX-License-Identifier: Apache-2.0
"""What the pools have in common: a square window, stride = window, and input and output of one type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from spec.errors import InputError
from spec.fixedpoint import FixedPoint
from spec.kinds.data import LayerFolding, Shape
from spec.kinds.exchange import NO_PADDING, Chain, Node, only
from spec.kinds.layer import Layer


@dataclass(frozen=True)
class PoolLayer(Layer):
    """A pool of windows of ``size`` x ``size``."""

    prefix: ClassVar[str] = "pool"
    image_only: ClassVar[bool] = True
    pooled: ClassVar[bool] = True

    name: str
    in_shape: Shape
    size: int
    activation: FixedPoint

    @property
    def out_shape(self) -> Shape:
        """Shape of the result."""
        s = self.in_shape
        return Shape(s.height // self.size, s.width // self.size, s.channels)

    @property
    def input(self) -> FixedPoint:
        """Type of the values that enter."""
        return self.activation

    @property
    def out_type(self) -> FixedPoint:
        """Type of the values that leave: the same."""
        return self.activation

    def description(self) -> str:
        """For example ``max pool 2x2``."""
        return f"{self.pool} pool {self.size}x{self.size}"

    def layout(self) -> str:
        """The pool before a layer of a bank, as the digest of the bank's layout covers it."""
        return f"{self.name} {self.in_shape} window {self.size}"

    def lanes_after(self, folding: LayerFolding | None, lanes: int) -> int:
        """As many as arrive."""
        return lanes

    def words_apart(self, folding: LayerFolding | None, lanes: int) -> bool:
        """With a word a window: between two windows are the pixels of one, of which a word comes a cycle."""
        return self.size > 1 and self.out_shape.channels == lanes

    def cycles(self, folding: LayerFolding | None, lanes: int) -> int:
        """One word a cycle, of those that come or of those that leave, whichever are more."""
        return max(self.in_shape.size, self.out_shape.size) // lanes

    @classmethod
    def check_size(cls, size: int) -> None:
        """Refuse a window that the kind cannot do.

        Raises:
            InputError: says which it can.
        """

    @classmethod
    def shape_after(cls, entry: Mapping[str, Any], shape: Shape) -> Shape:
        """See :class:`spec.kinds.layer.Layer`."""
        size, where = entry["size"], f"layer '{entry['name']}'"
        if size < 1 or shape.height % size or shape.width % size:
            raise InputError(f"{where}: a window of {size} does not divide {shape.height}x{shape.width}")
        try:
            cls.check_size(size)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
        return Shape(shape.height // size, shape.width // size, shape.channels)

    def entry(self) -> dict[str, Any]:
        """See :class:`spec.kinds.layer.Layer`."""
        return {"kind": self.names[-1], "size": self.size}

    @classmethod
    def _read(cls, chain: Chain, node: Node) -> PoolLayer:
        """A pool from its node, the Quant node behind it left alone."""
        window, stride = chain.attribute(node, "kernel_shape", None), chain.attribute(node, "strides", [1, 1])
        if window != stride or window[0] != window[1] or any(chain.attribute(node, "pads", [0])):
            raise chain.fail(f"{node.name}: {cls.title} {window} with stride {stride} or padding is not supported")
        only(chain, node, cls.title, {"dilations": ([1, 1],), "ceil_mode": (0,), **NO_PADDING})
        size, s = window[0], chain.shape
        if s.height % size or s.width % size:
            raise chain.fail(f"{node.name}: pooling by {size} does not divide {s}")
        try:
            cls.check_size(size)
        except InputError as error:
            raise chain.fail(f"{node.name}: {error}") from None
        return cls(chain.next_name(cls.prefix), s, size, chain.activation)
