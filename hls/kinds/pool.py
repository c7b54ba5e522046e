# SPDX-License-Identifier: Apache-2.0
"""What the pools share: description, call, and an hls4ml layer without a Quant node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from hls.cpp import constants, cpp_type, struct, type_name
from hls.kinds import Cost, Graph, HlsKind
from spec.kinds.data import LayerFolding, LayerWeights
from spec.kinds.pool import PoolLayer


@dataclass(frozen=True)
class Process:
    """A process of a pool's dataflow: the template that it runs, and its streams, all of the pool's beats.

    ``suffix`` tells it from the others of its pool; the stream ``in`` of the pool comes in, ``out`` leaves.
    """

    suffix: str
    template: str
    inputs: tuple[str, ...] = ("in",)
    outputs: tuple[str, ...] = ("out",)


class PoolHls(HlsKind):
    """A pool is the function template ``template`` of the header of that name, and the ONNX operator ``operator``."""

    value: ClassVar[str] = "value_t"

    def __init__(self, template: str, operator: str) -> None:
        self.template, self.operator, self.header = template, operator, f"{template}.hpp"

    def description(self, layer: PoolLayer, folding: LayerFolding | None, lanes: int) -> str:
        """See :class:`hls.kinds.HlsKind`."""
        s = layer.in_shape
        numbers = {
            "kHeight": s.height,
            "kWidth": s.width,
            "kChannels": s.channels,
            "kSize": layer.size,
            "kLanes": lanes,
            **self.numbers(layer),
        }
        body = constants(numbers)
        body.append(f"  typedef {cpp_type(layer.activation, rounding=True)} value_t;")
        comment = f"{layer.title} {layer.size}x{layer.size}, {s} -> {layer.out_shape}."
        return struct(layer.name, comment, body)

    def processes(self) -> tuple[Process, ...]:
        """What it consists of for a compiler that is given one process at a time."""
        return (Process("", self.template),)

    def numbers(self, layer: Any) -> dict[str, int]:
        """Members of the description that only this kind has."""
        return {}

    def call(self, layer: PoolLayer, folding: LayerFolding | None, source: str, sink: str) -> str:
        """See :class:`hls.kinds.HlsKind`."""
        return f"{self.template}<{type_name(layer.name)}>({source}, {sink});"

    def cost(self, layer: PoolLayer, folding: LayerFolding | None, lanes: int) -> Cost:
        """See :class:`hls.kinds.HlsKind`."""
        return Cost(lanes, 1)

    def hls4ml_name(self, layer: PoolLayer) -> str:
        """See :class:`hls.kinds.HlsKind`."""
        return layer.name

    def nodes(self, graph: Graph, layer: PoolLayer, weights: LayerWeights | None, value: str) -> str:
        """See :class:`hls.kinds.HlsKind`."""
        window, shape = [layer.size, layer.size], [1, *layer.dims]
        attributes = {"kernel_shape": window, "strides": window, "pads": [0] * 4}
        return graph.node(self.operator, [value], layer.name, layer.name, shape, image=True, **attributes)

    def settings(self, layer: PoolLayer, folding: LayerFolding | None) -> dict[str, dict[str, Any]]:
        """See :class:`hls.kinds.HlsKind`."""
        return {}

    def types(self, layer: PoolLayer, folding: LayerFolding | None) -> Iterator[tuple[str, str, str]]:
        """See :class:`hls.kinds.HlsKind`."""
        yield from ()
