# SPDX-License-Identifier: Apache-2.0
"""What the pools share: whole strided slices of (N, H, W, C), which vectorise where a reduction does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor

from golden.kinds import Step
from spec.kinds.pool import PoolLayer


class Pool(Step):
    """Joins the values of each window with ``join``."""

    join: ClassVar[Callable[[Tensor, Tensor], Tensor]]

    def __init__(self, layer: PoolLayer) -> None:
        self.layer = layer

    def accumulate(self, x: Tensor) -> Tensor:
        """(N, H / size, W / size, C)."""
        size = self.layer.size
        result = x[:, ::size, ::size]
        for offset in range(1, size * size):
            result = type(self).join(result, x[:, offset // size :: size, offset % size :: size])
        return result
