# SPDX-License-Identifier: Apache-2.0
"""A QONNX file as nodes and constants: attributes, types of Quant nodes, and everything constant carried out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from spec.errors import InputError
from spec.fixedpoint import FixedPoint


@dataclass(frozen=True)
class Quantised:
    """A constant tensor behind a Quant node: float values, integer type, and the name of the stored tensor."""

    values: np.ndarray
    kind: FixedPoint | None
    name: str


class QonnxGraph:
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

    def constant(self, name: str) -> Quantised:
        """A constant tensor; follows Quant, Transpose and Identity nodes on constants."""
        if name in self.constants:
            return Quantised(self.constants[name].astype(np.float64), None, name)
        node = self._producer.get(name)
        if node is None or not self.is_constant(name):
            raise self.fail(f"'{name}' should be a constant")
        source = self.constant(node.input[0])
        if node.op_type == "Quant":
            kind = self.quant_type(node)
            low = kind.minimum + (1 if kind.signed and attribute(node, "narrow", 0) else 0)
            # np.rint rounds half to even, as QONNX's ROUND does; the scale is a power of two, so both are exact.
            integers = np.clip(np.rint(source.values / kind.scale), low, kind.maximum)
            return Quantised(integers * kind.scale, kind, source.name)
        if node.op_type == "Transpose":
            order = attribute(node, "perm", list(range(source.values.ndim))[::-1])
            return Quantised(source.values.transpose(order), source.kind, source.name)
        if node.op_type == "Identity":
            return source
        raise self.fail(f"{node.name}: {node.op_type} on a constant is not supported")


def attribute(node: onnx.NodeProto, name: str, default):
    """Value of a node's attribute, or the default."""
    for item in node.attribute:
        if item.name == name:
            return onnx.helper.get_attribute_value(item)
    return default
