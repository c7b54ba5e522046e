# SPDX-License-Identifier: Apache-2.0
"""The table of learning on the device: after how many passes and images it is how good, beside host training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from spec.learning import LearnRule
from spec.markdown import markdown_table
from spec.network import Moe
from spec.paths import RESULTS
from training import seed_runs
from training.course import Course
from training.learning import Source, Task
from training.table_files import LICENCE

NAME = "learning"
PASSES = (0, 1, 3, 10, 20)  # after which is measured, and after the last of the course
COUNTS = (1, 2, 5, 10, None)  # images of each class, for the curve; None: all
TARGETS = {"le": 0.870, "overall": 0.864, "generic_overall": 0.744}
FIRST_PASS = 0.825  # the local expert alone
OF_HOST = 0.015  # so much less than a bank that was trained on a host
COLUMNS = {
    "le": "users, LE alone",
    "le_balanced": "LE, classes alike",
    "overall": "users",
    "balanced": "users, classes alike",
    "gn": "users' to the LE",
    "generic_overall": "EMNIST",
    "generic_to_le": "EMNIST to the LE",
}
_OF_CURVE = ("le", "overall", "balanced", "generic_overall")
_TALLY = {
    "own": "own images",
    "generic": "generic images",
    "local_updates": "updates of the LE",
    "gate_updates": "updates of the gate",
    "saturations": "weights held at an end of their range",
}
_NAMES = {"le": "users, LE alone", "overall": "users", "generic_overall": "EMNIST"}


def measured_after(course: Course) -> tuple[int, ...]:
    """Passes after which a course is measured."""
    return tuple(sorted({*(number for number in PASSES if number <= course.passes), course.passes}))


def tasks_of(sources: Sequence[Source], rule: LearnRule, course: Course, seeds: int, work: Path) -> list[Task]:
    """Every source, that is user, with every seed and number of images."""
    after = measured_after(course)
    return [
        Task(source, rule, course, seed, after, work, count)
        for source in sources
        for seed in range(seeds)
        for count in COUNTS
    ]


def entry(
    moe: Moe, rule: LearnRule, section: dict[str, Any], rows: Sequence[dict[str, Any]], host: dict[str, float] | None
) -> dict[str, Any]:
    """A gate preset's part of the result.

    Args:
        section: ``[learning]`` of the preset.
        rows: of :func:`tasks_of`.
        host: of :func:`host_figures`.
    """
    curve = [_point([row for row in rows if row["count"] == count]) for count in COUNTS]
    whole = curve[-1]["after"]
    last, first = whole[max(whole, key=int)], whole.get("1")
    return {
        "rule": {key: value for key, value in asdict(rule).items() if key != "seed"},
        "section": section,
        "arithmetic": moe.arithmetic,
        "curve": curve,
        "host": host,
        "targets": _targets(last, first, host),
        "rows": list(rows),
    }


def _point(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of one number of images a class: by number of passes the means and their spread."""
    after = {}
    for number in rows[0]["after"]:
        flat = [{"user": row["user"], "seed": row["seed"], **row["after"][number]} for row in rows]
        after[number] = seed_runs.summary(flat)
    each = float(np.mean([row["images"] / max(1, row["classes"]) for row in rows]))
    return {"count": rows[0]["count"], "images_a_class": each, "after": after}


def _targets(last: dict[str, Any], first: dict[str, Any] | None, host: dict[str, float] | None) -> list[dict[str, Any]]:
    """What was asked for, what was found, and whether it is met."""
    found = [(f"{_NAMES[key]}, after all passes", least, last[key]["mean"]) for key, least in TARGETS.items()]
    if first:
        found.append(("users, LE alone, after one pass", FIRST_PASS, first["le"]["mean"]))
    for key in TARGETS if host else ():
        found.append(
            (f"{_NAMES[key]}, {100 * OF_HOST:.1f} points below host training", host[key] - OF_HOST, last[key]["mean"])
        )
    return [{"what": what, "least": least, "found": mean, "met": mean >= least} for what, least, mean in found]


