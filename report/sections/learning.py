# SPDX-License-Identifier: Apache-2.0
"""A device that learns its user by itself: accuracy over passes, beside training on a host."""

from __future__ import annotations

from report.context import Context, Section
from report.markup import Html, html, number, paragraph, per_cent, table

_COLUMNS = {
    "le": "users, LE alone",
    "overall": "users",
    "balanced": "users, classes alike",
    "generic_overall": "EMNIST",
}


def section(context: Context) -> Section:
    """Tables of every gate preset: passes, and what was asked for."""
    content = context.get("learning")
    body = html(_parts(context, content)) if content else context.missing("learning")
    return Section("learning", "Learning on the device", body)


def _parts(context: Context, content: dict) -> list[Html]:
    parts: list[Html] = [
        paragraph(
            "The device starts from the factory bank without its user and learns from one labelled image at a time, by "
            "itself; the golden learner says what becomes of every weight."
        )
    ]
    for gate, found in content["gates"].items():
        parts += [_passes(context, gate, found), _targets(context, found)]
    return parts


def _passes(context: Context, gate: str, found: dict) -> Html:
    users, seeds = (len({row[key] for row in found["rows"]}) for key in ("user", "seed"))
    whole = found["curve"][-1]["after"]
    rows = [
        [passes, *(_figure(means[key]) for key in _COLUMNS), number(round(_learned(means)))]
        for passes, means in whole.items()
    ]
    if host := found["host"]:
        rows.append(["trained on a host", *(per_cent(host.get(key)) or "\u2013" for key in _COLUMNS), "\u2013"])
    words = (
        f"Gate preset {gate}, in per cent: mean over {users} users and {seeds} seeds, \u00b1 the standard deviation of "
        "the seeds' means; the last column counts images of both kinds."
    )
    return table(["passes", *_COLUMNS.values(), "images"], rows, html([words, context.cite("learning")]))


def _learned(means: dict) -> float:
    return sum(means[key]["mean"] for key in ("own", "generic") if key in means)


def _targets(context: Context, found: dict) -> Html:
    rows = [
        [one["what"], per_cent(one["least"]), per_cent(one["found"]), "yes" if one["met"] else "no"]
        for one in found["targets"]
    ]
    caption = html(["What was asked for, in per cent.", context.cite("learning")])
    return table(["target", "at least", "found", "met"], rows, caption)


def _figure(figure: dict) -> str:
    return f"{per_cent(figure['mean'])} \u00b1 {per_cent(figure['spread'])}"
