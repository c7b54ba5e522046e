# SPDX-License-Identifier: Apache-2.0
"""What a design is estimated to cost and to do: the figures that the search compares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from explore.cycles import cycles, least_cycles
from explore.fit import BLOCKS, MULTIPLIERS, REGISTERS, SITES, CostModel, summed
from explore.parts import structures
from golden.energy.expected import expected_counts
from golden.energy.hardware import hardware_energy
from spec.network import Mode
from spec.presets import Accelerator

GE_CYCLES, LOCAL_CYCLES = "cycles, GE", "cycles, local"
GE_ENERGY, LOCAL_ENERGY = "pJ, GE", "pJ, local"
WRONG = "wrong"  # share of validation images that the GE answers wrongly
CELLS = (SITES, REGISTERS, BLOCKS, MULTIPLIERS)
SPEED = (GE_CYCLES, LOCAL_CYCLES)
COSTS = (*CELLS, GE_ENERGY, LOCAL_ENERGY)
FIGURES = (*SPEED, *COSTS)  # smaller is better, of each; a device without a GE has none of it


def energy(design: Accelerator, local: bool) -> float:
    """Energy proxy of one image, pJ: of one that a local expert answers, or the GE."""
    mode = Mode.LE_ONLY if design.folding.local_only else Mode.MOE_GATED
    counts = expected_counts(design.moe, design.folding, mode, 1, 0 if local else 1)
    return hardware_energy(design.moe, design.folding, counts).total


def costs(design: Accelerator, model: CostModel) -> dict[str, float]:
    """All of :data:`COSTS` that the device has."""
    cells = summed(model.cost(structure) for structure in structures(design).values())
    whole = {} if design.folding.local_only else {GE_ENERGY: round(energy(design, local=False))}
    return {
        **{kind: round(cells[kind]) for kind in (SITES, REGISTERS, BLOCKS)},
        MULTIPLIERS: design.folding.multipliers(design.moe),
        **whole,
        LOCAL_ENERGY: round(energy(design, local=True)),
    }


def speed(design: Accelerator, exact: bool = True) -> dict[str, float]:
    """All of :data:`SPEED` that the device has; not ``exact``: of its slowest part."""
    found = cycles(design) if exact else least_cycles(design)
    whole = {} if found.ge is None else {GE_CYCLES: found.ge}
    return {**whole, LOCAL_CYCLES: found.local}


def estimate(design: Accelerator, model: CostModel) -> dict[str, float]:
    """All of :data:`FIGURES` that the device has."""
    return {**speed(design), **costs(design, model)}


def fits(figures: Mapping[str, float], limits: Mapping[str, float]) -> bool:
    """Whether no limit is passed."""
    return all(figures[kind] <= most for kind, most in limits.items())


def dominates(one: Mapping[str, float], other: Mapping[str, float], axes: Iterable[str]) -> bool:
    """Whether ``one`` is worse in no axis and better in one."""
    names = tuple(axes)
    return all(one[a] <= other[a] for a in names) and any(one[a] < other[a] for a in names)


def pareto(points: Sequence[Mapping[str, float]], axes: Iterable[str]) -> list[int]:
    """Indices of the points that no other dominates; of equal ones the first."""
    names, found = tuple(axes), []
    values = [tuple(point[a] for a in names) for point in points]
    order = sorted(range(len(points)), key=lambda i: (values[i], i))
    for i in order:
        if not any(all(a <= b for a, b in zip(values[k], values[i], strict=True)) for k in found):
            found.append(i)
    return sorted(found)
