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

from hls.kinds import hls_kind
from spec.errors import InputError
from spec.fixedpoint import FixedPoint
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.dense import Dense
from spec.kinds.layer import Layer

INPUT, EXTRA_INPUT = "features", "confidence"

_CHANNELS_LAST = "qonnx.custom_op.channels_last"
_GENERAL = "qonnx.custom_op.general"
_OPSETS = (("", 13), (_GENERAL, 1), (_CHANNELS_LAST, 1))
_IR_VERSION = 8  # of opset 13


def hls4ml_name(layer: Layer) -> str:
    """Name that hls4ml gives a layer when it replaces the ONNX node by its own layer."""
    return hls_kind(layer).hls4ml_name(layer)


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
    value = graph.quant(INPUT, INPUT + "_quantised", layers[0].input, INPUT + "_quant")
    for layer in layers:
        if layer.weighted and layer.name not in weights:
            raise InputError(f"part {name}: there are no weights for the layer {layer.name}")
        value = hls_kind(layer).nodes(graph, layer, weights.get(layer.name), value)
    return graph.model(name, value)


class _Graph:
    """A :class:`hls.kinds.Graph`: collects nodes, constants and the shape of every tensor.

    hls4ml does not infer shapes itself.

    A tensor carries the name of the hls4ml layer that produces it: hls4ml's distributed-arithmetic pass looks a
    layer's input up by that name.
    """

    def __init__(self, shape: Shape) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[str] = []
        self._shapes: dict[str, list[int]] = {}
        self._input(INPUT, [1, shape.height, shape.width, shape.channels])

    def _input(self, name: str, shape: list[int]) -> str:
        self._inputs.append(name)
        self._shapes[name] = shape
        return name

    def _constant(self, name: str, values: np.ndarray | float) -> str:
        array = np.asarray(values, np.float32)
        self._constants.append(numpy_helper.from_array(array, name))
        self._shapes[name] = list(array.shape)
        return name

    def node(
        self, kind: str, inputs: list[str], output: str, name: str, shape: list[int], image: bool = False, **attributes
    ) -> str:
        if image:
            attributes["domain"] = _CHANNELS_LAST
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
        return self.node("Quant", [value, *parameters], output, name, self._shapes[value], **attributes)

    def parameter(self, name: str, integers: np.ndarray, kind: FixedPoint) -> str:
        return self.quant(self._constant(name, integers * kind.scale), f"{name}_quantised", kind, f"{name}_quant")

    def flat(self, layer: Dense, value: str) -> str:
        """Flatten features of more than one dimension, and append the extra inputs."""
        name = f"{layer.name}_flatten"
        if len(self._shapes[value]) > 2:
            value = self.node("Flatten", [value], name, name, [1, layer.in_shape.size], axis=1)
        if layer.extra_inputs:
            extra = self._input(EXTRA_INPUT, [1, layer.extra_inputs])
            extra = self.quant(extra, EXTRA_INPUT + "_quantised", layer.input, EXTRA_INPUT + "_quant")
            name = f"{layer.name}_concatenate"
            value = self.node("Concat", [value, extra], name, name, [1, layer.inputs], axis=1)
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
