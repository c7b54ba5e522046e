# SPDX-License-Identifier: Apache-2.0
"""Where the clock gates of a whole device go, on those devices for which the placer's own choice cannot be routed.

On an LFE5U-25F nextpnr 0.11.1 may take gates at the left edge, whose inputs its router does not reach. All are fixed at
the top edge there; the larger devices are left to the placer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GATE = "DCCA"
SITES: Mapping[str, tuple[str, ...]] = {"25k": tuple(f"X31/Y0/TDCC{number}" for number in range(12))}
"""nextpnr's names of the places, by its name of the device."""


def fix_gates(netlist: Mapping[str, Any], device: str) -> int:
    """Give the gates of a netlist (Yosys' JSON, in which every module is instantiated once) their places.

    Returns:
        How many have one; those beyond the last place are the placer's.
    """
    gates = [
        cell
        for _, module in sorted(netlist["modules"].items())
        for _, cell in sorted(module["cells"].items())
        if cell["type"] == GATE
    ]
    fixed = list(zip(gates, SITES.get(device, ()), strict=False))
    for cell, place in fixed:
        cell.setdefault("attributes", {})["BEL"] = place
    return len(fixed)
