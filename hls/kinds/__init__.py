# SPDX-License-Identifier: Apache-2.0
"""How each kind of layer stands in the hand-written HLS C++, and in hls4ml.

One module for each entry of :data:`spec.kinds.KINDS`, with an object ``KIND``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from spec.fixedpoint import FixedPoint
from spec.kinds import implementation
from spec.kinds.data import LayerFolding, LayerWeights
from spec.kinds.layer import Layer


@dataclass(frozen=True)
class Cost:
    """What a kind adds to a row of the summary, of one instance and one bank; empty texts: it has no such type."""

    pe: int
    simd: int
    weight: str = ""
    accumulator: str = ""
    multiplier: str = ""
    weights: int = 0
    weight_bits: int = 0
    multipliers: int = 0


class Graph(Protocol):
    """The channels-last QONNX graph of a part of the accelerator, for hls4ml (:mod:`hls.hls4ml_qonnx`)."""

    def node(
        self, kind: str, inputs: list[str], output: str, name: str, shape: list[int], image: bool = False, **attributes
    ) -> str:
        """Add a node; returns ``output``. ``image``: the operator in its channels-last form."""

    def quant(self, value: str, output: str, kind: FixedPoint, name: str) -> str:
        """Add a Quant node; returns ``output``."""

    def parameter(self, name: str, integers: np.ndarray, kind: FixedPoint) -> str:
        """Add a constant and its Quant node; returns the result."""

    def flat(self, layer: Any, value: str) -> str:
        """The value as a vector, with the layer's extra inputs behind it."""


class HlsKind(ABC):
    """One kind of layer. ``folding`` is None for a kind without weights, ``lanes`` the values of an input beat."""

    header: ClassVar[str]
    """The header with its template."""
    value: ClassVar[str] = "output_t"
    """The type of its output in its description."""

    # ---- Hand-written HLS ----------------------------------------------------------------------------------

    @abstractmethod
    def description(self, layer: Any, folding: LayerFolding | None, lanes: int) -> str:
        """The C++ struct that describes the layer."""

    @abstractmethod
    def call(self, layer: Any, folding: LayerFolding | None, source: str, sink: str) -> str:
        """The statement that runs the layer from one stream to another."""

    @abstractmethod
    def cost(self, layer: Any, folding: LayerFolding | None, lanes: int) -> Cost:
        """What is asked of the HLS compiler."""

    # ---- hls4ml --------------------------------------------------------------------------------------------

    @abstractmethod
    def hls4ml_name(self, layer: Any) -> str:
        """Name that hls4ml gives the layer when it replaces the ONNX node by its own layer."""

    @abstractmethod
    def nodes(self, graph: Graph, layer: Any, weights: LayerWeights | None, value: str) -> str:
        """Write the layer; returns the tensor that it gives."""

    @abstractmethod
    def settings(self, layer: Any, folding: LayerFolding | None) -> dict[str, dict[str, Any]]:
        """Its part of hls4ml's configuration by ONNX node, beside what hls4ml infers."""

    @abstractmethod
    def types(self, layer: Any, folding: LayerFolding | None) -> Iterator[tuple[str, str, str]]:
        """Layer in hls4ml, name and precision of each type that must be found, beside that of the layer's result."""


def hls_kind(layer: Layer) -> HlsKind:
    """What this floor knows of a layer's kind."""
    return implementation(__name__, type(layer))
