# SPDX-License-Identifier: Apache-2.0
"""Cost models: what a counted bit costs in LUT4 sites and flip-flops, by least squares on synthesised parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explore.structure import Structure
from tools.yosys import lut4_equivalents

SITES, REGISTERS, BLOCKS, MULTIPLIERS = "LUT4 sites", "flip-flops", "EBR", "multipliers"
LEAST = 100  # cells by which errors are weighted at least: a small part's are not as important as they are large
TIE = 0.05  # weight of the expectation that a counted bit is one cell, against the measurements
DIGITS = 4  # of a coefficient


@dataclass(frozen=True)
class Sample:
    """One part of a measured design: what it was counted to consist of and what synthesis made of it."""

    point: str
    part: str
    structure: Structure
    cells: Mapping[str, int]


@dataclass(frozen=True)
class CostModel:
    """Cells a counted bit costs, by what the bit is for."""

    sites: Mapping[str, float]
    registers: Mapping[str, float]

    def cost(self, structure: Structure) -> dict[str, float]:
        """LUT4 sites, flip-flops and block RAMs of a part."""
        return {
            SITES: sum(self.sites.get(key, 1) * bits for key, bits in structure.all_sites.items()),
            REGISTERS: sum(self.registers.get(key, 1) * bits for key, bits in structure.registers.items()),
            BLOCKS: structure.blocks,
        }

    def unknown(self, structure: Structure) -> set[str]:
        """Kinds of bits of a part that have no coefficient: each counts as one cell, as :func:`fit` expects of all."""
        pairs = ((self.sites, structure.all_sites), (self.registers, +structure.registers))
        return {key for known, counts in pairs for key in counts if key not in known}


def real(cells: Mapping[str, int]) -> dict[str, int]:
    """The same of a synthesised part."""
    return {SITES: lut4_equivalents(cells), REGISTERS: cells.get("TRELLIS_FF", 0), BLOCKS: cells.get("DP16KD", 0)}


def fit(samples: Sequence[Sample]) -> CostModel:
    """The model that fits these parts best.

    Least squares on errors relative to a part's size, tied weakly to one cell a bit, so that a kind of bit that few
    parts have does not get a wild coefficient.
    """
    return CostModel(
        _solve([(sample.structure.all_sites, real(sample.cells)[SITES]) for sample in samples]),
        _solve([(sample.structure.registers, real(sample.cells)[REGISTERS]) for sample in samples]),
    )


def _solve(rows: Sequence[tuple[Mapping[str, float], int]]) -> dict[str, float]:
    keys = sorted({key for counts, _ in rows for key in counts})
    counts = np.array([[part.get(key, 0) for key in keys] for part, _ in rows], float)
    cells = np.array([made for _, made in rows], float)
    weights = 1 / np.maximum(cells, LEAST)
    scale = np.sqrt(((counts * weights[:, None]) ** 2).sum(0))
    tied = np.where([counts[:, i].max() > 1 for i in range(len(keys))], TIE * np.maximum(scale, 1e-9), 1e-6)
    matrix = np.vstack([counts * weights[:, None], np.diag(tied)])
    wanted = np.concatenate([cells * weights, tied])
    found = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    return {key: round(float(value), DIGITS) for key, value in zip(keys, found, strict=True)}


def left_out(samples: Sequence[Sample]) -> dict[str, CostModel]:
    """For each point the model that was fitted without it."""
    points = dict.fromkeys(sample.point for sample in samples)
    return {name: fit([sample for sample in samples if sample.point != name]) for name in points}


def summed(costs: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Sum of the costs of parts."""
    total: dict[str, float] = {}
    for cost in costs:
        for key, value in cost.items():
            total[key] = total.get(key, 0) + value
    return total
