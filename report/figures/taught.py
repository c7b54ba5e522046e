# SPDX-License-Identifier: Apache-2.0
"""What a device that learns is worth after every pass: the user's images, and everybody else's."""

from __future__ import annotations

from typing import Any

from report.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, WIDTH, plot, png

_LINES = {
    "overall": (BLUE, "o", "this user, GE and LE behind the gate"),
    "le": (GREEN, "s", "this user, LE alone"),
    "generic": (ORANGE, "^", "other people"),
}


def picture(found: list[dict[str, Any]], title: str) -> bytes:
    """PNG of the shares over the number of passes.

    Args:
        found: fields of :class:`driver.teaching.Shares`, before the first pass and after each.
    """
    with plot(3.1, WIDTH) as figure:
        axes = figure.subplots()
        passes = range(len(found))
        for key, (colour, marker, name) in _LINES.items():
            axes.plot(passes, [100 * one[key] for one in found], color=colour, marker=marker, markersize=4, label=name)
        for key, colour, name in (("ge", BLACK, "this user, GE alone"), ("generic_ge", GREY, "other people, GE alone")):
            axes.axhline(100 * found[0][key], color=colour, linestyle=":", linewidth=1.3, label=name)
        axes.set(xlabel="passes over the user's images", ylabel="right answers, %", title=title)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
        return png(figure)
