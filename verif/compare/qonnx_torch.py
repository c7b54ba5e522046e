# SPDX-License-Identifier: Apache-2.0
"""The quantised GE in PyTorch, executed straight from the QONNX file.

Each node of the graph becomes the PyTorch operation of the same name on *real* values (``Quant`` as in the QONNX
specification: scale, round half to even, clamp, rescale); those that begin a layer stand in :mod:`verif.compare.kinds`.
This shares nothing with :mod:`spec.qonnx_reader` or the integer model: no integers, no interval analysis, no names.

Everything is float64. A value is an integer times a power of two, and the integers stay far below 2**53, so every
product and partial sum is exact in any order of summation; float64 convolutions are plain sums of products.
"""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor
from torch.nn import functional

from spec.errors import InputError
from verif.compare.kinds import Scaled, operators

ELEMENTWISE = ("Add", "Relu", "Quant", "Identity")
"""Operators that continue one: its output is what the last of them gives."""


class QonnxModel:
    """Executes the graph of a QONNX file.

    Raises:
        InputError: the file cannot be read or has an operator that is not listed here.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._layers = operators()
        try:
            graph = onnx.load(str(path)).graph
        except Exception:  # protobuf raises its own, undocumented exception types
            raise InputError(f"{path}: not a readable QONNX file") from None
        self._constants = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}
        self._input = next(i.name for i in graph.input if i.name not in self._constants)
        self._nodes: list[tuple[onnx.NodeProto, dict]] = []
        for node in graph.node:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Constant":
                self._constants[node.output[0]] = torch.from_numpy(numpy_helper.to_array(attributes["value"]).copy())
                continue
            if node.op_type not in self._layers and not hasattr(self, f"_{node.op_type.lower()}"):
                raise InputError(f"{path}: the PyTorch executor has no operator {node.op_type}")
            self._nodes.append((node, attributes))

    def run(self, pixels: Tensor) -> list[Scaled]:
        """Execute the graph.

        Args:
            pixels: float64 (N, channels, height, width), byte / 2**bits.

        Returns:
            The output of every layer in order: activations (N, channels, height, width) or (N, features), and the raw
            logits last.
        """
        tensors = {name: Scaled(value.double(), 1.0) for name, value in self._constants.items()}
        tensors[self._input] = Scaled(pixels, 1.0)
        layers: list[Scaled] = []
        for node, attributes in self._nodes:
            inputs = [tensors[name] for name in node.input if name]
            operator = self._layers.get(node.op_type) or getattr(self, f"_{node.op_type.lower()}")
            result = operator(attributes, *inputs)
            tensors[node.output[0]] = result
            if node.op_type in self._layers:
                layers.append(result)
            elif node.op_type in ELEMENTWISE and layers and any(x is layers[-1] for x in inputs):
                layers[-1] = result
        return layers

    @staticmethod
    def _quant(attributes: dict, x: Scaled, scale: Scaled, zero: Scaled, bits: Scaled) -> Scaled:
        if attributes.get("rounding_mode", b"ROUND") != b"ROUND":
            raise InputError(f"the PyTorch executor has no rounding mode {attributes['rounding_mode'].decode()}")
        step, width, signed = scale.value.item(), int(bits.value.item()), bool(attributes.get("signed", 1))
        low = -(2 ** (width - 1)) + int(attributes.get("narrow", 0)) if signed else 0
        high = 2 ** (width - 1) - 1 if signed else 2**width - 1 - int(attributes.get("narrow", 0))
        integers = torch.round(x.value / step + zero.value.item()).clamp(low, high)  # torch.round: half to even
        return Scaled((integers - zero.value.item()) * step, step)

    @staticmethod
    def _add(attributes: dict, x: Scaled, y: Scaled) -> Scaled:
        # A bias may be either operand, and its own scale may be anything that divides the sum's.
        return Scaled(x.value + y.value, min(x.scale, y.scale))

    @staticmethod
    def _relu(attributes: dict, x: Scaled) -> Scaled:
        return Scaled(functional.relu(x.value), x.scale)

    @staticmethod
    def _flatten(attributes: dict, x: Scaled) -> Scaled:
        return Scaled(x.value.flatten(attributes.get("axis", 1)), x.scale)

    @staticmethod
    def _reshape(attributes: dict, x: Scaled, shape: Scaled) -> Scaled:
        # The exported shape is that of a batch of one.
        return Scaled(x.value.reshape(len(x.value), *[int(n) for n in shape.value[1:]]), x.scale)

    @staticmethod
    def _transpose(attributes: dict, x: Scaled) -> Scaled:
        order = attributes.get("perm", list(range(x.value.ndim))[::-1])
        return Scaled(x.value.permute(*order), x.scale)

    @staticmethod
    def _identity(attributes: dict, x: Scaled) -> Scaled:
        return x
