# SPDX-License-Identifier: Apache-2.0
"""The clock that place and route reached, if a routed device is kept (docs/fpga.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from hw.gen.digest import rtl_digest
from hw.place.kept import of_design, system_mhz
from spec.paths import RESULTS
from spec.presets import Accelerator as Design

KEPT = RESULTS / "fpga.json"


@dataclass(frozen=True)
class Clock:
    """Slowest clock of the routed device, MHz; ``present``: whether it was routed from the present hardware."""

    mhz: float
    present: bool


def routed_clock(design: Design, kept: Path = KEPT) -> Clock | None:
    """The clock of a design among the kept results; None when it was not routed, or the file says nothing usable."""
    try:
        found = of_design(json.loads(kept.read_text()), design.name)
        return Clock(float(system_mhz(found[0])), found[0]["sources"] == rtl_digest()) if found else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
