# SPDX-License-Identifier: Apache-2.0
"""A tiny random accelerator for tests: every layer kind at a size that builds and simulates in seconds.

14x14 image -> conv1 3x3x4 -> pool1 -> (6x6x4 features) -> conv2 3x3x6 -> pool2 -> (2x2x6) -> fc1 8 -> fc2 7 classes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from spec.fixedpoint import FixedPoint, signed_bits
from spec.folding import build_folding
from spec.network import (
    Layer,
    LayerWeights,
    MatrixLayer,
    Moe,
    Network,
    PoolLayer,
    Shape,
    accumulator_for_weights,
    build_moe,
)
from spec.presets import Accelerator

GATES = {
    "linear": {
        "name": "linear",
        "local_expert": {"pool": 3, "weight_bits": 8, "weight_fraction_bits": 6, "start": "random"},
        "gate": {
            "pool": 3,
            "hidden": 0,
            "confidence": False,
            "weight_bits": 8,
            "weight_fraction_bits": 6,
            "threshold": "zero",
        },
    },
    "general": {
        "name": "general",
        "local_expert": {"pool": 3, "weight_bits": 8, "weight_fraction_bits": 6, "start": "generic"},
        "gate": {
            "pool": 2,
            "hidden": 6,
            "confidence": True,
            "confidence_shift": 8,
            "hidden_shift": 8,
            "weight_bits": 8,
            "weight_fraction_bits": 6,
            "threshold": "validation",
        },
    },
}

FOLDING = {
    "name": "tiny",
    "weight_banks": 2,
    "conv1": {"pe": 4, "simd": 1},
    "conv2": {"pe": 3, "simd": 2},
    "fc1": {"pe": 4, "simd": 3, "multiplier": "lut"},
    "fc2": {"pe": 1, "simd": 2},
    "le": {"pe": 1, "simd": 4},
    "gate_hidden": {"pe": 2, "simd": 2},
    "gate_out": {"pe": 1, "simd": 1},
}


def tiny_network(seed: int = 0, name: str = "tiny") -> Network:
    """A random GE. Requantisation shifts are such that values round, saturate and cut off at 0."""
    rng = np.random.default_rng(seed)
    pixel = FixedPoint(8, False, 8)
    layers: list[Layer] = []
    weights: dict[str, LayerWeights] = {}
    shape, activation = Shape(14, 14, 1), pixel

    def matrix(layer: str, outputs: int, kernel: int | None, bits: int, last: bool = False) -> None:
        nonlocal shape, activation
        kind = FixedPoint(bits, True, bits - 1)
        inputs = shape.size if kernel is None else kernel * kernel * shape.channels
        fraction = activation.fraction_bits + kind.fraction_bits
        values = LayerWeights(
            rng.integers(kind.minimum, kind.maximum + 1, (outputs, inputs)), rng.integers(-600, 600, outputs)
        )
        low, high = accumulator_for_weights(values, activation)
        bias = FixedPoint(signed_bits(min(int(values.bias.min()), 0), max(int(values.bias.max()), 0)), True, fraction)
        accumulator = FixedPoint(signed_bits(low, high), True, fraction)
        # A quarter of the largest accumulator is 256 steps of the output.
        output = None if last else FixedPoint(8, False, fraction - (high.bit_length() - 10))
        layers.append(MatrixLayer(layer, shape, outputs, kernel, activation, kind, bias, accumulator, output))
        weights[layer] = values
        shape, activation = layers[-1].out_shape, output

    def pool(layer: str, size: int) -> None:
        nonlocal shape
        layers.append(PoolLayer(layer, shape, size, activation))
        shape = layers[-1].out_shape

    matrix("conv1", 4, 3, 6)
    pool("pool1", 2)
    matrix("conv2", 6, 3, 4)
    pool("pool2", 2)
    matrix("fc1", 8, None, 3)
    matrix("fc2", 7, None, 4, last=True)
    return Network(name, Shape(14, 14, 1), pixel, tuple(layers), weights, "pool1")


def tiny_moe(gate: str = "general", local_experts: int = 1, seed: int = 0) -> Moe:
    """A tiny GE with local experts and a gate of :data:`GATES`."""
    return build_moe(tiny_network(seed), GATES[gate], local_experts)


def tiny_accelerator(gate: str = "general", local_experts: int = 1, seed: int = 0) -> Accelerator:
    """A tiny accelerator, folded as :data:`FOLDING` says."""
    moe = tiny_moe(gate, local_experts, seed)
    return Accelerator(moe, build_folding(FOLDING, moe))


def tiny_images(count: int, seed: int = 0) -> np.ndarray:
    """uint8 (count, 14, 14) images: strokes of full ink, grey noise and empty background."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 14, 14), dtype=np.uint8)
    images[rng.random(images.shape) < 0.5] = 0
    images[rng.random(images.shape) < 0.2] = 255
    return images


