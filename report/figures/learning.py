# SPDX-License-Identifier: Apache-2.0
"""A device that learns: accuracy over the passes, and over the number of images of each character."""

from __future__ import annotations

from typing import Any

from report.figures.style import BLUE, GREEN, GREY, plot, png
from spec.paths import ROOT

FILE = ROOT / "docs" / "images" / "learning.png"
_LINES = {"overall": (BLUE, "o", "GE and LE"), "le": (GREEN, "s", "LE alone")}


def picture(found: dict[str, Any], title: str) -> bytes:
    """PNG of two plots of users' accuracy side by side; the host's figures are level lines where they are known.

    Args:
        found: a gate preset's part of ``docs/results/learning.json``.
    """
    curve, host = found["curve"], found["host"]
    after = curve[-1]["after"]
    last = max(after, key=int)
    with plot(3.2, 8.0) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for key, (colour, marker, name) in _LINES.items():
            _line(left, [(int(number), means[key]) for number, means in after.items()], colour, "-", marker, name)
            for number, style in (("1", ":"), (last, "-")):
                points = [(point["images_a_class"], point["after"][number][key]) for point in curve]
                _line(right, points, colour, style, marker, f"{name}, {number} pass{'es' * (number != '1')}")
            if host:
                left.axhline(100 * host[key], color=colour, linestyle="--", linewidth=1, label=f"{name}, host training")
        for axes in (left, right):
            axes.axhline(100 * after[last]["ge"]["mean"], color=GREY, linestyle=":", linewidth=1.4, label="GE alone")
            axes.grid(alpha=0.3)
        left.set_xscale("symlog", linthresh=1)
        left.set_xticks([int(number) for number in after], list(after))
        left.set(xlabel="passes over the user's images", ylabel="users' test images right, %", title=title)
        right.set_xscale("log")
        places = [point["images_a_class"] for point in curve]
        right.set_xticks(places, [f"{place:.0f}" for place in places])
        for axes, place in ((left, (0.55, 0.12)), (right, "upper left")):
            axes.minorticks_off()
            axes.legend(loc=place, fontsize=7)
        right.set(xlabel="training images of each character", title="Fewer images")
        return png(figure)


def _line(axes: Any, points: list, colour: str, style: str, marker: str, label: str) -> None:
    axes.errorbar(
        [x for x, _ in points],
        [100 * y["mean"] for _, y in points],
        yerr=[100 * y["spread"] for _, y in points],
        color=colour,
        linestyle=style,
        marker=marker,
        markerfacecolor=colour if style == "-" else "white",
        markersize=4,
        capsize=2,
        label=label,
    )
