# SPDX-License-Identifier: Apache-2.0
"""Which rule and course a device learns best by, on training images alone: no test image is looked at.

A part of each user's training images is held out and measures, with the generic images that validated the GE, every
class alike. The device starts from the factory bank without the user, so the user's images are new to all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spec.learning import COURSE, LearnRule
from spec.network import Moe
from training import seed_runs
from training.course import Course
from training.learning import PARTS, Source, Task
from training.learning_table import TARGETS
from training.table_files import LICENCE

NAME = "learning_choice"
TARGET = TARGETS["generic_overall"]
SPLITS = (0, 1)  # of PARTS
SEEDS = 2
USUAL: dict[str, Any] = {
    "local_margin": 4.0,
    "local_shift": 8,
    "own_margin": 2.0,
    "generic_margin": 2.5,
    "gate_shift": 10,
    COURSE: {"passes": 20, "every": 11, "generic": 2, "slower_after": [14, 18], "slower_gate": True},
}
"""A section ``[learning]``; every candidate differs from it in one or two settings."""

_CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"slower_after": []},
    {"slower_after": [10, 15]},
    {"local_margin": 2.0},
    {"local_margin": 6.0},
    {"local_shift": 9},
    {"gate_shift": 12},
    {"own_margin": 3.0},
    {"own_margin": 3.0, "generic_margin": 3.0, "gate_shift": 12},
    {"generic_margin": 2.0},
    {"generic_margin": 3.0},
    {"gate_on_all": True},
    {"gate_on_all": True, "own_margin": 0.0, "generic_margin": 5.0, "gate_shift": 12},
    {"every": 5, "generic": 1, "generic_margin": 4.0},
    {"passes": 10, "slower_after": [7, 9]},
    {"passes": 15, "slower_after": [10, 13], "generic": 4, "gate_shift": 11},
    {"passes": 15, "slower_after": [10, 13], "generic": 4, "own_margin": 3.0, "generic_margin": 2.0, "gate_shift": 11},
    {"passes": 15, "slower_after": [10, 13], "generic": 4, "own_margin": 3.0, "generic_margin": 2.25, "gate_shift": 12},
    {"passes": 15, "slower_after": [10, 13], "generic": 4, "own_margin": 4.0, "generic_margin": 2.0, "gate_shift": 12},
)
_COLUMNS = {"le": "users, LE alone", "overall": "users", "balanced": "users, classes alike", "gn": "users' to the LE"}


def changed(changes: dict[str, Any], usual: dict[str, Any] = USUAL) -> dict[str, Any]:
    """A section with other settings; those of the course by their own names."""
    course = {key: value for key, value in changes.items() if key not in usual}
    return {**usual, **{k: v for k, v in changes.items() if k in usual}, COURSE: {**usual[COURSE], **course}}


def candidates(usual: dict[str, Any] = USUAL) -> dict[str, dict[str, Any]]:
    """All that are compared: sections ``[learning]`` by what is changed in the usual one."""
    names = [", ".join(f"{key} {_value(value)}" for key, value in one.items()) or "the usual one" for one in _CHANGES]
    return {name: changed(one, usual) for name, one in zip(names, _CHANGES, strict=True)}


def _value(value: Any) -> str:
    return ("/".join(map(str, value)) or "never") if isinstance(value, list) else str(value).lower()


def tasks_of(
    sources: Sequence[Source], sections: dict[str, dict[str, Any]], moe: Moe, seeds: int, work: Path
) -> list[Task]:
    """Every candidate on every split of every source, those of one split together; the candidates in their order.

    Whatever part a source says: test images never measure here.
    """
    each = [_of(section, moe) for section in sections.values()]
    return [
        Task(replace(source, part=part), rule, course, seed, (course.passes,), work)
        for source in sources
        for part in SPLITS
        for seed in range(seeds)
        for rule, course in each
    ]


def _of(section: dict[str, Any], moe: Moe) -> tuple[LearnRule, Course]:
    preset = {"name": moe.preset, "learning": section}
    return LearnRule.of(preset, moe), Course.of(preset)


def record(
    sections: dict[str, dict[str, Any]], rows: Sequence[dict[str, Any]], about: dict[str, Any]
) -> dict[str, Any]:
    """Plain data: the candidates with their means, and the name of the chosen one.

    Args:
        rows: of :func:`tasks_of`, in its order.
    """
    found = []
    for place, (name, section) in enumerate(sections.items()):
        mine = [last(row) for row in rows[place :: len(sections)]]
        found.append({"name": name, "section": section, "mean": seed_runs.summary(mine)})
    return {**about, "candidates": found, "chosen": chosen(found)["name"]}


def last(row: dict[str, Any]) -> dict[str, Any]:
    """What a row has after its last pass, flat, with ``lost`` on generic images."""
    figures = row["after"][max(row["after"], key=int)]
    lost = figures["generic_ge"] - figures["generic_overall"]
    return {"user": row["user"], "seed": row["seed"], **figures, "lost": lost}


def budget(found: Sequence[dict[str, Any]]) -> float:
    """What may be lost on generic validation images, every class alike: what the target leaves of the GE's there."""
    return found[0]["mean"]["generic_ge"]["mean"] - TARGET


def chosen(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The candidate with most right answers on users' images that loses no more than the budget on generic ones.

    When all lose more, the one that loses least.
    """
    most = budget(found)
    within = [one for one in found if one["mean"]["lost"]["mean"] <= most]
    if within:
        return max(within, key=lambda one: one["mean"]["overall"]["mean"])
    return min(found, key=lambda one: one["mean"]["lost"]["mean"])


def as_markdown(result: dict[str, Any]) -> str:
    """The table for people."""
    lines = []
    for one in result["candidates"]:
        cells = [one["name"] + " (chosen)" * (one["name"] == result["chosen"])]
        cells += [f"{100 * one['mean'][key]['mean']:.2f}" for key in _COLUMNS]
        cells += [f"{-100 * one['mean']['lost']['mean']:+.2f}"]
        cells += [f"{one['mean'][key]['mean']:,.0f}" for key in ("own", "generic")]
        lines.append("| " + " | ".join(cells) + " |")
    head = ["changed", *_COLUMNS.values(), "EMNIST validation, against the GE", "own images learned", "generic ones"]
    some = result["candidates"][0]["mean"]
    return (
        f"{LICENCE}# Learning on the device: choice of the rule\n\nIn per cent, by the golden learner with the gate "
        f"preset `{result['gate']}`; mean over {result['users']} users, {len(SPLITS)} of {PARTS} parts of each user's "
        f"training images, held out, and {result['seeds']} seeds. No test image was looked at. The GE alone: users "
        f"{100 * some['ge']['mean']:.2f}, EMNIST validation {100 * some['generic_ge']['mean']:.2f}, every class alike. "
        f"Chosen: most right on users' images of those that lose at most {100 * budget(result['candidates']):.2f} "
        f"points there, what the target of {100 * TARGET:.1f} leaves of it. The usual section is:\n\n"
        f"```toml\n{as_toml(result['usual'])}```\n\n"
        f"| {' | '.join(head)} |\n{'|---' * len(head)}|\n" + "\n".join(lines) + "\n\n"
        f"Reproduce: `{result['command']}`.\n"
    )


def as_toml(section: dict[str, Any]) -> str:
    """A section ``[learning]`` as a gate preset has it."""
    lines = ["[learning]", *(f"{key} = {value}" for key, value in section.items() if key != COURSE)]
    lines += ["", f"[learning.{COURSE}]"]
    lines += [f"{key} = {str(value).lower()}" for key, value in section[COURSE].items()]
    return "\n".join(lines) + "\n"
