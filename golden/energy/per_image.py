# SPDX-License-Identifier: Apache-2.0
"""The energy proxy of one image, with its bounds, from counters over several."""

from __future__ import annotations

from dataclasses import dataclass

from golden.energy.hardware import KINDS, DeviceCounts, Weights, hardware_energy
from golden.energy.operations import OPERATIONS, Operations
from spec.folding import Folding
from spec.network import Moe


@dataclass(frozen=True)
class Energy:
    """Energy proxy an image, pJ: the value, its bounds, and the value by domain and by kind."""

    total: float
    low: float
    high: float
    by_domain: dict[str, float]
    by_kind: dict[str, float]


def energy_per_image(moe: Moe, folding: Folding, counts: DeviceCounts, images: int, weights: Weights) -> Energy:
    """Energy proxy from the counters of ``images`` images; arguments as in ``hardware_energy``."""

    def total(operations: Operations) -> float:
        return hardware_energy(moe, folding, counts, weights, operations).total / images

    middle = hardware_energy(moe, folding, counts, weights)
    return Energy(
        middle.total / images,
        total(OPERATIONS.bound("low")),
        total(OPERATIONS.bound("high")),
        {name: sum(parts.values()) / images for name, parts in middle.picojoule.items()},
        {kind: middle.kind(kind) / images for kind in KINDS},
    )
