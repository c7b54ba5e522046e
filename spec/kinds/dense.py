# SPDX-License-Identifier: Apache-2.0
"""Dense (fully connected) layer, frozen or with weights that are loaded at run time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spec.fixedpoint import FixedPoint
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.exchange import Chain, Node, Nodes, Pending, only
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer, PendingMatrix, accumulator_for_any_weights


@dataclass(frozen=True)
class Dense(MatrixLayer):
    """A dense layer on a flattened feature map."""

    names: ClassVar[tuple[str, ...]] = ("dense",)
    title: ClassVar[str] = "dense layer"
    prefix: ClassVar[str] = "fc"
    operators: ClassVar[tuple[str, ...]] = ("Gemm", "MatMul")
    foldable: ClassVar[str] = "inputs"

    extra_inputs: int = 0

    @property
    def out_shape(self) -> Shape:
        """Shape of the result."""
        return Shape(1, 1, self.outputs)

    @property
    def dims(self) -> tuple[int, ...]:
        """A vector."""
        return (self.outputs,)

    @property
    def inputs(self) -> int:
        """Values of the feature map, and extra inputs."""
        return self.in_shape.size + self.extra_inputs

    @property
    def unit(self) -> int:
        """Values of the feature map."""
        return self.in_shape.size

    def fingerprint(self) -> str:
        """See :class:`spec.kinds.layer.Layer`."""
        return self._fingerprint(None)

    def description(self) -> str:
        """See :class:`spec.kinds.layer.Layer`."""
        return "dense"

    def input_text(self) -> str:
        """Shape of the input, for example ``6x6x20+2``."""
        return f"{self.in_shape}+{self.extra_inputs}" if self.extra_inputs else str(self.in_shape)

    @classmethod
    def for_any_weights(
        cls, name: str, shape: Shape, extra: int, outputs: int, source: FixedPoint, weight: FixedPoint,
        bias_bits: int, shift: int | None, activation_bits: int,
    ) -> Dense:  # fmt: skip
        """A layer whose accumulator holds any weights and biases that can be loaded.

        Args:
            shift: of the requantisation to unsigned ``activation_bits``; None: raw logits.
        """
        fraction = source.fraction_bits + weight.fraction_bits
        bias = FixedPoint(bias_bits, True, fraction)
        bits = accumulator_for_any_weights(shape.size + extra, source, weight, bias)
        output = None if shift is None else FixedPoint(activation_bits, False, fraction - shift)
        return cls(name, shape, outputs, source, weight, bias, FixedPoint(bits, True, fraction), output, extra)

    @classmethod
    def shape_after(cls, entry: Mapping[str, Any], shape: Shape) -> Shape:
        """See :class:`spec.kinds.layer.Layer`."""
        return Shape(1, 1, entry["features"])

    def entry(self) -> dict[str, Any]:
        """See :class:`spec.kinds.layer.Layer`."""
        return {"kind": "dense", "features": self.outputs}

    @classmethod
    def read(cls, chain: Chain, node: Node) -> Layer | Pending:
        """See :class:`spec.kinds.layer.Layer`."""
        only(chain, node, cls.title, {"alpha": (1.0,), "beta": (1.0,), "transA": (0,)})
        weight = chain.constant(node.input[1])
        if not (node.op_type == "Gemm" and chain.attribute(node, "transB", 0)):
            weight = type(weight)(weight.values.T, weight.kind, weight.name)
        if chain.shape.height * chain.shape.width > 1 and not chain.flat:
            raise chain.fail(f"{node.name}: a dense layer on {chain.shape} needs a Reshape or Flatten before it")
        return PendingMatrix(chain, node, cls, weight)

    @staticmethod
    def stream_order(chain: Chain, weight: np.ndarray) -> np.ndarray:
        """(outputs, channel row column) to (outputs, inputs) with inputs in the order row, column, channel."""
        s = chain.shape
        if weight.shape[1] != s.size:
            raise chain.fail(f"a dense layer takes {weight.shape[1]} inputs, but gets {s} = {s.size}")
        return weight.reshape(-1, s.channels, s.height, s.width).transpose(0, 2, 3, 1).reshape(len(weight), -1)

    def write(self, nodes: Nodes, value: str, weights: LayerWeights | None) -> str:
        """See :class:`spec.kinds.layer.Layer`."""
        s = self.in_shape
        return self._write(nodes, nodes.flatten(value), weights, "Gemm", (s.height, s.width), transB=1)

    def _stored(self, blocks: np.ndarray) -> np.ndarray:
        return blocks.reshape(len(blocks), -1)
