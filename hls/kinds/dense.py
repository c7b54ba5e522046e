# SPDX-License-Identifier: Apache-2.0
"""Dense layer: ``dense``."""

from __future__ import annotations

from typing import ClassVar

from hls.cpp import type_name
from hls.kinds import Graph
from hls.kinds.matrix import MatrixHls
from spec.kinds.data import LayerFolding, LayerWeights
from spec.kinds.dense import Dense


class _Dense(MatrixHls):
    header: ClassVar[str] = "dense.hpp"
    hls4ml_class: ClassVar[str] = "Dense"

    def sizes(self, layer: Dense) -> dict[str, int]:
        return {}

    def comment(self, layer: Dense) -> str:
        return f"dense {layer.inputs} -> {layer.outputs}"

    def call(self, layer: Dense, folding: LayerFolding | None, source: str, sink: str) -> str:
        name = type_name(layer.name)
        return f"dense<{name}>({source}, {sink}, {name}Weights());"

    def product(self, graph: Graph, layer: Dense, weights: LayerWeights, value: str, bias: str, output: str) -> str:
        value, shape = graph.flat(layer, value), [1, *layer.dims]
        weight = graph.parameter(f"{layer.name}_weight", weights.weight.T, layer.weight)
        value = graph.node("MatMul", [value, weight], f"{layer.name}_product", layer.name, shape)
        return graph.node("Add", [value, bias], output, f"{layer.name}_add_bias", shape)


KIND = _Dense()
