# SPDX-License-Identifier: Apache-2.0
"""What few training images are worth, and what a start from other writers is."""

from __future__ import annotations

from report.context import Context, Section
from report.figures.few_samples import curves
from report.markup import Html, figure, html, paragraph, per_cent, points, table

_STARTS = {"usual": "the preset's start", "generic": "start without writers"}
_COLUMNS = {
    "overall": "users",
    "balanced": "users, classes alike",
    "le": "LE alone",
    "le_balanced": "LE, classes alike",
    "generic_overall": "EMNIST",
}


def section(context: Context) -> Section:
    """Accuracy over the number of training images a class, by gate preset."""
    content = context.get("few_samples")
    body = _body(context, content) if content else context.missing("few_samples")
    return Section("few_samples", "Few training images", body)


def _body(context: Context, content: dict) -> Html:
    parts: list[Html] = []
    for gate, found in content["gates"].items():
        starts = found["starts"]
        alt = f"Accuracy of preset {gate} over images a class: " + "; ".join(
            f"{_STARTS[start]}: "
            + ", ".join(f"{_count(p)} {100 * p['mean']['overall']['mean']:.1f}" for p in line if p["mean"])
            for start, line in starts.items()
        )
        users, seeds = (len({row[key] for row in found["rows"]}) for key in ("user", "seed"))
        words = (
            f"Mean over {users} users and {seeds} seeds, with the spread of the seeds; dashed: from a head of the same "
            "shape that saw generic handwriting alone."
        )
        picture = curves(starts, _STARTS, f"Gate preset {gate}")
        parts += [figure(picture, alt, html([words, context.cite("few_samples")])), _table(context, gate, starts)]
        if "generic" in starts:
            parts.append(_worth(starts))
    return html(parts)


def _count(point: dict) -> str:
    return "all" if point["count"] is None else str(point["count"])


def _table(context: Context, gate: str, starts: dict) -> Html:
    rows = [
        [f"{_count(point)}, {_STARTS[start]}", f"{point['images_a_class']:.1f}"]
        + [per_cent(_mean(point, key)) for key in _COLUMNS]
        for start, line in starts.items()
        for point in line
    ]
    caption = html([f"Gate preset {gate}, in per cent, integer model.", context.cite("few_samples")])
    return table(["images a class", "mean of them", *_COLUMNS.values()], rows, caption)


def _mean(point: dict, key: str) -> float | None:
    return point["mean"][key]["mean"] if key in point["mean"] else None


def _worth(starts: dict) -> Html:
    """What other writers are worth to the local expert, by images a class."""
    other = {point["count"]: _mean(point, "le") for point in starts["generic"]}
    parts = [
        html([f"{_count(point)} images a class ", points(le - without), "; "])
        for point in starts["usual"]
        if (le := _mean(point, "le")) is not None and (without := other.get(point["count"])) is not None
    ]
    return paragraph("What other writers are worth to the LE alone, in points: ", *parts)
