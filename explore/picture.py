# SPDX-License-Identifier: Apache-2.0
"""The front as a picture: cycles against LUTs, block RAMs and multipliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from explore.estimate import BLOCKS, GE_CYCLES, LOCAL_CYCLES, MULTIPLIERS, REGISTERS, SITES
from explore.plot import BLACK, BLUE, RED, png, ticks
from explore.search import Found

_PANELS = ((GE_CYCLES, SITES), (GE_CYCLES, BLOCKS), (GE_CYCLES, MULTIPLIERS), (LOCAL_CYCLES, SITES))
_LOCAL_PANELS = tuple((LOCAL_CYCLES, up) for up in (SITES, BLOCKS, MULTIPLIERS, REGISTERS))


def picture(
    title: str,
    found: Sequence[Found],
    references: Mapping[str, Mapping[str, float]],
    limits: Mapping[str, float],
    measured: Mapping[str, Mapping[str, float]] | None = None,
) -> bytes:
    """PNG; the same figures give the same bytes.

    Args:
        references: figures of designs made by hand, by name.
        limits: of the device.
        measured: figures of designs that were synthesised, by name.
    """

    def draw(figure: Figure) -> None:
        panels = _PANELS if GE_CYCLES in found[0].figures else _LOCAL_PANELS
        for axes, (across, up) in zip(figure.subplots(2, 2).flat, panels, strict=True):
            points = [(one.figures[across], one.figures[up]) for one in found]
            axes.plot(*zip(*points, strict=True), ".", color=BLUE, markersize=4, label="found, estimate")
            for name, figures in references.items():
                axes.plot(figures[across], figures[up], "D", color=RED, markersize=6, label="made by hand, estimate")
                axes.annotate(name, (figures[across], figures[up]), xytext=(4, 5), textcoords="offset points")
            for figures in (measured or {}).values():
                axes.plot(figures[across], figures[up], "+", color=BLACK, markersize=9, label="synthesised")
            if up in limits:
                axes.axhline(limits[up], color=BLACK, linestyle="--", linewidth=0.8, label="limit of the device")
            axes.set(xscale="log", xlabel=f"{across} an image".replace("cycles, ", "cycles of "), ylabel=up)
            ticks(axes.xaxis, "{x:,.0f}")
            axes.minorticks_off()
            axes.margins(x=0.15)
            axes.set_ylim(bottom=0)
            axes.grid(alpha=0.3)
        handles, labels = figure.axes[0].get_legend_handles_labels()
        unique = dict(zip(labels, handles, strict=True))
        figure.axes[0].legend(unique.values(), unique.keys(), frameon=False, fontsize=8)
        figure.suptitle(title)

    return png((8, 6.4), 9, draw)
