# SPDX-License-Identifier: Apache-2.0
"""Maximum and average of each window on real values."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from spec.kinds.max_average_pool import MaxAveragePool
from verif.compare.kinds import RealKind, Round


def _pool(features: Tensor, layer: MaxAveragePool, requantise: Round) -> Tensor:
    maxima = functional.max_pool2d(features, layer.size)
    averages = requantise(functional.avg_pool2d(features, layer.size), layer.activation)
    return torch.cat([maxima, averages], dim=1)


KIND = RealKind(pool=_pool)
