# SPDX-License-Identifier: Apache-2.0
"""The plot of :mod:`verif.power.sweep`: energy proxy, cycles and latency over the share of generic images."""

from __future__ import annotations

import io

import matplotlib
from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart without colour by line style and marker.
_GATED = {"color": "#0072B2", "marker": "o", "label": "MOE_GATED"}
_STYLES = {
    "GE_ONLY": {"color": "#000000", "linestyle": "--", "label": "GE_ONLY"},
    "MOE_PARALLEL": {"color": "#D55E00", "linestyle": ":", "linewidth": 2.2, "label": "MOE_PARALLEL"},
}
_FIXED = {"svg.hashsalt": "gated_sweep", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}


def draw(data: dict) -> str:
    """SVG of the figures that the sweep keeps; the same figures give the same text."""
    panels = (
        ("Energy proxy, weights on chip", "nJ an image", lambda p: p["energy"]["ON_CHIP"]["total"] / 1e3),
        ("Energy proxy, GE weights from DRAM", "µJ an image", lambda p: p["energy"]["GE_DRAM"]["total"] / 1e6),
        ("Throughput", "cycles an image, streamed", lambda p: p["cycles"]),
        ("Latency", "mean cycles, one image at a time", lambda p: p["latency"]),
    )
    gated = [point for point in data["points"] if point["mode"] == "MOE_GATED"]
    shares = [100 * point["generic"] for point in gated]
    with matplotlib.rc_context(_FIXED):
        figure = Figure(figsize=(8, 6), layout="constrained")
        for axes, (title, unit, value) in zip(figure.subplots(2, 2).flat, panels, strict=True):
            for point in data["points"]:
                if point["mode"] in _STYLES:
                    axes.axhline(value(point), **_STYLES[point["mode"]])
            axes.plot(shares, [value(point) for point in gated], **_GATED)
            axes.set(title=title, xlabel="generic images, %", ylabel=unit)
            axes.set_ylim(bottom=0)
            axes.grid(alpha=0.3)
        figure.axes[0].legend(loc="lower right")
        figure.suptitle(f"{data['design']}, user {data['user']}, generic images: {data['generic']}")
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()
