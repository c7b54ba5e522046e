# SPDX-License-Identifier: Apache-2.0
"""Convolution: stride 1, no padding, square kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spec.errors import InputError
from spec.kinds.data import LayerFolding, LayerWeights, Shape
from spec.kinds.exchange import NO_PADDING, Chain, Node, Nodes, Pending, only
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer, PendingMatrix


@dataclass(frozen=True)
class Convolution(MatrixLayer):
    """A convolution with a ``kernel`` x ``kernel`` window."""

    names: ClassVar[tuple[str, ...]] = ("conv",)
    title: ClassVar[str] = "convolution"
    prefix: ClassVar[str] = "conv"
    operators: ClassVar[tuple[str, ...]] = ("Conv",)
    image_only: ClassVar[bool] = True
    foldable: ClassVar[str] = "input channels"

    kernel: int

    @property
    def out_shape(self) -> Shape:
        """Shape of the result."""
        return Shape(self.in_shape.height - self.kernel + 1, self.in_shape.width - self.kernel + 1, self.outputs)

    @property
    def inputs(self) -> int:
        """Values of a window."""
        return self.kernel * self.kernel * self.in_shape.channels

    @property
    def unit(self) -> int:
        """Channels of a pixel."""
        return self.in_shape.channels

    def fingerprint(self) -> str:
        """See :class:`spec.kinds.layer.Layer`."""
        return self._fingerprint(self.kernel)

    def description(self) -> str:
        """For example ``conv 5x5``."""
        return f"conv {self.kernel}x{self.kernel}"

    def check_graph(self, where: str, frozen: bool) -> None:
        """Refuse an adder graph of weights that are loaded, without a requantisation behind it, or of single pixels."""
        if not frozen or self.output is None:
            super().check_graph(where, frozen)
        if self.kernel < 2:
            raise InputError(f"{where}: an adder graph is for windows of 2x2 or more, kernel is {self.kernel}")

    def buffer_words(self, folding: LayerFolding) -> int:
        """Every input value once."""
        return self.in_shape.size // folding.simd

    def window_read_bits(self, folding: LayerFolding) -> int:
        """A folded layer reads each window once, word by word; before an adder graph each pixel reads those above."""
        if folding.graph:
            return self.in_shape.size * (self.kernel - 1) * self.input.bits
        return self.positions * self.inputs * self.input.bits

    def window_buffer_bits(self, folding: LayerFolding) -> int:
        """Kernel - 1 rows before an adder graph, else 2 Kernel rows."""
        rows = self.kernel - 1 if folding.graph else 2 * self.kernel
        return rows * self.in_shape.width * self.in_shape.channels * self.input.bits

    @classmethod
    def shape_after(cls, entry: Mapping[str, Any], shape: Shape) -> Shape:
        """See :class:`spec.kinds.layer.Layer`."""
        less = entry["kernel"] - 1
        if less >= min(shape.height, shape.width):
            raise InputError(f"layer '{entry['name']}': a kernel of {less + 1} does not fit {shape}")
        return Shape(shape.height - less, shape.width - less, entry["channels"])

    def entry(self) -> dict[str, Any]:
        """See :class:`spec.kinds.layer.Layer`."""
        return {"kind": "conv", "channels": self.outputs, "kernel": self.kernel}

    @classmethod
    def read(cls, chain: Chain, node: Node) -> Layer | Pending:
        """See :class:`spec.kinds.layer.Layer`."""
        kernel = chain.attribute(node, "kernel_shape", [0, 0])
        allowed = {"strides": ([1, 1],), "dilations": ([1, 1],), "pads": ([0, 0, 0, 0],), "group": (1,), **NO_PADDING}
        only(chain, node, cls.title, allowed)
        if kernel[0] != kernel[1] or kernel[0] > min(chain.shape.height, chain.shape.width):
            raise chain.fail(f"{node.name}: kernel {kernel} does not fit an input of {chain.shape}")
        weight = chain.constant(node.input[1])
        if weight.values.shape[1] != chain.shape.channels:
            channels = weight.values.shape[1]
            raise chain.fail(f"{node.name}: weights for {channels} channels, the input is {chain.shape}")
        return PendingMatrix(chain, node, cls, weight, kernel=kernel[0])

    @staticmethod
    def stream_order(chain: Chain, weight: np.ndarray) -> np.ndarray:
        """(outputs, channels, row, column) to (outputs, inputs) with inputs in the order row, column, channel."""
        return weight.transpose(0, 2, 3, 1).reshape(len(weight), -1)

    def write(self, nodes: Nodes, value: str, weights: LayerWeights | None) -> str:
        """See :class:`spec.kinds.layer.Layer`."""
        window = [self.kernel, self.kernel]
        return self._write(nodes, value, weights, "Conv", tuple(window), kernel_shape=window)
