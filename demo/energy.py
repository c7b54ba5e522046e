# SPDX-License-Identifier: Apache-2.0
"""The energy proxy of one image (docs/energy.md), and how it compares with the global expert alone."""

from __future__ import annotations

from dataclasses import dataclass

from driver.counters import Counters
from golden.energy.expected import expected_counts
from golden.energy.hardware import hardware_energy
from spec.network import Mode
from spec.presets import Accelerator as Design


@dataclass(frozen=True)
class Proxy:
    """Energy proxies, nJ: of an image, and of the same image in GE_ONLY."""

    image: float
    ge_only: float


def energy_proxy(design: Design, counters: Counters) -> Proxy:
    """From the device's counters over one image; GE_ONLY from the golden activity.

    Weights are on chip. A proxy for comparing modes, no measurement: ``golden.energy.operations.ASSUMPTIONS``.
    """
    moe, folding = design.moe, design.folding
    alone = expected_counts(moe, folding, Mode.GE_ONLY, images=1, to_ge=1)
    return Proxy(
        hardware_energy(moe, folding, counters).total / 1000, hardware_energy(moe, folding, alone).total / 1000
    )
