# SPDX-License-Identifier: Apache-2.0
"""Several users on one device: accuracy, the right expert, and the load of each."""

from __future__ import annotations

from report.context import Context, Section
from report.markup import Html, code, html, number, paragraph, per_cent, points, table, tag


def section(context: Context) -> Section:
    """By number of local experts, what the device itself answered, and which balance was chosen."""
    return Section("several", "Several users on one device", html(_parts(context)))


def _parts(context: Context) -> list[Html]:
    content = context.get("several")
    if not content:
        return [context.missing("several")]
    parts = [_intro(content), _sizes(context, content)]
    if content.get("device"):
        parts.append(_device(context, content["device"]))
    if content.get("choice"):
        parts.append(_choice(context, content["choice"]))
    return parts


def _intro(content: dict) -> Html:
    return paragraph(
        "Each user has a local expert; the gate, ",
        code(content["gate"]),
        ", chooses between all of them and the GE. Images of all users of a device and generic ones are mixed. Balance "
        f"of the gate's training: {content['balance']}.",
    )


def _sizes(context: Context, content: dict) -> Html:
    rows = []
    for size in content["sizes"]:
        figures = [per_cent(size[key]) for key in ("accuracy", "emnist", "own", "right_of_local")]
        load = " to ".join(f"{value:.2f}" for value in size["load"])
        rows.append([size["experts"], size["devices"], *figures, load, points(-max(size["loss"].values()))])
    head = ["local experts", "devices", "users", "EMNIST", "to their own LE", "right LE, of local ones"]
    head += ["load of an LE, by the mean", "user who loses most"]
    words = "In per cent; the last column in points against the user's own device with one local expert."
    return table(head, rows, html([words, context.cite("several")]))


def _device(context: Context, device: dict) -> Html:
    load = ", ".join(f"{value:.2f}" for value in device["load"])
    words = (
        f" mixed images of users {', '.join(map(str, device['users']))} and generic ones in MOE_GATED on the simulated "
        f"device: {number(device['wrong'])} answers differ from the integer model's, "
        f"{number(device['counter_differences'])} counters from the answers. Load by the device's counters: {load}."
    )
    return paragraph(number(device["images"]), words, context.cite("several"))


def _choice(context: Context, choice: dict) -> Html:
    """Balances, then widths of the gate."""
    asked = {"balances": ("Balance of the gate's training", "balance"), "gates": ("Hidden units of the gate", "hidden")}
    return html([_compared(context, choice, title, choice[name], key) for name, (title, key) in asked.items()])


def _compared(context: Context, choice: dict, title: str, candidates: list[dict], key: str) -> Html:
    rows = [
        [
            row[key],
            *(per_cent(row[name]) for name in ("accuracy", "emnist", "right_of_local")),
            " to ".join(f"{value:.2f}" for value in row["load"]),
            html([points(row["gain"]), " ± ", f"{100 * row['gain_error']:.2f}"]),
        ]
        for row in candidates
    ]
    head = [key, "users", "EMNIST", "right LE", "load", "gain in points"]
    words = (
        f"Cross-validation on training data, {choice['experts']} local experts; gain of the mean of users and EMNIST "
        f"over the first row, with its standard error. Chosen: {choice['chosen'][key]}."
    )
    return html([tag("h3", title), table(head, rows, html([words, context.cite("several")]))])
