# SPDX-License-Identifier: Apache-2.0
"""What one event of switching costs, in toggles of one LUT4 output, with its argument and how wrong it may be."""

from __future__ import annotations

from dataclasses import dataclass, fields

from golden.energy.operations import OPERATIONS

UNIT = "toggles of one LUT4 output"
# I. Kuon and J. Rose, "Measuring the gap between FPGAs and ASICs", IEEE TCAD 26(2), 2007: dynamic power of LUT logic
# over that of standard cells, which is what the hard blocks of an FPGA are made of.
KUON_ROSE = 14
_PAIR_SITES, _PAIR_BITS = 421, 25  # multiplier_pair (8 x 17 bits) by synth_ecp5 -nodsp: 379 LUT4 and 21 CCU2C
_EBR_WORD = 36  # widest word of a block


@dataclass(frozen=True)
class EventWeight:
    """``weight`` of one ``event``; the truth may lie between ``low`` and ``high`` times it."""

    weight: float
    event: str
    low: float
    high: float
    source: str


@dataclass(frozen=True)
class SwitchingWeights:
    """One weight for each kind of the proxy; the fields have the names of the kinds."""

    logic: EventWeight
    registers: EventWeight
    clock: EventWeight
    multipliers: EventWeight
    memories: EventWeight

    def weights(self) -> dict[str, float]:
        """Weight by kind."""
        return {field.name: getattr(self, field.name).weight for field in fields(self)}

    def bounds(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest factor to the weight, by kind."""
        return {field.name: (getattr(self, field.name).low, getattr(self, field.name).high) for field in fields(self)}


WEIGHTS = SwitchingWeights(
    logic=EventWeight(1.0, "toggle of a LUT output", 1.0, 1.0, "the unit"),
    registers=EventWeight(1.0, "toggle of a register output", 0.5, 2.0, "drives the same kind of wire as a LUT"),
    clock=EventWeight(
        0.1, "clock period at a register", 0.25, 3.0,
        "judgement: if clocks take a fifth of the dynamic power of a design with 2 to 3 nets a register that toggle in "
        "an eighth of the periods, a period at a register is 1/4 x 2.5 x 1/8 = 0.08 toggles",
    ),
    multipliers=EventWeight(
        _PAIR_SITES / _PAIR_BITS / KUON_ROSE, "toggle of an operand bit of a MULT18X18D", 0.4, float(KUON_ROSE),
        f"made of LUTs it has {_PAIR_SITES} sites for {_PAIR_BITS} operand bits, which toggle as often as the operands "
        f"do; a hard block takes 1/{KUON_ROSE} of that (Kuon and Rose, TCAD 2007); at most as much as LUTs",
    ),
    memories=EventWeight(
        _EBR_WORD * OPERATIONS.on_chip.pj / (KUON_ROSE * OPERATIONS.add.pj), "access of an 18-kbit EBR", 0.25, 2.0,
        f"{_EBR_WORD} bits of SRAM over one bit of an adder of LUTs, which takes {KUON_ROSE} times one of standard "
        "cells (Kuon and Rose), both by Horowitz (ISSCC 2014); his SRAM is 3.6 times as large, hence the lower bound",
    ),
)  # fmt: skip

ASSUMPTIONS = (
    f"The unit is {UNIT}; it is no energy and no power, and only ratios mean something.",
    "Toggles are those of a simulation without delays: two samples a clock period, no glitches.",
    "Each domain has one toggle rate, that of the nets that its source text names; the LUTs and registers that "
    "synthesis made of it toggle at that rate. All wires cost the same.",
    "An access of a memory moves all of its blocks, whatever the data; its outputs are nets like others. Memories with "
    "an asynchronous read are LUTs.",
    "Left out: leakage, the clock of memory blocks, power switches and the charging of a domain that wakes.",
)
