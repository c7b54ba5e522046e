# SPDX-License-Identifier: Apache-2.0
"""How many times as much one case costs as another, and within which bounds, by either proxy.

What an operation costs is unknown within its bounds, but it is the same unknown in both cases: a ratio is far better
known than either of its sides. It is monotonic in each cost, so its extremes are among the ends of the bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

from golden.energy.operations import OPERATIONS
from golden.energy.switching_weights import WEIGHTS


class Ratio(NamedTuple):
    """``value``, and the least and most that it can be whatever the costs are within their bounds."""

    value: float
    low: float
    high: float


def operations_ratio(a: Mapping[str, float], b: Mapping[str, float]) -> Ratio:
    """First proxy; ``a`` and ``b`` are pJ by kind, as ``golden.energy.Energy.by_kind``."""
    return _ratio(*(_operations(kinds) for kinds in (a, b)), _OPERATION_BOUNDS)


def switching_ratio(a: Mapping[str, float], b: Mapping[str, float]) -> Ratio:
    """Second proxy; ``a`` and ``b`` are toggles by kind, as ``verif.proxies.switching`` has them."""
    return _ratio(a, b, WEIGHTS.bounds())


# A product is a multiplication and an addition, whose bounds are the same.
_OPERATION_BOUNDS = {
    "mac": (OPERATIONS.multiply.low, OPERATIONS.multiply.high),
    "on_chip": (OPERATIONS.on_chip.low, OPERATIONS.on_chip.high),
    "dram": (OPERATIONS.dram.low, OPERATIONS.dram.high),
}


def _operations(by_kind: Mapping[str, float]) -> dict[str, float]:
    """Kinds that share a cost, put together."""
    memories = by_kind["weights"] + by_kind["buffers"]
    return {"mac": by_kind["mac"], "on_chip": memories, "dram": by_kind["dram"]}


def _ratio(a: Mapping[str, float], b: Mapping[str, float], bounds: Mapping[str, tuple[float, float]]) -> Ratio:
    def weighed(factors: Mapping[str, float]) -> float:
        return sum(a[kind] * factor for kind, factor in factors.items()) / sum(
            b[kind] * factor for kind, factor in factors.items()
        )

    extremes = [weighed(dict(zip(bounds, ends, strict=True))) for ends in product(*bounds.values())]
    return Ratio(weighed(dict.fromkeys(bounds, 1.0)), min(extremes), max(extremes))
