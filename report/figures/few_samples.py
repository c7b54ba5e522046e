# SPDX-License-Identifier: Apache-2.0
"""Accuracy over the number of training images a class."""

from __future__ import annotations

from collections.abc import Sequence

from report.figures.style import BLUE, GREEN, GREY, plot, svg

_LOOK = {"usual": ("-", "o"), "generic": ("--", "s")}
_LINES = {"overall": (BLUE, "GE and LE"), "le": (GREEN, "LE alone")}


def curves(starts: dict[str, Sequence[dict]], words: dict[str, str], title: str) -> str:
    """Users' accuracy, one line a figure and start; the GE alone is a level line.

    Args:
        starts: by ``usual`` and ``generic`` the points of ``docs/results/few_samples.json``.
        words: what these starts are called.
    """
    with plot(3.4) as figure:
        axes = figure.subplots()
        for start, points in starts.items():
            style, marker = _LOOK[start]
            for key, (colour, name) in _LINES.items():
                known = [(p["images_a_class"], p["mean"][key]) for p in points if key in p["mean"]]
                axes.errorbar(
                    [x for x, _ in known],
                    [100 * y["mean"] for _, y in known],
                    yerr=[100 * y["spread"] for _, y in known],
                    color=colour,
                    linestyle=style,
                    marker=marker,
                    markerfacecolor=colour if start == "usual" else "white",
                    capsize=2,
                    label=f"{name}, {words[start]}" if len(starts) > 1 else name,
                )
        ge = next(iter(starts.values()))[0]["mean"]["ge"]["mean"]
        axes.axhline(100 * ge, color=GREY, linestyle=":", linewidth=1.4, label="GE alone")
        axes.set_xscale("symlog", linthresh=1)
        places = sorted({round(p["images_a_class"]) for points in starts.values() for p in points})
        axes.set_xticks(places, [str(place) for place in places])
        axes.minorticks_off()
        axes.set(xlabel="training images a class", ylabel="users' test images right, %")
        axes.set_title(title)
        axes.grid(alpha=0.3)
        figure.legend(loc="outside lower center", ncols=2)
        return svg(figure)
