# SPDX-License-Identifier: Apache-2.0
"""The paper's Fig. 2 with areas in proportion: where GE and LE are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.patches import Rectangle

from report.figures.style import BLUE, GREEN, GREY, RED, plot, svg

_LOOK = {"r1": (GREEN, ""), "r2": (BLUE, ".."), "r3": (RED, "//"), "r4": (GREY, "xx")}
_WORDS = {"r1": "R1: both right", "r2": "R2: LE alone", "r3": "R3: GE alone", "r4": "R4: neither"}
_LEAST = 0.05  # share above which a rectangle has room for its number


def areas(cases: Sequence[tuple[str, Mapping[str, float]]]) -> str:
    """A unit square a case: left of the line the GE is right; below the other lines the LE is.

    Args:
        cases: title and shares of ``r1`` to ``r4``, 0..1, together 1.
    """
    with plot(1.75 * -(-len(cases) // 2) + 0.5) as figure:
        grid = figure.subplots(-(-len(cases) // 2), 2, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for axes, (title, shares) in zip(grid.flat, cases, strict=False):
            left = shares["r1"] + shares["r3"]
            for x, width, lower, upper in ((0.0, left, "r1", "r3"), (left, 1 - left, "r2", "r4")):
                _column(axes, x, width, shares, lower, upper)
            axes.set(xlim=(0, 1), ylim=(0, 1))
            axes.set_title(title)
        handles = [Rectangle((0, 0), 1, 1, facecolor=c, hatch=h, edgecolor="white", label=_WORDS[name])
                   for name, (c, h) in _LOOK.items()]  # fmt: skip
        figure.legend(handles=handles, loc="outside lower center", ncols=4, handlelength=1.2, columnspacing=1.0)
        return svg(figure)


def _column(axes, x: float, width: float, shares: Mapping[str, float], lower: str, upper: str) -> None:
    bottom = 0.0
    for name in (lower, upper):
        height = shares[name] / width if width else 0.0
        colour, hatch = _LOOK[name]
        axes.add_patch(Rectangle((x, bottom), width, height, facecolor=colour, hatch=hatch, edgecolor="white"))
        if shares[name] >= _LEAST:
            place = (x + width / 2, bottom + height / 2)
            box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
            text = f"{100 * shares[name]:.1f}"
            axes.annotate(text, place, ha="center", va="center", fontsize=8, bbox=box)
        bottom += height
