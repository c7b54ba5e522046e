# SPDX-License-Identifier: Apache-2.0
"""Where the cycles of one image go: work of each layer over time, on the power state of its domain."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from report.figures.style import DOMAINS, GREY, ORANGE, plot, svg

# Power states as they are drawn behind the work: colour, hatch. A state that is neither on nor off is on its way.
ON, OFF, BETWEEN = ("#FFFFFF", ""), ("#E4E4E4", "////"), ("#FFE3B3", "")


def background(state: str) -> tuple[str, str]:
    """How a power state is drawn."""
    return {"on": ON, "off": OFF}.get(state, BETWEEN)


def _spans(axes: Axes, place: float, height: float, spans: list, colour: str, hatch: str, **options: object) -> None:
    bars = [(start, max(end - start, 1)) for start, end in spans]
    axes.broken_barh(bars, (place - height / 2, height), facecolors=colour, hatch=hatch, **options)


def _power(axes: Axes, place: float, states: list) -> None:
    for state, start, end in states:
        colour, hatch = background(state)
        _spans(axes, place, 0.96, [(start, end)], colour, hatch, edgecolor="#B5B5B5", linewidth=0.3, zorder=1)


def detail(image: dict, title: str) -> str:
    """One image: a row for each layer and stream, in the order of the data."""
    rows = image["rows"]
    with plot(0.9 + 0.235 * len(rows)) as figure:
        axes = figure.subplots()
        for i, row in enumerate(rows):
            place = len(rows) - 1 - i
            _power(axes, place, image["power"].get(row["domain"], []))
            colour, _, _ = DOMAINS[row["domain"]]
            _spans(axes, place, 0.56, row["busy"], colour, "", edgecolor="#333333", linewidth=0.3, zorder=2)
        axes.set_yticks(range(len(rows))[::-1], [row["name"].replace("_", " ") for row in rows])
        for label, row in zip(axes.get_yticklabels(), rows, strict=True):
            label.set_color("#222222" if row["domain"] in image["power"] else "#555555")
        if image.get("gate_decision") is not None:
            axes.axvline(image["gate_decision"], color=ORANGE, linewidth=1.6, linestyle="--", zorder=3)
            axes.annotate(
                "gate decides",
                (image["gate_decision"], len(rows) - 0.45),
                xytext=(3, 0),
                textcoords="offset points",
                fontsize=8,
                color="#8A5A00",
                annotation_clip=False,
            )
        axes.axvline(image["result"], color="#333333", linewidth=1, linestyle=":", zorder=3)
        axes.set(xlim=(0, 1.02 * image["cycles"]), ylim=(-0.6, len(rows) + 0.1), xlabel="cycles since the first pixel")
        axes.set_title(title)
        axes.tick_params(axis="y", length=0)
        return svg(figure)


def overview(images: list[dict], names: list[str]) -> str:
    """All images on one scale: one row for each power domain, work merged over its layers."""
    groups = list(DOMAINS)
    height = len(groups) + 1
    with plot(0.9 + 0.15 * height * len(images)) as figure:
        axes = figure.subplots()
        ticks, labels = [], []
        end = max(image["cycles"] for image in images)
        for i, (image, name) in enumerate(zip(images, names, strict=True)):
            top = (len(images) - i) * height - 1
            for j, domain in enumerate(groups):
                place = top - j - 1
                _power(axes, place, image["power"].get(domain, []))
                colour, hatch, _ = DOMAINS[domain]
                for row in image["rows"]:
                    if row["domain"] == domain:
                        _spans(
                            axes, place, 0.72, row["busy"], colour, hatch, edgecolor="#333333", linewidth=0.2, zorder=2
                        )
            label = f"{name}: {image['result']:,}"
            axes.annotate(label, (0, top - 0.02), fontsize=8, fontweight="bold", va="center")
            limits = [top - len(groups) - 0.45, top - 0.5]
            axes.plot([image["result"]] * 2, limits, color="#333333", linewidth=1.2, zorder=3)
            ticks += [top - j - 1 for j in range(len(groups))]
            labels += [DOMAINS[domain][2] for domain in groups]
        axes.set_yticks(ticks, labels, fontsize=6.5)
        axes.tick_params(axis="y", length=0)
        axes.set(xlim=(0, 1.02 * end), ylim=(-0.8, len(images) * height - 0.5), xlabel="cycles since the first pixel")
        axes.set_title("One image through the domains: cycle of its result")
        figure.legend(handles=legend(), loc="outside lower center", ncols=2)
        return svg(figure)


def legend() -> list[Patch]:
    """What the backgrounds mean."""
    named = {"on": ON, "off": OFF, "waking, going off": BETWEEN}
    patches = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="#B5B5B5", label=f"domain {name}")
        for name, (colour, hatch) in named.items()
    ]
    return [*patches, Patch(facecolor=GREY, edgecolor="#333333", label="at work")]
