# SPDX-License-Identifier: Apache-2.0
"""The devices of the ECP5 family: what each has of the cells that synthesis counts (Lattice's data sheet)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """One device.

    Attributes:
        name: Lattice's.
        luts: LUT4, each with a flip-flop.
        blocks: block RAMs of 18 kbit.
        multipliers: of 18x18 bits.
    """

    name: str
    luts: int
    blocks: int
    multipliers: int


DEVICES = {
    "25k": Device("LFE5U-25F", 24288, 56, 28),
    "45k": Device("LFE5U-45F", 43848, 108, 72),
    "85k": Device("LFE5U-85F", 83640, 208, 156),
}
"""By nextpnr's option, the smallest first."""
