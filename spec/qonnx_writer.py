# SPDX-License-Identifier: Apache-2.0
"""Write a network as QONNX, the way :mod:`spec.qonnx_reader` reads it: for tests and small examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from spec.files import write_bytes
from spec.fixedpoint import FixedPoint
from spec.network import Network


class QonnxWriter:
    """Writes a :class:`Network` as QONNX; ``model`` can be changed before :meth:`save`, to make broken files."""

    def __init__(self, network: Network) -> None:
        self._constants: list[TensorProto] = []
        self._nodes: list[onnx.NodeProto] = []
        self._flat = False
        s = network.in_shape
        value = self.quant("input", "pixels.activation", network.pixel)
        for layer in network.layers:
            value = layer.write(self, value, network.weights.get(layer.name))
        graph = helper.make_graph(
            self._nodes,
            network.name,
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, s.channels, s.height, s.width])],
            [helper.make_tensor_value_info(value, TensorProto.FLOAT, [1, network.classes])],
            self._constants,
        )
        self.model = helper.make_model(graph)

    def constant(self, name: str, values: np.ndarray) -> str:
        """Add a stored tensor; returns its name."""
        values = np.asarray(values)
        kind = np.int64 if values.dtype.kind == "i" else np.float32
        self._constants.append(numpy_helper.from_array(values.astype(kind), name))
        return name

    def node(self, operator: str, inputs: list[str], name: str, **attributes) -> str:
        """Add a node; returns the name of its result."""
        self._nodes.append(helper.make_node(operator, inputs, [f"{name}.out"], name=name, **attributes))
        return f"{name}.out"

    def flatten(self, value: str) -> str:
        """The tensor as a vector; the first call adds the node."""
        if self._flat:
            return value
        self._flat = True
        return self.node("Reshape", [value, self.constant("flatten.shape", np.array([1, -1]))], "flatten")

    def quant(self, source: str, name: str, kind: FixedPoint) -> str:
        """Add a Quant node behind a tensor; returns the name of its result."""
        parameters = {"scale": kind.scale, "zero_point": 0.0, "bits": float(kind.bits)}
        inputs = [self.constant(f"{name}.{key}", np.array(value, np.float32)) for key, value in parameters.items()]
        attributes = {"signed": int(kind.signed), "narrow": 0, "rounding_mode": "ROUND"}
        node = helper.make_node("Quant", [source, *inputs], [f"{name}.quantised"], name=f"{name}.quant", **attributes)
        node.domain = "qonnx.custom_op.general"
        self._nodes.append(node)
        return f"{name}.quantised"

    def find(self, name: str) -> onnx.NodeProto:
        """The node with this name."""
        return next(node for node in self.model.graph.node if node.name == name)

    def set_constant(self, name: str, values: np.ndarray) -> None:
        """Replace an initializer."""
        tensor = next(t for t in self.model.graph.initializer if t.name == name)
        tensor.CopyFrom(numpy_helper.from_array(np.asarray(values, np.float32), name))

    def set_attribute(self, node: str, name: str, value: object) -> None:
        """Replace or add an attribute of a node."""
        target = self.find(node)
        kept = [a for a in target.attribute if a.name != name]
        del target.attribute[:]
        target.attribute.extend([*kept, helper.make_attribute(name, value)])

    def save(self, path: Path) -> Path:
        """Write the file."""
        write_bytes(path, self.model.SerializeToString())
        return path