class QonnxWriter:
    """Writes a :class:`Network` as QONNX; ``model`` can be changed before :meth:`save`, to make broken files."""

    def __init__(self, network: Network) -> None:
        self._constants: list[TensorProto] = []
        self._nodes: list[onnx.NodeProto] = []
        s = network.in_shape
        value = self._quant("input", "pixels.activation", network.pixel)
        flat = False
        for layer in network.layers:
            if isinstance(layer, PoolLayer):
                size = [layer.size, layer.size]
                value = self._node("MaxPool", [value], layer.name, kernel_shape=size, strides=size)
                continue
            if layer.kernel is None and not flat:
                flat = True
                value = self._node("Reshape", [value, self._constant("flatten.shape", np.array([1, -1]))], "flatten")
            weights = network.weights[layer.name]
            weight = self._quant(
                self._constant(f"{layer.name}.weight", _onnx_order(layer, weights.weight) * layer.weight.scale),
                f"{layer.name}.weight", layer.weight,
            )  # fmt: skip
            bias = self._constant(f"{layer.name}.bias", weights.bias * layer.bias.scale)
            inputs = [value, weight, bias]
            if layer.kernel is None:
                value = self._node("Gemm", inputs, layer.name, transB=1)
            else:
                value = self._node("Conv", inputs, layer.name, kernel_shape=[layer.kernel, layer.kernel])
            if layer.output is not None:
                value = self._node("Relu", [value], f"{layer.name}.relu")
                value = self._quant(value, f"{layer.name}.activation", layer.output)
        graph = helper.make_graph(
            self._nodes,
            network.name,
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, s.channels, s.height, s.width])],
            [helper.make_tensor_value_info(value, TensorProto.FLOAT, [1, network.classes])],
            self._constants,
        )
        self.model = helper.make_model(graph)

    def _constant(self, name: str, values: np.ndarray) -> str:
        values = np.asarray(values)
        kind = np.int64 if values.dtype.kind == "i" else np.float32
        self._constants.append(numpy_helper.from_array(values.astype(kind), name))
        return name

    def _node(self, operator: str, inputs: list[str], name: str, **attributes) -> str:
        self._nodes.append(helper.make_node(operator, inputs, [f"{name}.out"], name=name, **attributes))
        return f"{name}.out"

    def _quant(self, source: str, name: str, kind: FixedPoint) -> str:
        parameters = {"scale": kind.scale, "zero_point": 0.0, "bits": float(kind.bits)}
        inputs = [self._constant(f"{name}.{key}", np.array(value, np.float32)) for key, value in parameters.items()]
        attributes = {"signed": int(kind.signed), "narrow": 0, "rounding_mode": "ROUND"}
        node = helper.make_node("Quant", [source, *inputs], [f"{name}.quantised"], name=f"{name}.quant", **attributes)
        node.domain = "qonnx.custom_op.general"
        self._nodes.append(node)
        return f"{name}.quantised"

    def node(self, name: str) -> onnx.NodeProto:
        """The node with this name."""
        return next(node for node in self.model.graph.node if node.name == name)

    def set_constant(self, name: str, values: np.ndarray) -> None:
        """Replace an initializer."""
        tensor = next(t for t in self.model.graph.initializer if t.name == name)
        tensor.CopyFrom(numpy_helper.from_array(np.asarray(values, np.float32), name))

    def set_attribute(self, node: str, name: str, value: object) -> None:
        """Replace or add an attribute of a node."""
        target = self.node(node)
        kept = [a for a in target.attribute if a.name != name]
        del target.attribute[:]
        target.attribute.extend([*kept, helper.make_attribute(name, value)])

    def save(self, path: Path) -> Path:
        """Write the file."""
        path.write_bytes(self.model.SerializeToString())
        return path


def _onnx_order(layer: MatrixLayer, weight: np.ndarray) -> np.ndarray:
    """(outputs, inputs) in stream order to ONNX: (outputs, channels, row, column), flattened for a dense layer."""
    s = layer.in_shape
    rows, columns = (s.height, s.width) if layer.kernel is None else (layer.kernel, layer.kernel)
    blocks = weight.reshape(-1, rows, columns, s.channels).transpose(0, 3, 1, 2)
    return blocks.reshape(len(weight), -1) if layer.kernel is None else blocks
