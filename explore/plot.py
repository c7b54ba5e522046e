# SPDX-License-Identifier: Apache-2.0
"""What the explorer's pictures have in common: colours, axes, and bytes that depend on the figures alone."""

from __future__ import annotations

import io
from collections.abc import Callable

import matplotlib
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

BLUE, RED, GREEN, PINK, BLACK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"  # Okabe and Ito's colours
_FIXED = {"font.family": "DejaVu Sans", "axes.spines.top": False, "axes.spines.right": False}


def png(size: tuple[float, float], font: float, draw: Callable[[Figure], None]) -> bytes:
    """A picture of ``size`` inches with letters of ``font`` points; ``draw`` fills it."""
    with matplotlib.rc_context({**_FIXED, "font.size": font}):
        figure = Figure(figsize=size, layout="constrained", facecolor="white")
        draw(figure)
        made = io.BytesIO()
        figure.savefig(made, format="png", dpi=110, metadata={"Software": None})
    return made.getvalue()


def ticks(axis: Axis, text: str) -> None:
    """Ticks at 1, 2 and 5 of each decade of a logarithmic axis, written as ``text`` says."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(text)
