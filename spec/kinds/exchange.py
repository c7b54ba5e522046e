# SPDX-License-Identifier: Apache-2.0
"""What the reader and the writer of QONNX offer to the kinds of layers (no kind imports ONNX itself)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

import numpy as np

from spec.errors import InputError
from spec.fixedpoint import FixedPoint
from spec.kinds.data import LayerWeights, Shape


class Node(Protocol):
    """A node of an ONNX graph (``onnx.NodeProto``)."""

    name: str
    op_type: str
    input: Any
    output: Any


class Constant(Protocol):
    """A constant tensor behind a Quant node: float values, integer type, and the name of the stored tensor."""

    values: np.ndarray
    kind: FixedPoint | None
    name: str


class Chain(Protocol):
    """The reader, at one place of the chain of layers."""

    shape: Shape
    activation: FixedPoint
    flat: bool

    def fail(self, text: str) -> InputError:
        """The error to raise, with the file's name before ``text``."""

    def attribute(self, node: Node, name: str, default: Any) -> Any:
        """Value of a node's attribute, or the default."""

    def constant(self, name: str) -> Constant:
        """A constant tensor, its Quant node carried out."""

    def next_name(self, prefix: str, *tensors: str) -> str:
        """Name of a layer: that of its stored tensors ``<name>.weight`` or ``<name>.bias``, else prefix and number."""


class Nodes(Protocol):
    """The writer of a graph."""

    def node(self, operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """Add a node; returns the name of its result."""

    def quant(self, source: str, name: str, kind: FixedPoint) -> str:
        """Add a Quant node behind a tensor; returns the name of its result."""

    def constant(self, name: str, values: np.ndarray) -> str:
        """Add a stored tensor; returns its name."""

    def flatten(self, value: str) -> str:
        """The tensor as a vector; the first call adds the node."""


NO_PADDING: dict[str, tuple[Any, ...]] = {"auto_pad": (b"NOTSET", b"VALID")}


def only(chain: Chain, node: Node, title: str, allowed: dict[str, tuple[Any, ...]]) -> None:
    """Refuse a node with an attribute of another value than those allowed; one that is not there is allowed.

    Raises:
        InputError: names the attribute.
    """
    for key, values in allowed.items():
        found = chain.attribute(node, key, None)
        if found is not None and found not in values:
            raise chain.fail(f"{node.name}: {title} with {key} = {found} is not supported")


class Closed:
    """Between two layers: nothing that would continue a layer may come."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

    def relu(self, node: Node) -> None:
        """A ReLU follows."""
        raise self.chain.fail(f"{node.name}: Relu must follow a convolution or a dense layer")

    def add(self, node: Node, constant: str) -> None:
        """An addition of a constant follows."""
        raise self.chain.fail(f"{node.name}: an addition that is not a layer's bias is not supported")


class Pending(Closed, ABC):
    """A layer whose Quant node has not been read yet."""

    def __init__(self, chain: Chain, name: str) -> None:
        super().__init__(chain)
        self.name = name

    @abstractmethod
    def close(self, output: FixedPoint | None) -> tuple[Any, LayerWeights | None]:
        """The layer (:class:`spec.kinds.layer.Layer`) and its weights, if it has any.

        Args:
            output: what it is requantised to; None: the chain ends here.
        """
