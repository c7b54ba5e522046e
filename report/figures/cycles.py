# SPDX-License-Identifier: Apache-2.0
"""Cycles an image by mode, and how long the GE has supply for each user."""

from __future__ import annotations

from report.figures.style import BLUE, GREEN, ORANGE, RED, plot, svg


def bars(rows: list[tuple[str, float]]) -> str:
    """Cycles an image, by name."""
    with plot(3.0) as figure:
        axes = figure.subplots()
        places = range(len(rows))[::-1]
        bars = axes.barh(list(places), [value for _, value in rows], color=BLUE, height=0.62)
        axes.bar_label(bars, [f"{value:,.0f}" for _, value in rows], padding=3, fontsize=8.5)
        axes.set_yticks(list(places), [name for name, _ in rows])
        axes.axvline(784, color=RED, linestyle=":", linewidth=1.6, label="784: one pixel a cycle")
        axes.set(xlabel="cycles an image")
        axes.margins(x=0.15)
        axes.set_title("Throughput")
        figure.legend(loc="outside lower center")
        return svg(figure)


def supply(rows: dict[str, dict]) -> str:
    """Each user's share of time in which the GE has supply, and of images that the GE answers."""
    with plot(3.0) as figure:
        axes = figure.subplots()
        names = [name.removeprefix("user ") for name in rows]
        places = range(len(names))
        axes.bar(
            [p - 0.2 for p in places],
            [100 * row["on"]["ge"] for row in rows.values()],
            0.4,
            color=RED,
            hatch="//",
            edgecolor="white",
            label="time with supply for the GE",
        )
        axes.bar(
            [p + 0.2 for p in places],
            [100 * (1 - row["local"]) for row in rows.values()],
            0.4,
            color=GREEN,
            hatch="..",
            edgecolor="white",
            label="images that the GE answers",
        )
        axes.axhline(100, color=ORANGE, linestyle="--", linewidth=1.2, label="GE_ONLY, MOE_PARALLEL")
        axes.set_xticks(list(places), names)
        axes.set(xlabel="user", ylabel="%", ylim=(0, 108))
        axes.set_title("MOE_GATED: the GE sleeps")
        figure.legend(loc="outside lower center", ncols=2)
        return svg(figure)
