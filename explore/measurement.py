# SPDX-License-Identifier: Apache-2.0
"""A chosen design, synthesised: a task of a sweep, and its real cost beside the estimate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explore.estimate import CELLS
from explore.fit import MULTIPLIERS, real
from explore.kept import off
from explore.points import synthesised
from spec.presets import Accelerator
from tools.rows import Row, RowTask


@dataclass(frozen=True)
class Measurement(RowTask):
    """The synthesis of one design; its row is that of a point (:mod:`explore.points`).

    ``work`` is the directory of rows.
    """

    design: Accelerator
    work: Path

    def __str__(self) -> str:
        return f"synthesis of {self.design.name}"

    def row(self) -> Row:
        """Measured cells, under the digest of everything that is synthesised."""
        return synthesised(self.design, self.work)


def measured_figures(row: Mapping[str, Any]) -> dict[str, int]:
    """Cells of a measured design, by the names of :mod:`explore.estimate`."""
    return {**real(row["total"]), MULTIPLIERS: row["total"].get("MULT18X18D", 0)}


def beside(figures: Mapping[str, float], row: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Heading and a line a kind of cell: estimate, measurement, error."""
    made = measured_figures(row)
    lines = [("", "estimate", "synthesised", "error")]
    for kind in CELLS:
        error = off((made[kind], figures[kind]))
        lines.append((kind, f"{figures[kind]:,.0f}", f"{made[kind]:,}", f"{100 * error:+.1f} %"))
    return lines