def host_figures(gate: str, users: Sequence[int], file: Path | None = None) -> dict[str, float] | None:
    """Means of the shipped banks' figures in the kept Table 2, of these users; None when it has them not."""
    try:
        rows = [row for row in json.loads((file or RESULTS / "table2.json").read_text())[gate] if row["user"] in users]
        if {row["user"] for row in rows} != set(users):
            return None
        return {key: float(np.mean([row[key] for row in rows])) for key in ("ge", *TARGETS, "gn", "generic_to_le")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def as_markdown(result: dict[str, Any]) -> str:
    """The tables for people."""
    some = next(iter(result["gates"].values()))
    users, seeds = (len({row[key] for row in some["rows"]}) for key in ("user", "seed"))
    parts = [
        f"{LICENCE}# Learning on the device\n",
        f"In per cent, by the golden learner: mean over {users} user{'s' * (users > 1)} and {seeds} "
        f"seed{'s' * (seeds > 1)} (order of the images, generic images, LFSR), ± the standard deviation of the seeds' "
        f"means. {result['measured_on']} Every device starts from the factory bank that was made without its user (0 "
        "passes). [What the device does and why](../learning.md).\n",
    ]
    for gate, found in result["gates"].items():
        whole = found["curve"][-1]
        ge = whole["after"]["0"]
        parts += [
            f"## Gate preset `{gate}`\n",
            f"The GE alone: users {_cell(ge['ge'], False)}, EMNIST {_cell(ge['generic_ge'], False)}.\n",
            _passes(whole["after"], found["host"]),
            _targets_table(found["targets"]),
            "What a user's course is, in the mean:\n",
            _tallies(whole["after"]),
            "### Fewer images of each character\n",
            "At most so many training images of each class were kept, drawn with the seed; the same course.\n",
            _curve(found["curve"]),
        ]
    return "\n".join([*parts, f"Reproduce: `{result['command']}`.\n"])


def _cell(figure: dict[str, float], spread: bool = True) -> str:
    return f"{100 * figure['mean']:.2f}" + f" ± {100 * figure['spread']:.2f}" * spread


def _passes(after: dict[str, Any], host: dict[str, float] | None) -> str:
    lines = [[number, *(_cell(means[key], number != "0") for key in COLUMNS)] for number, means in after.items()]
    if host:
        lines.append(["trained on a host", *(f"{100 * host[key]:.2f}" if key in host else "-" for key in COLUMNS)])
    return markdown_table(["passes", *COLUMNS.values()], lines)


def _targets_table(targets: Sequence[dict[str, Any]]) -> str:
    lines = [
        [one["what"], f"{100 * one['least']:.2f}", f"{100 * one['found']:.2f}", "yes" if one["met"] else "no"]
        for one in targets
    ]
    return markdown_table(["target", "at least", "found", "met"], lines)


def _tallies(after: dict[str, Any]) -> str:
    lines = [
        [number, *(f"{means[key]['mean']:,.0f}" for key in _TALLY)] for number, means in after.items() if number != "0"
    ]
    return markdown_table(["passes", *_TALLY.values()], lines)


def _curve(curve: Sequence[dict[str, Any]]) -> str:
    last = max(curve[-1]["after"], key=int)
    shown = dict.fromkeys(number for number in ("1", last) if number in curve[-1]["after"])
    lines = []
    for point in curve:
        count = "all" if point["count"] is None else str(point["count"])
        for number in shown:
            means = point["after"][number]
            cells = [_cell(means[key]) for key in _OF_CURVE]
            lines.append([count, f"{point['images_a_class']:.1f}", number, *cells])
    head = ["images a class", "mean of them", "passes", *(COLUMNS[key] for key in _OF_CURVE)]
    return markdown_table(head, lines)
