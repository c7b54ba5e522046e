# SPDX-License-Identifier: Apache-2.0
"""Cycles an image of this project and of its peers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from report.figures.style import BLUE, GREY, plot, svg
from spec.paths import ROOT

FILE = ROOT / "docs" / "images" / "bench.svg"


def picture(rows: Sequence[dict[str, Any]]) -> str:
    """Bars on a logarithmic scale, this project's first; rows of one layer alone or without cycles are left out."""
    known = [row for row in rows if row.get("cycles") and "alone" not in row["what"]]
    with plot(0.9 + 0.45 * len(known)) as figure:
        axes = figure.subplots()
        names = [row["name"] for row in known]
        bars = axes.barh(names, [row["cycles"] for row in known], color=[BLUE, *[GREY] * (len(known) - 1)])
        labels = [f"{row['cycles']:,.0f}, {row['multipliers']} multipliers" for row in known]
        axes.bar_label(bars, labels, padding=3, fontsize=8)
        axes.set_xscale("log")
        axes.set_xlim(1000, 40 * max(row["cycles"] for row in known))
        axes.invert_yaxis()
        axes.set(xlabel="clock cycles an image")
        axes.set_title("Cycles an image, the same network and images")
        return svg(figure)
