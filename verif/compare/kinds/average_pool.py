# SPDX-License-Identifier: Apache-2.0
"""Average pooling on real values."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from spec.kinds.average_pool import AveragePool
from verif.compare.kinds import RealKind, Round, Scaled


def _operator(attributes: dict, x: Scaled) -> Scaled:
    window = attributes["kernel_shape"]
    y = functional.avg_pool2d(x.value, window, attributes.get("strides", 1))
    return Scaled(y, x.scale / (window[0] * window[1]))


def _pool(features: Tensor, layer: AveragePool, requantise: Round) -> Tensor:
    return requantise(functional.avg_pool2d(features, layer.size), layer.activation)


KIND = RealKind({"AveragePool": _operator}, _pool)
