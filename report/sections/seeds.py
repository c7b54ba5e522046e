# SPDX-License-Identifier: Apache-2.0
"""Gate presets beside fine-tuning over users and seeds: mean, spread, weights of a user."""

from __future__ import annotations

from report.context import Context, Section
from report.markup import Html, code, html, number, paragraph, per_cent, points, table

_SHARED = {"overall": "users", "balanced": "users, classes alike", "generic_overall": "EMNIST"}
_OF_GATES = {"le": "users, LE alone", "gn": "users' images to the LE", "generic_to_le": "EMNIST to the LE"}


def section(context: Context) -> Section:
    """One table, and how it was measured."""
    content = context.get("seeds")
    body = html(_parts(context, content)) if content else context.missing("seeds")
    return Section("seeds", "Users and seeds, beside fine-tuning", body)


def _parts(context: Context, content: dict) -> list[Html]:
    gates, tuned = content["gates"], content["fine_tuning"]
    entries = [(code(gate), entry) for gate, entry in gates.items()]
    entries += [(entry["name"], entry) for entry in tuned.values()]
    rows = [_row(name, entry, bool(gates)) for name, entry in entries]
    head = ["", "weights of a user", "by those of the GE", *_SHARED.values(), "EMNIST against the GE"]
    head += _OF_GATES.values() if gates else ()
    some = entries[0][1]["rows"]
    users, seeds = (len({row[key] for row in some}) for key in ("user", "seed"))
    caption = [
        f"In per cent, the change of EMNIST in points: mean over {users} users and {seeds} seeds, \u00b1 the standard "
        f"deviation of the seeds' means. {content['measured_on']}",
        context.cite("seeds"),
    ]
    return [*_words(bool(gates), bool(tuned)), table(head, rows, html(caption))]


def _row(name: object, entry: dict, with_gates: bool) -> list[object]:
    mean = entry["mean"]
    change = mean["generic_overall"]["mean"] - mean["generic_ge"]["mean"]
    row = [name, number(entry["weights"]), per_cent(entry["share"]), *(_figure(mean[key]) for key in _SHARED)]
    row.append(points(change))
    if with_gates:
        row += [_figure(mean[key]) if key in mean else "\u2013" for key in _OF_GATES]
    return row


def _figure(figure: dict) -> str:
    return f"{per_cent(figure['mean'])} \u00b1 {per_cent(figure['spread'])}"


def _words(gates: bool, tuned: bool) -> list[Html]:
    words = []
    if gates:
        words.append(
            "With each seed everything of a gate preset is trained anew, the factory's part without the user; the "
            "integer model answers."
        )
    if tuned:
        words.append(
            "Fine-tuning changes the last two dense layers of the float GE, in float32. The paper's knows the user's "
            "images alone. With copies and rehearsal it learns from the augmented copies and the generic samples that "
            "a local expert learns from; factory layers were trained on generic handwriting and on the other writers "
            "before, and alone have never seen the user."
        )
    return [paragraph(" ".join(words))]
