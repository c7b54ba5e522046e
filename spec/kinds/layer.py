# SPDX-License-Identifier: Apache-2.0
"""What a layer says of itself, whatever its kind.

A part of the project that has a :class:`Layer` asks these questions and no other. What differs from kind to kind stands
in one module for each kind: here, and in the packages ``kinds`` of the floors above (docs/adding-a-layer.md).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from spec.errors import InputError
from spec.fixedpoint import FixedPoint
from spec.kinds.data import LayerFolding, LayerWeights, Shape
from spec.kinds.exchange import Chain, Node, Nodes, Pending


class Layer(ABC):
    """One layer of a network. Its kinds are frozen dataclasses; :data:`spec.kinds.KINDS` lists them.

    Class attributes
        names: what a network description calls the kind; the first is also the name of its module on every floor.
        title: the kind in a sentence.
        prefix: of the names that layers without a name get.
        operators: the ONNX operators that begin such a layer.
        weighted: whether it has weights, and with them a folding, a power domain's share of work and a section in a
            folding preset.
        requantised: whether a Quant node ends it; a kind that only selects values needs none.
        image_only: whether it cannot follow a dense layer.
        pooled: whether the first such layer is where features are tapped by default.
        pool: what a gate preset calls it as the pool of a local expert or of the gate; None: it cannot be one.
        in_network: whether a network may have it as a layer; else it is only a pool of local experts and of the gate.
    """

    names: ClassVar[tuple[str, ...]]
    title: ClassVar[str]
    prefix: ClassVar[str]
    operators: ClassVar[tuple[str, ...]]
    weighted: ClassVar[bool] = False
    requantised: ClassVar[bool] = True
    image_only: ClassVar[bool] = False
    pooled: ClassVar[bool] = False
    pool: ClassVar[str | None] = None
    in_network: ClassVar[bool] = True

    name: str
    in_shape: Shape
    input: FixedPoint

    @property
    @abstractmethod
    def out_shape(self) -> Shape:
        """Shape of the result."""

    @property
    def dims(self) -> tuple[int, ...]:
        """Dimensions of one image's output: (row, column, channel), or (outputs,) of a vector."""
        s = self.out_shape
        return (s.height, s.width, s.channels)

    @property
    @abstractmethod
    def out_type(self) -> FixedPoint:
        """Type of the values that leave the layer (its accumulators when it is not requantised)."""

    @property
    def raw(self) -> bool:
        """Whether signed accumulators leave the layer, not unsigned activations."""
        return False

    @property
    def macs(self) -> int:
        """Multiply-accumulates per image."""
        return 0

    @property
    def weights(self) -> int:
        """Number of weights without biases, as the paper's Table 1 counts them."""
        return 0

    @abstractmethod
    def fingerprint(self) -> str:
        """Everything of the layer that its results depend on, for the digest of a network: bank files hold it."""

    @abstractmethod
    def description(self) -> str:
        """Kind and size in a few words, for tables."""

    def input_text(self) -> str:
        """Shape of the input, for tables."""
        return str(self.in_shape)

    # ---- In hardware ---------------------------------------------------------------------------------------

    @abstractmethod
    def lanes_after(self, folding: LayerFolding | None, lanes: int) -> int:
        """Values of an output word when input words carry ``lanes``; ``folding`` is None without weights."""

    def words_apart(self, folding: LayerFolding | None, lanes: int) -> bool:
        """Whether words leave no faster than every other cycle when they enter, with ``lanes`` values, one a cycle."""
        return False

    @abstractmethod
    def cycles(self, folding: LayerFolding | None, lanes: int) -> int:
        """Cycles that the layer is busy with one image that arrives in words of ``lanes`` values."""

    # ---- Network descriptions and QONNX --------------------------------------------------------------------

    @classmethod
    def not_in_network(cls, where: str) -> InputError:
        """The error to raise when a kind that is not ``in_network`` stands in a network."""
        return InputError(
            f"{where}: {cls.title} is no layer of a network, only a pool before the local experts or the gate "
            f"(pool_kind = '{cls.pool}')"
        )

    @classmethod
    @abstractmethod
    def shape_after(cls, entry: Mapping[str, Any], shape: Shape) -> Shape:
        """Shape behind the layer of a network description (``[[layer]]`` of ``configs/networks``).

        Raises:
            InputError: the layer does not fit ``shape``.
        """

    @abstractmethod
    def entry(self) -> dict[str, Any]:
        """Kind and sizes as a network description gives them, without widths."""

    @classmethod
    @abstractmethod
    def read(cls, chain: Chain, node: Node) -> Layer | Pending:
        """The layer that begins with one of ``operators``; it is pending when its Quant node comes later.

        Raises:
            InputError: the node has something that is not supported.
        """

    @abstractmethod
    def write(self, nodes: Nodes, value: str, weights: LayerWeights | None) -> str:
        """Write the layer as QONNX behind the tensor ``value``; returns the tensor that it gives."""
