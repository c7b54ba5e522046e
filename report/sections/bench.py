# SPDX-License-Identifier: Apache-2.0
"""This project beside its peers, generated on the spot, and published figures of others."""

from __future__ import annotations

from report.context import Context, Section
from report.figures.bench import picture
from report.markup import Html, figure, html, number, paragraph, per_cent, table, tag

_CELLS = {"lut4": "LUT4 sites", "ff": "flip-flops", "ebr": "block RAM"}


def section(context: Context) -> Section:
    """Rows of one run, ratios, what could not be built, and what others publish."""
    return Section("bench", "Beside others", html(_parts(context)))


def _parts(context: Context) -> list[Html]:
    content = context.get("bench")
    if not content:
        return [context.missing("bench")]
    rows = [row for row in content["rows"] if "failed" not in row]
    bars = figure(picture(rows), _words(rows), html(["Clock cycles an image. ", context.cite("bench")]))
    parts = [_measured(context, content, rows), bars]
    parts += [paragraph(_ratio(row)) for row in rows if "ratios" in row]
    parts += [paragraph(f"{row['name']}: not measured: {row['failed']}") for row in content["rows"] if "failed" in row]
    parts += [paragraph(f"{row['name']}: no cells: {row['no_cells']}") for row in rows if "no_cells" in row]
    parts += [paragraph(tag("strong", text)) for text in content["findings"]]
    return [*parts, _published(context, content["published"])]


def _words(rows: list[dict]) -> str:
    """The picture for who cannot see it."""
    return "Cycles an image: " + ", ".join(f"{row['name']} {row['cycles']:,.0f}" for row in rows if row.get("cycles"))


def _measured(context: Context, content: dict, rows: list[dict]) -> Html:
    lines = []
    for row in rows:
        cells = row.get("cells") or {}
        figures = [row.get("cycles"), row.get("multipliers"), *(cells.get(key) for key in _CELLS)]
        right = "-" if row["accuracy"] is None else per_cent(row["accuracy"])
        differ = f"{row['differing']} of {row['compared']}"
        lines.append([row["name"], row["what"], *map(_known, figures), right, differ])
    head = ["", "what runs", "cycles", "multipliers", *_CELLS.values(), "right, %", "differ from its model"]
    words = f"{content['data']['images']} images, the same for all. "
    return table(head, lines, html([words, context.cite("bench")]))


def _ratio(row: dict) -> str:
    found = row["ratios"]
    return (
        f"{row['name']}: {found['cycles']:.1f} times our cycles, {found['multipliers']:.2f} times its multipliers are "
        f"ours; multiplier for multiplier {found['cycles_times_multipliers']:.1f} times."
    )


def _published(context: Context, rows: list[dict]) -> Html:
    lines = [
        [row["name"], row["device"] or "-", *map(_known, (row["images_per_second"], row["latency_us"])), row["source"]]
        for row in rows
    ]
    words = html(["Published, not measured here; other networks and data. ", context.cite("bench")])
    return html([tag("h3", "Published"), table(["", "device", "images/s", "latency, us", "source"], lines, words)])


def _known(value: float | None) -> str:
    if value is None:
        return "-"
    return number(value) if value >= 100 or value == int(value) else f"{value:g}"
