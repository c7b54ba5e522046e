# SPDX-License-Identifier: Apache-2.0
"""One look for all plots: Okabe and Ito's colours, told apart without colour by hatch, marker and line style."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PINK, GREY = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
    "#9A9A9A",
)

# Power domains: colour, hatch, name.
DOMAINS = {
    "aon": (GREY, "", "always on"),
    "fe": (SKY, "", "front end"),
    "ge": (RED, "//", "GE"),
    "le": (GREEN, "..", "LE"),
    "gn": (YELLOW, "xx", "GN"),
}
WIDTH = 4.7  # inches: about the width of a phone, so that text keeps its size there

_FIXED = {
    "svg.hashsalt": "report",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "hatch.linewidth": 0.6,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
}


def domain_bar(axes: Axes, place: int, shares: Mapping[str, float], labelled: bool) -> float:
    """A horizontal bar of one part a power domain, in per cent; returns their sum.

    Args:
        shares: by domain, 0..1.
        labelled: whether its parts get into the legend.
    """
    left = 0.0
    for domain, (colour, hatch, name) in DOMAINS.items():
        width = 100 * shares.get(domain, 0.0)
        look = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.4, "height": 0.65}
        axes.barh(place, width, left=left, label=name if labelled else None, **look)
        left += width
    return left


@contextmanager
def plot(height: float, width: float = WIDTH) -> Iterator[Figure]:
    """A figure of the given size in inches, drawn in the common style."""
    with matplotlib.rc_context(_FIXED):
        yield Figure(figsize=(width, height), layout="constrained", facecolor="white")


def svg(figure: Figure) -> str:
    """The figure as text, without a date."""
    text = io.StringIO()
    with matplotlib.rc_context(_FIXED):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def png(figure: Figure) -> bytes:
    """The figure as an image, without the name of the program."""
    data = io.BytesIO()
    with matplotlib.rc_context(_FIXED):
        figure.savefig(data, format="png", dpi=120, metadata={"Software": None})
    return data.getvalue()
