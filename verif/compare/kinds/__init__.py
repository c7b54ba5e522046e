# SPDX-License-Identifier: Apache-2.0
"""What each kind of layer does to real values in float64: for the stages that know nothing of the integer model.

One module for each entry of :data:`spec.kinds.KINDS`, with an object ``KIND``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from spec.fixedpoint import FixedPoint
from spec.kinds import KINDS, implementation
from spec.kinds.layer import Layer


@dataclass(frozen=True)
class Scaled:
    """Real values of one tensor and the power of two that divides all of them."""

    value: Tensor
    scale: float


Operator = Callable[..., Scaled]
"""An ONNX operator on real values: attributes, then the inputs as :class:`Scaled`."""

Round = Callable[[Tensor, FixedPoint], Tensor]
"""Requantises real values, or leaves them as they are."""


@dataclass(frozen=True)
class RealKind:
    """One kind: its ONNX operators, and for a pool what it makes of features.

    ``pool`` takes real features (N, channels, height, width), the layer and the rounding.
    """

    operators: dict[str, Operator] = field(default_factory=dict)
    pool: Callable[[Tensor, Any, Round], Tensor] | None = None


def real_kind(layer: Layer) -> RealKind:
    """What the comparison knows of a layer's kind."""
    return implementation(__name__, type(layer))


def operators() -> dict[str, Operator]:
    """Every ONNX operator that begins a layer."""
    kinds = (implementation(__name__, kind) for kind in KINDS.values())
    return {name: operator for kind in kinds for name, operator in kind.operators.items()}
