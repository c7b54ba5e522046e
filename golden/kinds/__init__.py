# SPDX-License-Identifier: Apache-2.0
"""What each kind of layer computes: on integers (:class:`Step`), and as PyTorch modules for training.

One module for each entry of :data:`spec.kinds.KINDS`, with an object ``KIND``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from torch import Tensor, nn

from spec.kinds import implementation
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.layer import Layer

Entry = Mapping[str, Any]
"""A layer of a network description (``[[layer]]`` of ``configs/networks``)."""


class Step(ABC):
    """One layer on integers in a float carrier, (N, H, W, C) or (N, inputs): exact, see :mod:`golden.integer_model`."""

    commutes: ClassVar[bool] = False
    """Whether it may be done before the requantisation that precedes it: it is monotone and selects values."""

    @abstractmethod
    def accumulate(self, x: Tensor) -> Tensor:
        """Exact sums before rounding."""

    def activate(self, accumulator: Tensor) -> Tensor:
        """What :meth:`accumulate` gave, requantised, in place; raw logits stay as they are."""
        return accumulator

    def __call__(self, x: Tensor) -> Tensor:
        """The layer's output: :meth:`accumulate`, then :meth:`activate`."""
        return self.activate(self.accumulate(x))


class Quantisers(Protocol):
    """What a quantised module is made of (:mod:`golden.torch_model`)."""

    qnn: Any
    """The module ``brevitas.nn``, which takes seconds to import and is needed for training only."""
    last: nn.Module
    """The quantiser of the activations that enter the layer."""

    def weights(self, entry: Entry) -> dict[str, Any]:
        """Arguments of a Brevitas layer with weights."""


class GoldenKind(ABC):
    """One kind of layer."""

    relu: ClassVar[bool] = False
    """Whether ReLU follows it, except behind the last layer."""

    @abstractmethod
    def step(self, layer: Any, weights: LayerWeights | None) -> Step:
        """The layer on integers."""

    @abstractmethod
    def float_module(self, entry: Entry, shape: Shape) -> nn.Module:
        """The layer in float, for inputs of ``shape``."""

    @abstractmethod
    def quantised_module(self, entry: Entry, shape: Shape, quantisers: Quantisers) -> nn.Module:
        """Its quantisation-aware twin, whose parameters have the same names."""


def golden_kind(kind: type[Layer]) -> GoldenKind:
    """What this floor knows of a kind."""
    return implementation(__name__, kind)


def step(layer: Layer, weights: LayerWeights | None = None) -> Step:
    """A layer on integers."""
    return golden_kind(type(layer)).step(layer, weights)
