# SPDX-License-Identifier: Apache-2.0
"""Average pooling: ``average_pool``, and hls4ml's average pooling with a sum that holds every bit of the quotient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hls.hls4ml_types import REQUANTISED, precision
from hls.kinds import Cost
from hls.kinds.pool import PoolHls
from spec.fixedpoint import FixedPoint
from spec.kinds.average_pool import AveragePool
from spec.kinds.data import LayerFolding


class _AveragePool(PoolHls):
    def numbers(self, layer: AveragePool) -> dict[str, int]:
        return {"kShift": layer.shift}

    def cost(self, layer: AveragePool, folding: LayerFolding | None, lanes: int) -> Cost:
        return Cost(lanes, 1, accumulator=str(layer.accumulator))

    def settings(self, layer: AveragePool, folding: LayerFolding | None) -> dict[str, dict[str, Any]]:
        # hls4ml divides in the accumulator's type; the result's type then rounds, so no Quant node is needed.
        exact, result = precision(_quotient(layer)), precision(layer.out_type, REQUANTISED)
        return {layer.name: {"Precision": {"accum": exact, "result": result}}}

    def types(self, layer: AveragePool, folding: LayerFolding | None) -> Iterator[tuple[str, str, str]]:
        yield layer.name, "accum_t", precision(_quotient(layer))


def _quotient(layer: AveragePool) -> FixedPoint:
    """Type that holds the sum of a window and its quotient."""
    total = layer.accumulator
    return FixedPoint(total.bits + layer.shift, False, total.fraction_bits + layer.shift)


KIND = _AveragePool("average_pool", "AveragePool")
