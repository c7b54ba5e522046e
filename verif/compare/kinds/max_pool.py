# SPDX-License-Identifier: Apache-2.0
"""Max pooling on real values."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from spec.kinds.max_pool import MaxPool
from verif.compare.kinds import RealKind, Round, Scaled


def _operator(attributes: dict, x: Scaled) -> Scaled:
    y = functional.max_pool2d(x.value, attributes["kernel_shape"], attributes.get("strides", 1))
    return Scaled(y, x.scale)


def _pool(features: Tensor, layer: MaxPool, requantise: Round) -> Tensor:
    return functional.max_pool2d(features, layer.size)


KIND = RealKind({"MaxPool": _operator}, _pool)
