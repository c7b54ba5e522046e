# SPDX-License-Identifier: Apache-2.0
"""What the pools share."""

from __future__ import annotations

from collections.abc import Callable

from hw.cycles.engine import Network, Stream
from hw.cycles.kinds import CycleKind
from hw.cycles.timing import Timing
from spec.kinds.data import LayerFolding, LayerWeights
from spec.kinds.pool import PoolLayer


class PoolCycles(CycleKind):
    """A pool whose words move as ``module`` says, a function of :mod:`hw.cycles.pools`."""

    def __init__(self, module: Callable[..., Stream]) -> None:
        self._module = module

    def stream(
        self, net: Network, t: Timing, source: Stream, layer: PoolLayer, folding: LayerFolding | None, lanes: int,
        weights: LayerWeights | None,
    ) -> Stream:  # fmt: skip
        """See :class:`hw.cycles.kinds.CycleKind`."""
        return self._module(net, t, f"{source.group} {layer.name}", source, layer.in_shape, layer.size, lanes)
