# SPDX-License-Identifier: Apache-2.0
"""Read a trained global expert from a QONNX file into a :class:`spec.network.Network`.

Supported is a chain of convolutions (stride 1, no padding), ReLU, max pooling (stride = window) and dense layers,
with per-tensor power-of-two scales, zero point 0 and round half to even, as Brevitas exports it. Anything else is
refused by name: a silent approximation would not be bit-exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from spec.errors import InputError
from spec.fixedpoint import FixedPoint, signed_bits
from spec.network import Layer, LayerWeights, MatrixLayer, Network, PoolLayer, Shape, accumulator_for_weights

_SUPPORTED = "Quant, Conv, Relu, MaxPool, Reshape, Flatten, Gemm, MatMul, Add (bias)"


@dataclass(frozen=True)
class _Quantised:
    """A constant tensor behind a Quant node: float values, integer type, and the name of the stored tensor."""

    values: np.ndarray
    kind: FixedPoint | None
    name: str


class _Graph:
    """Constant folding and attribute access over one ONNX graph."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            model = onnx.load(str(path))
        except FileNotFoundError:
            raise InputError(f"{path}: there is no such QONNX file") from None
        except Exception:  # protobuf raises its own, undocumented exception types
            raise InputError(f"{path}: not a QONNX file") from None
        self.nodes = list(model.graph.node)
        self.constants = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
        self.inputs = [i for i in model.graph.input if i.name not in self.constants]
        self._producer = {name: node for node in self.nodes for name in node.output}
        for node in self.nodes:
            if node.op_type == "Constant":
                self.constants[node.output[0]] = numpy_helper.to_array(attribute(node, "value", None))

    def fail(self, text: str) -> InputError:
        return InputError(f"{self.path}: {text}")

    def consumers(self, name: str) -> list[onnx.NodeProto]:
        return [node for node in self.nodes if name in node.input]

    def quant_type(self, node: onnx.NodeProto) -> FixedPoint:
        """Integer type of a Quant node."""
        scale, zero, bits = (self.constant(name).values for name in node.input[1:4])
        if scale.size != 1 or zero.size != 1 or float(zero.ravel()[0]) != 0:
            raise self.fail(f"{node.name}: only one scale per tensor and zero point 0 are supported")
        value = float(scale.ravel()[0])
        fraction = -math.log2(value) if value > 0 else math.nan
        if not fraction.is_integer():  # nor is NaN
            raise self.fail(f"{node.name}: scale {value} is not a power of two")
        rounding = attribute(node, "rounding_mode", b"ROUND")
        if rounding != b"ROUND":
            raise self.fail(f"{node.name}: rounding mode {rounding.decode()} found, only ROUND is supported")
        return FixedPoint(int(bits.ravel()[0]), bool(attribute(node, "signed", 1)), int(fraction))

    def is_constant(self, name: str) -> bool:
        node = self._producer.get(name)
        return name in self.constants or (node is not None and all(self.is_constant(i) for i in node.input))

    def constant(self, name: str) -> _Quantised:
        """A constant tensor; follows Quant, Transpose and Identity nodes on constants."""
        if name in self.constants:
            return _Quantised(self.constants[name].astype(np.float64), None, name)
        node = self._producer.get(name)
        if node is None or not self.is_constant(name):
            raise self.fail(f"'{name}' should be a constant")
        source = self.constant(node.input[0])
        if node.op_type == "Quant":
            kind = self.quant_type(node)
            low = kind.minimum + (1 if kind.signed and attribute(node, "narrow", 0) else 0)
            # np.rint rounds half to even, as QONNX's ROUND does; the scale is a power of two, so both are exact.
            integers = np.clip(np.rint(source.values / kind.scale), low, kind.maximum)
            return _Quantised(integers * kind.scale, kind, source.name)
        if node.op_type == "Transpose":
            order = attribute(node, "perm", list(range(source.values.ndim))[::-1])
            return _Quantised(source.values.transpose(order), source.kind, source.name)
        if node.op_type == "Identity":
            return source
        raise self.fail(f"{node.name}: {node.op_type} on a constant is not supported")


def attribute(node: onnx.NodeProto, name: str, default):
    """Value of a node's attribute, or the default."""
    for item in node.attribute:
        if item.name == name:
            return onnx.helper.get_attribute_value(item)
    return default


