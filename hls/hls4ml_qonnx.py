# SPDX-License-Identifier: Apache-2.0
"""Write a chain of layers of the specification as a QONNX graph that hls4ml's ONNX front end reads.

Every type is a Quant node made from the specification; ReLU is the saturation of the unsigned Quant node behind a
layer, and the one behind raw logits changes nothing but states their type. The graph is in channels-last form (QONNX
domain ``qonnx.custom_op.channels_last``), which hls4ml requires, so the order of values is that of the streams and
no transposition is needed.

Does not: write the exchange format of a trained GE, which is channels-first (see :mod:`spec.qonnx_reader`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from spec.errors import InputError
from spec.fixedpoint import FixedPoint
from spec.network import Layer, LayerWeights, MatrixLayer, PoolLayer, Shape, activation_type

INPUT, EXTRA_INPUT = "features", "confidence"

_CHANNELS_LAST = "qonnx.custom_op.channels_last"
_GENERAL = "qonnx.custom_op.general"
_OPSETS = (("", 13), (_GENERAL, 1), (_CHANNELS_LAST, 1))
_IR_VERSION = 8  # of opset 13


def hls4ml_name(layer: Layer) -> str:
    """Name that hls4ml gives a layer when it replaces the ONNX node by its own layer."""
    if isinstance(layer, PoolLayer):
        return layer.name
    return f"Dense_{layer.name}" if layer.kernel is None else f"Conv2D_{layer.name}"


def input_type(layer: Layer) -> FixedPoint:
    """Type of the values that enter a layer."""
    return layer.activation if isinstance(layer, PoolLayer) else layer.input


def part_to_qonnx(layers: Sequence[Layer], weights: Mapping[str, LayerWeights], name: str = "part") -> onnx.ModelProto:
    """One part of the accelerator (front end, tail of the GE, a local expert, the gate) as a QONNX model.

    Args:
        layers: consecutive layers. The graph's input ``features`` is (1, row, column, channel); a dense layer with
            extra inputs adds the input ``confidence`` (1, extra inputs), concatenated behind its flattened features.
        weights: integer weights of every matrix layer, by layer name.
        name: name of the graph.

    Returns:
        A float32 model; values are integers times the scales of the specification.

    Raises:
        InputError: there is no layer, a layer has no weights, or its weights do not fit their types.
    """
    if not layers:
        raise InputError(f"part {name}: has no layers")
    graph = _Graph(layers[0].in_shape)
    value = graph.quant(INPUT, INPUT + "_quantised", input_type(layers[0]), INPUT + "_quant")
    for layer in layers:
        if isinstance(layer, PoolLayer):
            value = graph.pool(layer, value)
            continue
        if layer.name not in weights:
            raise InputError(f"part {name}: there are no weights for the layer {layer.name}")
        value = graph.matrix(layer, weights[layer.name], value)
    return graph.model(name, value)


class _Graph:
    """Collects nodes, constants and the shape of every tensor (hls4ml does not infer shapes itself).

    A tensor carries the name of the hls4ml layer that produces it: hls4ml's distributed-arithmetic pass looks a
    layer's input up by that name.
    """

    def __init__(self, shape: Shape) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[str] = []
        self._shapes: dict[str, list[int]] = {}
        self._input(INPUT, _image(shape))

    def _input(self, name: str, shape: list[int]) -> str:
        self._inputs.append(name)
        self._shapes[name] = shape
        return name

    def _constant(self, name: str, values: np.ndarray | float) -> str:
        array = np.asarray(values, np.float32)
        self._constants.append(numpy_helper.from_array(array, name))
        self._shapes[name] = list(array.shape)
        return name

    def _node(self, kind: str, inputs: list[str], output: str, name: str, shape: list[int], **attributes) -> str:
        self._nodes.append(helper.make_node(kind, inputs, [output], name=name, **attributes))
        self._shapes[output] = shape
        return output

    def quant(self, value: str, output: str, kind: FixedPoint, name: str) -> str:
        parameters = [
            self._constant(f"{name}_scale", kind.scale),
            self._constant(f"{name}_zero_point", 0.0),
            self._constant(f"{name}_bits", kind.bits),
        ]
        attributes = {"signed": int(kind.signed), "narrow": 0, "rounding_mode": "ROUND", "domain": _GENERAL}
        return self._node("Quant", [value, *parameters], output, name, self._shapes[value], **attributes)

    def pool(self, layer: PoolLayer, value: str) -> str:
        window = [layer.size, layer.size]
        attributes = {"kernel_shape": window, "strides": window, "pads": [0] * 4, "domain": _CHANNELS_LAST}
        output = hls4ml_name(layer)
        return self._node("MaxPool", [value], output, layer.name, _image(layer.out_shape), **attributes)

    def matrix(self, layer: MatrixLayer, weights: LayerWeights, value: str) -> str:
        if not (layer.weight.contains(weights.weight) and layer.bias.contains(weights.bias)):
            raise InputError(f"layer {layer.name}: has weights outside {layer.weight} or biases outside {layer.bias}")
        bias = self._parameter(f"{layer.name}_bias", weights.bias, layer.bias)
        output = hls4ml_name(layer)
        accumulator = f"{layer.name}_accumulator"
        if layer.kernel is None:
            value = self._flat(layer, value)
            weight = self._parameter(f"{layer.name}_weight", weights.weight.T, layer.weight)
            shape = [1, layer.outputs]
            value = self._node("MatMul", [value, weight], f"{layer.name}_product", layer.name, shape)
            value = self._node("Add", [value, bias], accumulator, f"{layer.name}_add_bias", shape)
        else:
            window = [layer.kernel, layer.kernel]
            by_window = weights.weight.reshape(layer.outputs, *window, layer.in_shape.channels)
            weight = self._parameter(f"{layer.name}_weight", by_window, layer.weight)
            attributes = {
                "kernel_shape": window,
                "strides": [1, 1],
                "dilations": [1, 1],
                "pads": [0] * 4,
                "group": 1,
            }
            attributes["domain"] = _CHANNELS_LAST
            inputs = [value, weight, bias]
            value = self._node("Conv", inputs, accumulator, layer.name, _image(layer.out_shape), **attributes)
        return self.quant(value, output, activation_type(layer), f"{layer.name}_quant")

    def _parameter(self, name: str, integers: np.ndarray, kind: FixedPoint) -> str:
        return self.quant(self._constant(name, integers * kind.scale), f"{name}_quantised", kind, f"{name}_quant")

    def _flat(self, layer: MatrixLayer, value: str) -> str:
        """Flatten features of more than one dimension, and append the extra inputs."""
        name = f"{layer.name}_flatten"
        if len(self._shapes[value]) > 2:
            value = self._node("Flatten", [value], name, name, [1, layer.in_shape.size], axis=1)
        if layer.extra_inputs:
            extra = self._input(EXTRA_INPUT, [1, layer.extra_inputs])
            extra = self.quant(extra, EXTRA_INPUT + "_quantised", layer.input, EXTRA_INPUT + "_quant")
            name = f"{layer.name}_concatenate"
            value = self._node("Concat", [value, extra], name, name, [1, layer.inputs], axis=1)
        return value

    def model(self, name: str, output: str) -> onnx.ModelProto:
        def info(tensor: str) -> onnx.ValueInfoProto:
            return helper.make_tensor_value_info(tensor, TensorProto.FLOAT, self._shapes[tensor])

        ends = {*self._inputs, output}
        graph = helper.make_graph(
            self._nodes,
            name,
            [info(tensor) for tensor in self._inputs],
            [info(output)],
            self._constants,
            value_info=[info(tensor) for tensor in self._shapes if tensor not in ends],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid(*opset) for opset in _OPSETS])
        model.ir_version = _IR_VERSION
        return model


def _image(shape: Shape) -> list[int]:
    return [1, shape.height, shape.width, shape.channels]
