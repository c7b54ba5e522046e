# SPDX-License-Identifier: Apache-2.0
"""Page and picture of how cost grows (:mod:`explore.growth`)."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from explore.growth import Series
from explore.kept import model_digest, state
from explore.plot import BLACK, BLUE, GREEN, PINK, RED, png, ticks
from spec.files import as_json, write_bytes, write_if_changed
from spec.markdown import markdown_table
from spec.paths import RESULTS, ROOT

KEPT = RESULTS / "growth.json"
PICTURE = ROOT / "docs" / "images" / "growth.png"
_LOOKS = ((BLUE, "o"), (RED, "s"), (GREEN, "^"), (BLACK, "D"), (PINK, "v"))


def draw(series: Sequence[Series]) -> bytes:
    """PNG: each figure over its quantity, as a multiple of its first value, both axes logarithmic."""

    def fill(figure: Figure) -> None:
        panels = list(figure.subplots(2, 3).flat)
        for axes, one in zip(panels, series, strict=False):
            across = [x for x, _ in one.points]
            for (colour, marker), name in zip(_LOOKS, one.points[0][1], strict=False):
                values = [figures[name] for _, figures in one.points]
                label = f"{name}: exponent {one.exponent(name):z.2f}"
                axes.plot(across, [v / values[0] for v in values], color=colour, marker=marker, label=label)
            axes.set(xscale="log", yscale="log", xlabel=one.over, ylabel="times its first value")
            axes.set_xticks(across, [f"{x:,.0f}" for x in across], rotation=20)
            ticks(axes.yaxis, "{x:,.4g}")
            axes.minorticks_off()
            axes.grid(alpha=0.3)
            axes.legend(frameon=False, fontsize=7)
        for axes in panels[len(series) :]:
            axes.set_visible(False)

    return png((9.6, 6), 8.5, fill)


def page(series: Sequence[Series], sources: str) -> str:
    """The page ``docs/results/growth.md``; ``sources`` is the digest of the hardware."""
    parts = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# How cost grows",
        "Written by `python scripts/explore.py --growth --keep`. Cells, cycles and energy are estimates of the "
        "[explorer](../explore.md), training is measured (CPU seconds of one thread, median of three). The exponent is "
        f"the slope of a line through the logarithms, by least squares: 1 is proportional, 0 does not grow. "
        f"Sources {sources}.",
        *([old] if (old := state()) else []),
        "![How cost grows](../images/growth.png)",
    ]
    for one in series:
        names = list(one.points[0][1])
        lines = [[f"{x:,.0f}", *(f"{figures[name]:,.6g}" for name in names)] for x, figures in one.points]
        lines.append(["**exponent**", *(f"**{one.exponent(name):z.2f}**" for name in names)])
        parts.append(f"## {one.over[0].upper()}{one.over[1:]}\n\n{one.said[0].upper()}{one.said[1:]}.")
        parts.append(markdown_table([one.over, *names], lines).rstrip())
    return "\n\n".join(parts) + "\n"


def save(series: Sequence[Series], sources: str) -> None:
    """Write the page, its figures and the picture; ``sources`` is the digest of the hardware they are estimates of."""
    record = {"sources": sources, "model": model_digest(), "series": [one.record() for one in series]}
    write_if_changed(KEPT, as_json(record))
    write_if_changed(KEPT.with_suffix(".md"), page(series, sources))
    write_bytes(PICTURE, draw(series))
