# SPDX-License-Identifier: Apache-2.0
"""Energy proxies: by mode, with their bounds, and over the share of local images."""

from __future__ import annotations

from collections.abc import Callable

from golden.energy.ratios import Ratio
from report.figures.style import BLACK, BLUE, GREEN, ORANGE, RED, domain_bar, plot, svg


def modes(
    names: list[str], records: list[dict], reference: dict, ratio: Callable[[dict, dict], Ratio], title: str
) -> str:
    """Horizontal bars by power domain with the bounds of the whole, relative to one record.

    Args:
        records: of each name ``total``, ``by_domain`` and ``by_kind``, in one unit.
        reference: the record that is 100 %.
        ratio: what the bounds of a ratio are, from ``by_kind`` of both.
    """
    with plot(3.7) as figure:
        axes = figure.subplots()
        places = range(len(names))[::-1]
        for place, record in zip(places, records, strict=True):
            shares = {domain: part / reference["total"] for domain, part in record["by_domain"].items()}
            domain_bar(axes, place, shares, labelled=place == places[0])
            value, low, high = (100 * bound for bound in ratio(record["by_kind"], reference["by_kind"]))
            axes.errorbar(value, place, xerr=[[value - low], [high - value]], color=BLACK, capsize=3, linewidth=1)
            axes.annotate(
                f"{value:.3g}", (high, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8
            )
        axes.axvline(100, color=BLACK, linewidth=0.8, linestyle=":")
        axes.set_yticks(list(places), names)
        axes.set(xlabel="% of GE_ONLY with generic images")
        axes.set_title(title)
        axes.margins(x=0.12)
        axes.grid(axis="x", alpha=0.3)
        figure.legend(loc="outside lower center", ncols=5, columnspacing=1.0, handlelength=1.4)
        return svg(figure)


def shares(points: list[dict], weights: str, paper: float, title: str) -> str:
    """Energy of a mean image relative to GE_ONLY over the share of local images.

    Args:
        points: of the sweep: ``mode``, ``generic`` and ``energy[weights]``.
        paper: the paper's MoE relative to its GE; both experts run, whatever the share.
    """
    whole = next(point for point in points if point["mode"] == "GE_ONLY")["energy"][weights]["total"]
    gated = sorted((100 * (1 - p["generic"]), p["energy"][weights]) for p in points if p["mode"] == "MOE_GATED")
    parallel = next(point for point in points if point["mode"] == "MOE_PARALLEL")["energy"][weights]["total"]
    with plot(3.6) as figure:
        axes = figure.subplots()
        axes.axhline(100 * paper, color=RED, linestyle=":", linewidth=2.2, label=f"paper's MoE: {100 * paper:.1f} %")
        axes.axhline(
            100 * parallel / whole,
            color=ORANGE,
            linestyle="-.",
            linewidth=1.6,
            label=f"MOE_PARALLEL: {100 * parallel / whole:.1f} %",
        )
        axes.axhline(100, color=BLACK, linestyle="--", linewidth=1, label="GE_ONLY: 100 %")
        places = [place for place, _ in gated]
        values = [100 * energy["total"] / whole for _, energy in gated]
        axes.plot(places, values, color=BLUE, marker="o", linewidth=1.8, label="MOE_GATED")
        axes.fill_between(places, values, 100, color=GREEN, alpha=0.12, linewidth=0)
        axes.annotate(
            f"{values[-1]:.3g} %",
            (places[-1], values[-1]),
            xytext=(-44, 2),
            textcoords="offset points",
            ha="right",
            fontsize=8.5,
        )
        axes.set(
            xlabel="user's images among all, %", ylabel="energy proxy, % of GE_ONLY", ylim=(0, 116), xlim=(-3, 103)
        )
        axes.set_title(title)
        axes.grid(alpha=0.3)
        figure.legend(loc="outside lower center", ncols=2)
        return svg(figure)