@dataclass
class _Pending:
    """A matrix layer whose ReLU and requantisation have not been seen yet."""

    name: str
    kernel: int | None
    weight: _Quantised
    bias: np.ndarray


class _Builder:
    """Walks the chain and collects layers."""

    def __init__(self, graph: _Graph, shape: Shape) -> None:
        self.graph = graph
        self.shape = shape
        self.activation: FixedPoint | None = None
        self.pixel: FixedPoint | None = None
        self.flat = False
        self.pending: _Pending | None = None
        self.layers: list[Layer] = []
        self.weights: dict[str, LayerWeights] = {}

    def _next_name(self, kind: str, *tensors: str) -> str:
        for tensor in tensors:
            for suffix in (".weight", ".bias"):
                if tensor.endswith(suffix):
                    return tensor.removesuffix(suffix).replace(".", "_")
        same_kind = {
            "conv": lambda x: isinstance(x, MatrixLayer) and x.kernel is not None,
            "fc": lambda x: isinstance(x, MatrixLayer) and x.kernel is None,
            "pool": lambda x: isinstance(x, PoolLayer),
        }[kind]
        return f"{kind}{sum(map(same_kind, self.layers)) + 1}"

    def _finish(self, output: FixedPoint | None) -> None:
        """Close the pending matrix layer, with its output type."""
        p, fail = self.pending, self.graph.fail
        self.pending = None
        kind = p.weight.kind
        if kind is None or not kind.signed:
            raise fail(f"{p.name}: the weights need a signed Quant node")
        fraction = self.activation.fraction_bits + kind.fraction_bits
        weight = np.rint(p.weight.values / kind.scale).astype(np.int64)
        bias = p.bias / 2.0**-fraction
        if (bias != np.rint(bias)).any():
            raise fail(f"{p.name}: the bias is not a multiple of the accumulator's scale 2**-{fraction}")
        layer_weights = LayerWeights(self._stream_order(weight, p.kernel), bias.astype(np.int64))
        low, high = accumulator_for_weights(layer_weights, self.activation)
        accumulator = FixedPoint(signed_bits(low, high), True, fraction)
        bias_low, bias_high = int(bias.min()), int(bias.max())
        bias_type = FixedPoint(signed_bits(min(bias_low, 0), max(bias_high, 0)), True, fraction)
        if output is not None and output.fraction_bits > fraction:
            raise fail(f"{p.name}: its output scale is finer than its accumulator's")
        layer = MatrixLayer(
            p.name, self.shape, len(weight), p.kernel, self.activation, kind, bias_type, accumulator, output
        )
        self.layers.append(layer)
        self.weights[p.name] = layer_weights
        self.shape = layer.out_shape
        self.activation = output

    def _stream_order(self, weight: np.ndarray, kernel: int | None) -> np.ndarray:
        """(outputs, inputs) with inputs in the order row, column, channel."""
        if kernel is not None:
            return weight.transpose(0, 2, 3, 1).reshape(len(weight), -1)
        s = self.shape
        if weight.shape[1] != s.size:
            raise self.graph.fail(f"a dense layer takes {weight.shape[1]} inputs, but gets {s} = {s.size}")
        return weight.reshape(-1, s.channels, s.height, s.width).transpose(0, 2, 3, 1).reshape(len(weight), -1)

    def _require_activation(self, node: onnx.NodeProto) -> None:
        if self.pending is not None or self.activation is None:
            raise self.graph.fail(f"{node.name}: its input is not requantised by a Quant node")

    def quant(self, node: onnx.NodeProto) -> None:
        kind = self.graph.quant_type(node)
        if kind.signed:
            raise self.graph.fail(f"{node.name}: activations must be unsigned (after ReLU)")
        if self.pending is not None:
            self._finish(kind)
        elif self.activation is None:
            self.activation = self.pixel = kind
        elif kind != self.activation:
            raise self.graph.fail(f"{node.name}: requantises {self.activation} to {kind}; only layers may do that")

    def conv(self, node: onnx.NodeProto) -> None:
        self._require_activation(node)
        fail = self.graph.fail
        kernel = attribute(node, "kernel_shape", [0, 0])
        allowed = {
            "strides": ([1, 1], None),
            "dilations": ([1, 1], None),
            "pads": ([0, 0, 0, 0], None),
            "group": (1, None),
            "auto_pad": (b"NOTSET", b"VALID", None),
        }
        for key, values in allowed.items():
            if attribute(node, key, None) not in values:
                raise fail(f"{node.name}: convolution with {key} = {attribute(node, key, None)} is not supported")
        if kernel[0] != kernel[1] or kernel[0] > min(self.shape.height, self.shape.width):
            raise fail(f"{node.name}: kernel {kernel} does not fit an input of {self.shape}")
        weight = self.graph.constant(node.input[1])
        if weight.values.shape[1] != self.shape.channels:
            raise fail(f"{node.name}: weights for {weight.values.shape[1]} channels, the input is {self.shape}")
        self._matrix(node, "conv", weight, kernel[0])

    def dense(self, node: onnx.NodeProto) -> None:
        self._require_activation(node)
        weight = self.graph.constant(node.input[1])
        transposed = attribute(node, "transB", 0) if node.op_type == "Gemm" else 0
        if not transposed:
            weight = _Quantised(weight.values.T, weight.kind, weight.name)
        if self.shape.height * self.shape.width > 1 and not self.flat:
            raise self.graph.fail(f"{node.name}: a dense layer on {self.shape} needs a Reshape or Flatten before it")
        self._matrix(node, "fc", weight, None)

    def _matrix(self, node: onnx.NodeProto, kind: str, weight: _Quantised, kernel: int | None) -> None:
        bias = self.graph.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
        name = self._next_name(kind, weight.name, bias.name if bias else "")
        values = bias.values.ravel() if bias else np.zeros(weight.values.shape[0])
        self.pending = _Pending(name, kernel, weight, values)

    def bias_add(self, node: onnx.NodeProto, constant: str) -> None:
        if self.pending is None:
            raise self.graph.fail(f"{node.name}: an addition that is not a layer's bias is not supported")
        bias = self.graph.constant(constant).values.ravel()
        self.pending.bias = self.pending.bias + bias

    def pool(self, node: onnx.NodeProto) -> None:
        self._require_activation(node)
        window, stride = attribute(node, "kernel_shape", None), attribute(node, "strides", [1, 1])
        if window != stride or window[0] != window[1] or any(attribute(node, "pads", [0])):
            raise self.graph.fail(f"{node.name}: max pooling {window} with stride {stride} or padding is not supported")
        size, s = window[0], self.shape
        if s.height % size or s.width % size:
            raise self.graph.fail(f"{node.name}: pooling by {size} does not divide {s}")
        self.layers.append(PoolLayer(self._next_name("pool"), s, size, self.activation))
        self.shape = self.layers[-1].out_shape

    def visit(self, node: onnx.NodeProto, value: str) -> None:
        """Handle one node of the chain that consumes ``value``."""
        op = node.op_type
        if op == "Quant":
            self.quant(node)
        elif op == "Conv":
            self.conv(node)
        elif op in ("Gemm", "MatMul"):
            self.dense(node)
        elif op == "Add":
            self.bias_add(node, next(name for name in node.input if name != value))
        elif op == "MaxPool":
            self.pool(node)
        elif op == "Relu":
            if self.pending is None:
                raise self.graph.fail(f"{node.name}: Relu must follow a convolution or a dense layer")
        elif op in ("Reshape", "Flatten"):
            self.flat = True
        elif op != "Identity":
            raise self.graph.fail(f"unsupported layer '{op}' (node {node.name}); supported are {_SUPPORTED}")


def read_qonnx(path: str | Path, tap: str | None = None) -> Network:
    """Read a quantised network.

    Args:
        path: QONNX file with one image input of shape (1, channels, height, width).
        tap: name of the layer whose output local experts and the gate read; default: the first pooling layer.

    Raises:
        InputError: the file is missing or broken, or contains something that is not supported.
    """
    graph = _Graph(Path(path))
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
    builder._finish(None)
    pools = [layer.name for layer in builder.layers if isinstance(layer, PoolLayer)]
    if not pools and tap is None:
        raise graph.fail("has no pooling layer to tap features from; name a layer with 'tap'")
    return Network(Path(path).stem, in_shape, builder.pixel, tuple(builder.layers), builder.weights, tap or pools[0])
