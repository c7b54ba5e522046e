# SPDX-License-Identifier: Apache-2.0
"""Where the cells of a placed design are on the device, coloured by power domain or by part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from textwrap import fill

from matplotlib.patches import Patch

from hw.place.cells import OTHER, SCAN
from report.figures.style import BLACK, BLUE, DOMAINS, GREEN, GREY, ORANGE, PINK, RED, SKY, YELLOW, plot, png

_COLOURS = (SKY, RED, GREEN, YELLOW, BLUE, ORANGE, PINK)
_PLAIN = (SCAN, OTHER)
_MARKS = {"DP16KD": "s", "MULT18X18D": "D"}  # others fill their tile
_POINTS = 290  # about the width of the axes, in points


def floor_plan(cells: Iterable, part: Callable[[str | None], str], title: str) -> bytes:
    """PNG with one mark a cell; squares are block RAMs, diamonds multipliers.

    Args:
        cells: kind, path, x and y of each, as :func:`hw.place.cells.placed_cells` keeps them.
        part: part of the design that a path belongs to.
    """
    cells = list(cells)
    across, down = ((min(places) - 2, max(places) + 2) for places in ([cell[i] for cell in cells] for i in (2, 3)))
    side = _POINTS / max(end - start for start, end in (across, down))  # of a tile, points
    groups: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for kind, path, x, y in cells:
        groups.setdefault(part(path), {}).setdefault(kind, []).append((x, y))
    order = sorted(groups, key=lambda name: (-sum(map(len, groups[name].values())), name))
    handles: list[Patch] = []
    others = iter(_COLOURS * (1 + len(order) // len(_COLOURS)))
    with plot(5.2) as figure:
        axes = figure.subplots()
        for name in order:
            if name in DOMAINS:
                colour, _, label = DOMAINS[name]
            else:
                colour, label = GREY if name in _PLAIN else next(others), name
            for number, (kind, places) in enumerate(sorted(groups[name].items())):
                edge = {"edgecolors": BLACK, "linewidths": 0.3} if kind in _MARKS else {"linewidths": 0}
                axes.scatter(*zip(*sorted(set(places)), strict=True), marker=_MARKS.get(kind, "s"), s=side**2,
                             c=colour, **edge)  # fmt: skip
                if not number:
                    handles.append(Patch(facecolor=colour, label=label))
        axes.set(xlabel="column", ylabel="row", xlim=across, ylim=down[::-1])
        axes.set_title(fill(title, 60), fontsize=6.5)
        axes.set_aspect("equal")
        figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=7)
        return png(figure)
