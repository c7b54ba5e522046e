# SPDX-License-Identifier: Apache-2.0
"""Accuracy of each user before and after personalization, and what it costs on generic images."""

from __future__ import annotations

import numpy as np

from report.figures.style import BLUE, GREEN, GREY, PINK, RED, plot, svg


def users(rows: list[dict], paper: tuple[float, float]) -> str:
    """Each user's accuracy by the GE alone and by the whole, shares 0..1; ``paper``: its averages."""
    with plot(3.6) as figure:
        axes = figure.subplots()
        places = np.arange(len(rows))
        before, after = ([100 * row[key] for row in rows] for key in ("ge", "overall"))
        axes.vlines(places, before, after, color=GREY, linewidth=2, zorder=1)
        axes.scatter(places, before, color=RED, marker="s", s=36, label="GE alone", zorder=2)
        axes.scatter(places, after, color=BLUE, marker="o", s=42, label="MoE, personalized", zorder=2)
        for value, colour, name in zip(paper, (RED, BLUE), ("paper: GE, mean", "paper: MoE, mean"), strict=True):
            style = ":" if colour == RED else "--"
            axes.axhline(100 * value, color=colour, linestyle=style, linewidth=1.2, label=name, zorder=0)
        axes.set_xticks(places, [str(row["user"]) for row in rows])
        axes.set(xlabel="user", ylabel="right answers, %", ylim=(min(40, *before) - 2, 101))
        axes.set_title("Each user's own test images")
        axes.grid(axis="y", alpha=0.3)
        figure.legend(loc="outside lower center", ncols=2)
        return svg(figure)


# How each kind of model is drawn.
_MARKERS = {
    "GE": ("s", RED),
    "MoE": ("o", BLUE),
    "linear gate": ("v", BLUE),
    "fine-tuning": ("^", GREEN),
    "[7]": ("D", PINK),
}


def trade(points: list[tuple[str, str, bool, float, float]]) -> str:
    """Accuracy on users' images over that on generic images.

    Args:
        points: name, kind (a key of the markers), whether it is the paper's, generic accuracy, users' accuracy (0..1).
    """
    with plot(3.6) as figure:
        axes = figure.subplots()
        for name, kind, printed, generic, own in points:
            marker, colour = _MARKERS[kind]
            face = "white" if printed else colour
            axes.scatter(
                100 * generic,
                100 * own,
                marker=marker,
                s=60,
                facecolor=face,
                edgecolor=colour,
                linewidth=1.6,
                label=name,
                zorder=2,
            )
        axes.set(xlabel="right on generic images, %", ylabel="right on users' images, %")
        axes.set_title("Personal gain against generic loss")
        axes.margins(0.12)
        axes.grid(alpha=0.3)
        figure.legend(loc="outside lower center", ncols=2)
        return svg(figure)


def sizes(ours: list[dict] | None, paper: list[dict]) -> str:
    """Table 1 as curves: accuracy over the size of LE and GN relative to the GE.

    Args:
        ours, paper: rows with ``size``, ``users`` and ``generic`` as shares 0..1.
    """
    with plot(3.6) as figure:
        axes = figure.subplots()
        for rows, who, style in ((paper, "paper", "--"), (ours or [], "ours", "-")):
            for key, marker, colour, what in (("users", "o", BLUE, "users"), ("generic", "s", RED, "EMNIST")):
                known = sorted((row["size"], row[key]) for row in rows if row[key] is not None)
                if known:
                    axes.plot(
                        *zip(*((100 * x, 100 * y) for x, y in known), strict=True),
                        linestyle=style,
                        marker=marker,
                        color=colour,
                        markerfacecolor=colour if who == "ours" else "white",
                        label=f"{who}: {what}",
                    )
        axes.set_xscale("log")
        axes.set_xticks([0.28, 1.12, 2.52, 10, 40], ["0.28", "1.12", "2.52", "10", "40"])
        axes.minorticks_off()
        axes.set(xlabel="weights of LE and GN over those of the GE, %", ylabel="right answers, %")
        axes.set_title("Table 1: size against accuracy")
        axes.grid(alpha=0.3)
        figure.legend(loc="outside lower center", ncols=2)
        return svg(figure)
