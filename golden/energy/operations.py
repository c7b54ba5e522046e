# SPDX-License-Identifier: Apache-2.0
"""Energy of one operation, with its source and how wrong it may be."""

from __future__ import annotations

from dataclasses import dataclass, fields

HOROWITZ = "M. Horowitz, ISSCC 2014, 45 nm, 0.9 V"


@dataclass(frozen=True)
class UnitEnergy:
    """Energy ``pj`` of one ``unit``; the truth may lie between ``low`` and ``high`` times it."""

    pj: float
    unit: str
    low: float
    high: float
    source: str


@dataclass(frozen=True)
class Operations:
    """The operations of the hardware model, per bit, so that any width can be costed.

    An addition costs its width, a product the product of its operands' widths, a memory access the bits of its word.
    """

    add: UnitEnergy
    multiply: UnitEnergy
    on_chip: UnitEnergy
    dram: UnitEnergy

    def mac(self, weight_bits: int, activation_bits: int, accumulator_bits: int) -> float:
        """pJ of one product and its addition to an accumulator."""
        return self.multiply.pj * weight_bits * activation_bits + self.add.pj * accumulator_bits

    def bound(self, which: str) -> Operations:
        """All operations at their ``low`` or ``high`` end."""
        ends = {}
        for field in fields(self):
            unit = getattr(self, field.name)
            factor = {"low": unit.low, "high": unit.high}[which]
            ends[field.name] = UnitEnergy(unit.pj * factor, unit.unit, 1.0, 1.0, unit.source)
        return Operations(**ends)


OPERATIONS = Operations(
    add=UnitEnergy(0.1 / 32, "bit of the sum", 0.5, 2.0, f"{HOROWITZ}: 32-bit add 0.1 pJ (8-bit 0.03 pJ)"),
    multiply=UnitEnergy(
        0.2 / 64, "bit x bit", 0.5, 2.0, f"{HOROWITZ}: 8-bit multiply 0.2 pJ (32-bit 3.1 pJ, 3 % less a bit x bit)"
    ),
    on_chip=UnitEnergy(10 / 64, "bit", 0.5, 2.0, f"{HOROWITZ}: 64 bits of an 8 KB SRAM 10 pJ (of 32 KB 20 pJ)"),
    dram=UnitEnergy(640 / 32, "bit", 1.0, 2.0, f"{HOROWITZ}: 64 bits of DRAM 1.3 to 2.6 nJ; the paper: 32 bits 640 pJ"),
)

ASSUMPTIONS = (
    "A proxy in pJ of a 45 nm process, for comparing modes and designs: an FPGA needs several times as much.",
    "Words and products are costed by their width; data are not looked at. An adder graph counts as its products.",
    "A memory is made of blocks of a few KB that are accessed side by side: the energy per bit does not grow with it.",
    "A counter is of a domain: it is split among the domain's layers as one image's work splits.",
    "Not counted by the device and derived from its counters: reads of the window buffers. Left out: registers, "
    "queues, pooling, the stream and register interfaces, clock tree, wiring, the energy of a wake-up.",
    "What is held is a separate figure in bit x cycles, for leakage and clock: storage bits of a domain times its "
    "cycles with power. It is never added to the energy.",
)
