# SPDX-License-Identifier: Apache-2.0
"""What each power domain takes of the FPGA, and the personal part relative to the global expert."""

from __future__ import annotations

from report.figures.style import BLUE, RED, domain_bar, plot, svg

KINDS = {"lut4_sites": "LUT4 sites", "TRELLIS_FF": "flip-flops", "DP16KD": "block RAM", "MULT18X18D": "multipliers"}
CAPACITY = {"lut4_sites": "LUT4", "TRELLIS_FF": "TRELLIS_FF", "DP16KD": "DP16KD", "MULT18X18D": "MULT18X18D"}


def device(cells: dict, capacity: dict) -> str:
    """Share of the device by power domain, for each kind of cell."""
    with plot(2.9) as figure:
        axes = figure.subplots()
        places = list(range(len(KINDS)))[::-1]
        for place, (key, _) in zip(places, KINDS.items(), strict=True):
            shares = {domain: found.get(key, 0) / capacity[CAPACITY[key]] for domain, found in cells.items()}
            used = domain_bar(axes, place, shares, labelled=place == places[0])
            axes.annotate(
                f"{used:.0f} %", (used, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8.5
            )
        axes.set_yticks(places, list(KINDS.values()))
        axes.set(xlabel=f"% of an {capacity['name']}", xlim=(0, 108))
        axes.set_title("Cells by power domain")
        axes.grid(axis="x", alpha=0.3)
        figure.legend(loc="outside lower center", ncols=5, columnspacing=1.0, handlelength=1.4)
        return svg(figure)


def overhead(ratios: dict[str, float], paper: float) -> str:
    """LE and GN over the GE, by measure, as shares; ``paper``: its network size."""
    with plot(2.9) as figure:
        axes = figure.subplots()
        places = range(len(ratios))[::-1]
        bars = axes.barh(list(places), [100 * value for value in ratios.values()], color=BLUE, height=0.62)
        axes.bar_label(bars, [f"{100 * value:.1f} %" for value in ratios.values()], padding=3, fontsize=8.5)
        axes.axvline(100 * paper, color=RED, linestyle=":", linewidth=2, label=f"paper, weights: {100 * paper:.2f} %")
        axes.set_yticks(list(places), list(ratios))
        axes.set(xlabel="LE and GN over front end and GE, %")
        axes.margins(x=0.18)
        axes.set_title("The personal part in hardware")
        figure.legend(loc="outside lower center")
        return svg(figure)
