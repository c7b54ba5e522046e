# SPDX-License-Identifier: Apache-2.0
"""The paper's tables by its model, the device's energy proxy an image by mode, and that of a lesson.

With sources and assumptions. What whole courses of lessons cost is another command, learning_energy.py.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence
from dataclasses import fields

from _arguments import Parser, add_design, command, load_design
from golden.energy.expected import expected_counts
from golden.energy.hardware import Weights, hardware_energy
from golden.energy.lessons import lesson_lines, lesson_rows
from golden.energy.operations import ASSUMPTIONS, OPERATIONS, Operations
from golden.energy.paper import table_1, table_3
from spec.network import Mode

# What is printed: name, mode, images of one that go to the GE.
CASES = (
    ("GE_ONLY", Mode.GE_ONLY, 1),
    ("LE_ONLY", Mode.LE_ONLY, 0),
    ("MOE_PARALLEL", Mode.MOE_PARALLEL, 1),
    ("MOE_GATED, generic image", Mode.MOE_GATED, 1),
    ("MOE_GATED, local image", Mode.MOE_GATED, 0),
)


def operations_text(operations: Operations = OPERATIONS) -> str:
    """The table of energies with sources, and the assumptions."""
    lines = []
    for field in fields(operations):
        unit = getattr(operations, field.name)
        bounds = f"x {unit.low:g} to {unit.high:g}"
        lines.append(f"  {field.name:<9} {unit.pj:.6f} pJ a {unit.unit:<14} {bounds:<12} {unit.source}")
    return "\n".join(lines) + "\n\n" + "\n".join(f"* {text}" for text in ASSUMPTIONS)


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--gate paper")
    add_design(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both views."""
    given = options().parse_args(arguments)
    design = load_design(given, whole=True)
    network = design.moe.network
    print("Paper model: LE and GN by the GE\n")
    for pooled, share in table_1(network).items():
        print(f"  Table 1  {pooled}x{pooled}x{network.features.channels:<4} weights {100 * share:.2f} %")
    print("  Table 3  " + ", ".join(f"{kind} {100 * share:.2f} %" for kind, share in table_3(network).items()))
    for weights in Weights:
        print(f"\nHardware, by operations: {design.name}, nJ an image, {weights.value}\n")
        print(f"  {'':<26}{'products':>9}{'weights':>9}{'buffers':>9}{'DRAM':>11}{'total':>11}  of GE_ONLY")
        reference = None
        for name, mode, to_ge in CASES:
            counts = expected_counts(design.moe, design.folding, mode, 1, to_ge)
            energy = hardware_energy(design.moe, design.folding, counts, weights)
            reference = reference or energy.total
            parts = [energy.kind(kind) / 1000 for kind in ("mac", "weights", "buffers", "dram")]
            cells = "{:>9.1f}{:>9.1f}{:>9.1f}{:>11.1f}".format(*parts)
            print(f"  {name:<26}{cells}{energy.total / 1000:>11.1f}  {100 * energy.total / reference:>8.2f} %")
    if design.folding.learning:
        print(f"\nLearning, by operations: {design.name}, nJ, all weights on chip\n")
        print(f"  {'':<42}{'sums':>9}{'weights':>9}{'buffers':>9}{'total':>11}  of GE_ONLY")
        counts = expected_counts(design.moe, design.folding, Mode.GE_ONLY, 1, 1)
        whole = hardware_energy(design.moe, design.folding, counts).total
        for cells in lesson_lines(lesson_rows(design.moe, design.folding), whole):
            print("  {:<42}{:>9}{:>9}{:>9}{:>11}  {:>8} %".format(*cells))
    print(f"\nEnergies\n\n{operations_text()}")
    return DONE


if __name__ == "__main__":
    run(main)
