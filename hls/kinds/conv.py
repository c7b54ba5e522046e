# SPDX-License-Identifier: Apache-2.0
"""Convolution: ``conv2d``, or ``conv2d_unrolled`` in place of an adder graph."""

from __future__ import annotations

from typing import ClassVar

from hls.cpp import type_name
from hls.kinds import Graph
from hls.kinds.matrix import MatrixHls
from spec.kinds.conv import Convolution
from spec.kinds.data import LayerFolding, LayerWeights


class _Convolution(MatrixHls):
    header: ClassVar[str] = "conv2d.hpp"
    hls4ml_class: ClassVar[str] = "Conv2D"

    def sizes(self, layer: Convolution) -> dict[str, int]:
        s = layer.in_shape
        return {"kHeight": s.height, "kWidth": s.width, "kChannels": s.channels, "kKernel": layer.kernel}

    def comment(self, layer: Convolution) -> str:
        return f"convolution {layer.kernel}x{layer.kernel}, {layer.in_shape} -> {layer.out_shape}"

    def call(self, layer: Convolution, folding: LayerFolding | None, source: str, sink: str) -> str:
        template = "conv2d_unrolled" if folding.graph and layer.kernel > 1 else "conv2d"
        name = type_name(layer.name)
        return f"{template}<{name}>({source}, {sink}, {name}Weights());"

    def product(
        self, graph: Graph, layer: Convolution, weights: LayerWeights, value: str, bias: str, output: str
    ) -> str:
        window = [layer.kernel, layer.kernel]
        by_window = weights.weight.reshape(layer.outputs, *window, layer.in_shape.channels)
        weight = graph.parameter(f"{layer.name}_weight", by_window, layer.weight)
        attributes = {"kernel_shape": window, "strides": [1, 1], "dilations": [1, 1], "pads": [0] * 4, "group": 1}
        shape = [1, *layer.dims]
        return graph.node("Conv", [value, weight, bias], output, layer.name, shape, image=True, **attributes)


KIND = _Convolution()
