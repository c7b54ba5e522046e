# SPDX-License-Identifier: Apache-2.0
"""Read a trained global expert from a QONNX file into a :class:`spec.network.Network`.

Supported is a chain of the layers of :data:`spec.kinds.KINDS`, which say themselves what they accept, with ReLU, with
per-tensor power-of-two scales, zero point 0 and round half to even, as Brevitas exports it. Anything else is refused by
name: a silent approximation would not be bit-exact.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx

from spec.errors import InputError
from spec.fixedpoint import FixedPoint
from spec.kinds import KINDS, kind_of_operator
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.exchange import Closed, Pending
from spec.kinds.layer import Layer
from spec.network import Network
from spec.qonnx_graph import QonnxGraph, Quantised, attribute


class _Builder:
    """Walks the chain and collects layers; for the kinds it is a :class:`spec.kinds.exchange.Chain`."""

    def __init__(self, graph: QonnxGraph, shape: Shape) -> None:
        self.graph = graph
        self.shape = shape
        self.activation: FixedPoint | None = None
        self.pixel: FixedPoint | None = None
        self.flat = False
        self.pending: Pending | None = None
        self.layers: list[Layer] = []
        self.weights: dict[str, LayerWeights] = {}

    def fail(self, text: str) -> InputError:
        return self.graph.fail(text)

    def attribute(self, node: onnx.NodeProto, name: str, default: Any) -> Any:
        return attribute(node, name, default)

    def constant(self, name: str) -> Quantised:
        return self.graph.constant(name)

    def next_name(self, prefix: str, *tensors: str) -> str:
        for tensor in tensors:
            for suffix in (".weight", ".bias"):
                if tensor.endswith(suffix):
                    return tensor.removesuffix(suffix).replace(".", "_")
        return f"{prefix}{sum(layer.prefix == prefix for layer in self.layers) + 1}"

    def close(self, output: FixedPoint | None) -> None:
        """Close the pending layer, with its output type."""
        pending, self.pending = self.pending, None
        layer, weights = pending.close(output)
        if weights is not None:
            self.weights[layer.name] = weights
        self._append(layer)
        self.activation = output

    def _append(self, layer: Layer) -> None:
        self.layers.append(layer)
        self.shape = layer.out_shape

    def _quant(self, node: onnx.NodeProto) -> None:
        kind = self.graph.quant_type(node)
        if kind.signed:
            raise self.fail(f"{node.name}: activations must be unsigned (after ReLU)")
        if self.pending is not None:
            self.close(kind)
        elif self.activation is None:
            self.activation = self.pixel = kind
        elif kind != self.activation:
            raise self.fail(f"{node.name}: requantises {self.activation} to {kind}; only layers may do that")

    def _layer(self, kind: type[Layer], node: onnx.NodeProto) -> None:
        if self.pending is not None or self.activation is None:
            raise self.fail(f"{node.name}: its input is not requantised by a Quant node")
        found = kind.read(self, node)
        if kind.requantised:
            self.pending = found
        else:
            self._append(found)

    def visit(self, node: onnx.NodeProto, value: str) -> None:
        """Handle one node of the chain that consumes ``value``."""
        op = node.op_type
        before = self.pending or Closed(self)
        if kind := kind_of_operator(op):
            self._layer(kind, node)
        elif op == "Quant":
            self._quant(node)
        elif op == "Add":
            before.add(node, next(name for name in node.input if name != value))
        elif op == "Relu":
            before.relu(node)
        elif op in ("Reshape", "Flatten"):
            self.flat = True
        elif op != "Identity":
            supported = ("Quant", *(name for kind in KINDS.values() for name in kind.operators))
            listed = ", ".join((*supported, "Relu", "Reshape", "Flatten", "Add (bias)"))
            raise self.fail(f"unsupported layer '{op}' (node {node.name}); supported are {listed}")


def read_qonnx(path: str | Path, tap: str | None = None) -> Network:
    """Read a quantised network.

    Args:
        path: QONNX file with one image input of shape (1, channels, height, width).
        tap: name of the layer whose output local experts and the gate read; default: the first pooling layer.

    Raises:
        InputError: the file is missing or broken, or contains something that is not supported.
    """
    graph = QonnxGraph(Path(path))
    if len(graph.inputs) != 1:
        raise graph.fail(f"has {len(graph.inputs)} inputs, one is needed")
    dims = [d.dim_value for d in graph.inputs[0].type.tensor_type.shape.dim]
    if len(dims) != 4 or min(dims[1:]) < 1:
        raise graph.fail(f"its input has shape {dims}, (1, channels, height, width) is needed")
    in_shape = Shape(dims[2], dims[3], dims[1])
    builder = _Builder(graph, in_shape)
    value = graph.inputs[0].name
    while consumers := graph.consumers(value):
        if len(consumers) > 1:
            raise graph.fail(f"'{value}' feeds {len(consumers)} layers; only a chain of layers is supported")
        builder.visit(consumers[0], value)
        value = consumers[0].output[0]
    if builder.pending is None:
        raise graph.fail("must end with a dense layer that gives raw logits")
    builder.close(None)
    pools = [layer.name for layer in builder.layers if layer.pooled]
    if not pools and tap is None:
        raise graph.fail("has no pooling layer to tap features from; name a layer with 'tap'")
    return Network(Path(path).stem, in_shape, builder.pixel, tuple(builder.layers), builder.weights, tap or pools[0])
