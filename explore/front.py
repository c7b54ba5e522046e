# SPDX-License-Identifier: Apache-2.0
"""The designs that a search found that no other one beats: as a table, as CSV, and beside designs made by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from explore.estimate import CELLS, FIGURES, GE_CYCLES, LOCAL_CYCLES, SITES, WRONG, dominates, pareto
from explore.search import Found
from spec.kinds.data import LayerFolding

AXES = (GE_CYCLES, LOCAL_CYCLES, *CELLS, WRONG)  # those in which designs are compared, of what they have
SHOWN = 20  # designs of a printed table


def axes_of(found: Sequence[Found]) -> tuple[str, ...]:
    """The axes in which some designs are compared."""
    return tuple(axis for axis in AXES if not found or axis in found[0].figures)


def front(found: Sequence[Found]) -> list[Found]:
    """Those that no other one dominates, the fastest first."""
    kept = [found[i] for i in pareto([one.figures for one in found], axes_of(found))]
    return sorted(kept, key=lambda one: tuple(one.figures[axis] for axis in axes_of(found)))


def folding_text(layers: Mapping[str, LayerFolding]) -> str:
    """Folding of every layer in one line."""
    return " ".join(
        f"{name}={'graph' if fold.graph else f'{fold.pe}x{fold.simd}/{fold.multiplier}'}"
        for name, fold in layers.items()
    )


def as_csv(found: Sequence[Found]) -> str:
    """A line a design: number, figures, what was chosen, folding."""
    figures = tuple(name for name in (*FIGURES, WRONG) if not found or name in found[0].figures)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["point", *figures, "sizes", "folding"])
    for number, one in enumerate(found, 1):
        values = [f"{one.figures[name]:.10g}" for name in figures]
        writer.writerow([number, *values, one.choice.text(), folding_text(one.layers)])
    return text.getvalue()


def table(found: Sequence[Found], references: Mapping[str, Mapping[str, float]]) -> list[tuple[str, ...]]:
    """Heading, designs made by hand, and designs of the front, evenly over it when it is long."""
    axes = axes_of(found)
    rows = [("point", *axes, "sizes")]
    rows += [(name, *(_shown(figures, axis) for axis in axes), "by hand") for name, figures in references.items()]
    step = max(1, -(-len(found) // SHOWN))
    for number, one in list(enumerate(found, 1))[::step]:
        rows.append((str(number), *(_shown(one.figures, axis) for axis in axes), one.choice.text()))
    return rows


def _shown(figures: Mapping[str, float], axis: str) -> str:
    if axis == WRONG:
        return f"{100 * figures[axis]:.2f} %"
    return f"{figures[axis]:,.0f}"


def better(found: Iterable[Found], reference: Mapping[str, float]) -> list[tuple[int, Found]]:
    """Designs that dominate one made by hand, with their numbers in the front; the fewest LUTs first."""
    kept = [
        (number, one)
        for number, one in enumerate(found, 1)
        if dominates(one.figures, reference, [axis for axis in AXES if axis in one.figures])
    ]
    return sorted(kept, key=lambda pair: (pair[1].figures[SITES], pair[0]))
