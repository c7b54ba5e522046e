# SPDX-License-Identifier: Apache-2.0
"""Throughput and latency by mode, and what sleep does on real handwriting."""

from __future__ import annotations

from report.context import Context, Section
from report.figures import cycles as plots
from report.key_figures import gated_rows, gated_users
from report.markup import Html, figure, grid, html, number, percent, table, tag


def section(context: Context) -> Section:
    """Plots, then the tables behind them."""
    parts = [_throughput(context), _latency(context), _gated(context)]
    return Section("cycles", "Throughput and latency", html(parts))


def _throughput(context: Context) -> Html:
    compared, users = context.get("compare"), gated_users(context)
    rows, cited, figures = [], [], []
    if compared:
        cited.append("compare")
        modes = compared["modes"]
        rows += [(m, modes[m]["cycles_per_image"]) for m in ("GE_ONLY", "MOE_PARALLEL", "LE_ONLY") if m in modes]
    if users:
        cited.append("gated")
        cycles = [row["cycles"] for row in users.values()]
        rows += [("MOE_GATED, best user", min(cycles)), ("MOE_GATED, worst user", max(cycles))]
    if rows:
        alt = "Cycles an image: " + ", ".join(f"{name} {value:,.0f}" for name, value in rows)
        words = "Cycles an image in a stream; users: their own test images."
        figures.append(figure(plots.bars(rows), alt, html([words, context.cite(*cited)])))
    if users:
        alt = "Share of time with supply for the GE, and share of images that it answers: " + ", ".join(
            f"{name} {100 * row['on']['ge']:.0f} % and {100 * (1 - row['local']):.0f} %" for name, row in users.items()
        )
        words = "An image for the GE keeps it on for far longer than a local image takes, hence the longer bars."
        figures.append(figure(plots.supply(users), alt, html([words, context.cite("gated")])))
    parts = [grid(*figures)] if figures else []
    return html(parts if compared else [*parts, context.missing("compare")])


def _latency(context: Context) -> Html:
    content = context.get("sweep")
    title = tag("h3", "Over the share of generic images")
    if not content:
        return html([title, context.missing("sweep")])
    rows = []
    for point in content["points"]:
        share = f", {100 * point['generic']:g} % generic" if point["mode"] == "MOE_GATED" else ""
        figures = [number(point[key]) for key in ("cycles", "latency", "latency_worst")]
        power = [number(point["woke"], 2), percent(point["on"]["ge"], 0)]
        rows.append([f"{point['mode']}{share}", percent(point["to_ge"], 0), *figures, *power])
    head = ["mode", "to the GE", "cycles an image", "mean latency", "worst", "GE woken, per image", "GE on"]
    words = f"Streams of {content['points'][0]['images']} images; latency of one image at a time, in cycles."
    return html([title, table(head, rows, html([words, context.cite("sweep")]))])


def _gated(context: Context) -> Html:
    gated = gated_rows(context)
    title = tag("h3", "MOE_GATED on whole data sets")
    if not gated:
        return html([title, context.missing("gated")])
    rows = []
    for name, row in gated.items():
        figures = [number(row["images"]), number(row["wrong"]), percent(row["local"], 1)]
        rows.append([name, *figures, number(row["woke"], 3), number(row["cycles"]), percent(row["on"]["ge"], 1)])
    head = ["images", "number", "answers that differ", "to the LE", "GE woken, per image", "cycles an image", "GE on"]
    words = "The device with its power domains; answers are compared with MOE_PARALLEL."
    return html([title, table(head, rows, html([words, context.cite("gated")]))])
