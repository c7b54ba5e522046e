# SPDX-License-Identifier: Apache-2.0
"""What a layer says of itself, whatever its kind, and the plain data that it says it with.

A part of the project that has a :class:`Layer` asks these questions and no other. What differs from kind to kind stands
in one module for each kind: here, and in the packages ``kinds`` of the floors above (docs/adding-a-layer.md).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from spec.fixedpoint import FixedPoint

if TYPE_CHECKING:
    from spec.kinds.exchange import Chain, Node, Nodes, Pending

MULTIPLIERS = ("dsp", "dsp_pair", "lut", "graph")


@dataclass(frozen=True)
class Shape:
    """Shape of an activation; streams carry it in the order row, column, channel."""

    height: int
    width: int
    channels: int

    @property
    def size(self) -> int:
        """Number of values."""
        return self.height * self.width * self.channels

    def __str__(self) -> str:
        return f"{self.height}x{self.width}x{self.channels}"


@dataclass(frozen=True)
class LayerWeights:
    """Integer weights of one layer.

    ``weight`` is int64 of shape (outputs, inputs); a convolution's inputs are in the order kernel row, kernel
    column, channel, a dense layer's in the order row, column, channel, then extra inputs: the order of the streams.
    ``bias`` is int64 of shape (outputs,), on the accumulator's scale.
    """

    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class LayerFolding:
    """PE outputs x SIMD inputs per cycle, and what the products are made of.

    ``multiplier``: ``dsp`` takes one multiplier block a product, ``dsp_pair`` one for the products of two outputs
    with the same input (narrow weights), ``lut`` logic only, ``graph`` an adder graph of the constant weights that
    needs no product and takes a whole window a cycle (PE = outputs, SIMD = inputs).
    """

    pe: int
    simd: int
    multiplier: str = "dsp"

    @property
    def lut(self) -> bool:
        """Whether the products are built from logic."""
        return self.multiplier == "lut"

    @property
    def graph(self) -> bool:
        """Whether the layer is an adder graph."""
        return self.multiplier == "graph"

    @property
    def multiplier_blocks(self) -> int:
        """Multiplier blocks of one instance."""
        products = self.pe * self.simd
        return {"dsp": products, "dsp_pair": products // 2, "lut": 0, "graph": 0}[self.multiplier]


@dataclass(frozen=True)
class Activity:
    """Work of some layers.

    ``macs`` counts every product that is formed, also of lanes that pad a word; an adder graph counts those that it
    stands for. ``weight_reads`` counts words of weight memories, ``buffer_writes`` words written to the window buffers
    of convolutions.
    """

    macs: int = 0
    weight_reads: int = 0
    buffer_writes: int = 0

    def __add__(self, other: Activity) -> Activity:
        return Activity(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Activity)))

    def __mul__(self, times: int) -> Activity:
        return Activity(*(getattr(self, f.name) * times for f in fields(Activity)))


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

    @abstractmethod
    def cycles(self, folding: LayerFolding | None, lanes: int) -> int:
        """Cycles that the layer is busy with one image that arrives in words of ``lanes`` values."""

    # ---- Network descriptions and QONNX --------------------------------------------------------------------

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
