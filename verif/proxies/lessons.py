# SPDX-License-Identifier: Apache-2.0
"""What it costs when a device learns its user by itself: energy proxy and cycles of whole courses, beside retraining.

The golden learner says which of a course's lessons move weights, and the specification what that reads, writes and
adds; the RTL, which takes the same course, says how many cycles it lasts and that every answer and weight is the
same. Retraining of the GE's last two dense layers is counted for the same images, each as often as it comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from golden.energy.expected import expected_counts
from golden.energy.hardware import KINDS, hardware_energy
from golden.energy.lessons import by_kind, inference_energy, learning_energy, lesson_lines, lesson_rows
from golden.energy.ratios import operations_ratio
from golden.energy.retraining import DEVICE_MULTIPLIERS, FLOAT, integers, retraining
from golden.learner import Lesson
from spec.lesson_activity import lesson_activity, total
from spec.markdown import markdown_table
from spec.network import Mode, Moe
from spec.presets import Accelerator
from training.fine_tune import FINE_TUNE
from verif.bulk.simulator import BulkSimulator
from verif.compare.courses import Lecture
from verif.compare.lessons import compare_course
from verif.compare.pupils import RtlPupil

NAME = "learning_energy"  # of the kept files
_USUAL = 700  # images of a user, for a figure that is easy to remember
BATCH = FINE_TUNE.batch  # images an update in the project's own retraining


@dataclass
class Tally:
    """Lessons of a course."""

    own: int = 0
    generic: int = 0
    with_gate: int = 0
    local_moves: int = 0
    gate_moves: int = 0


def take_course(lecture: Lecture, seed: int, simulator: BulkSimulator | None = None) -> dict:
    """One user's course, on golden learner and RTL.

    Returns:
        Counts of lessons, ``cycles`` of the whole course, the ``interval`` of its images in cycles, ``mismatches``
        between RTL and golden learner, and ``inference`` and ``learning``, pJ by kind.
    """
    design, tally, kinds = lecture.accelerator, Tally(), Counter()
    moe, folding = design.moe, design.folding

    def on_lesson(lesson: Lesson, mine: bool, with_gate: bool) -> None:
        tally.own += mine
        tally.generic += not mine
        tally.with_gate += with_gate
        tally.local_moves += lesson.local
        tally.gate_moves += lesson.gate
        kinds[mine, with_gate, lesson.local_pair, lesson.gate_pair] += 1

    pupil = RtlPupil(design, lecture.start, simulator)
    try:
        found = compare_course(
            pupil, moe, lecture.start, lecture.own, lecture.generic, lecture.rule, lecture.course, seed=seed,
            on_lesson=on_lesson,
        )  # fmt: skip
    finally:
        pupil.close()
    activity = total(lesson_activity(moe, folding, *kind) * times for kind, times in kinds.items())
    return {
        **asdict(tally),
        "images": found.images,
        "different_images": len(lecture.own) + tally.generic,
        "cycles": found.course_cycles,
        "interval": found.cycles,
        "mismatches": found.mismatches,
        "inference": by_kind(inference_energy(moe, folding, tally.with_gate, found.images - tally.with_gate)),
        "learning": by_kind(learning_energy(moe, folding, activity)),
    }


def record(design: Accelerator, users: Sequence[Mapping]) -> dict:
    """The result: one of everything, the mean course, and retraining with as many images.

    Args:
        users: of :func:`take_course`, each with its ``user``.
    """
    moe, folding = design.moe, design.folding
    ge = by_kind(hardware_energy(moe, folding, expected_counts(moe, folding, Mode.GE_ONLY, 1, 1)).picojoule)
    course = _mean(users)
    learned = {kind: course["inference"][kind] + course["learning"][kind] for kind in KINDS}
    return {
        "design": design.name,
        "ge": {"total": sum(ge.values()), "by_kind": ge},
        "lesson": {name: _beside(kinds, ge) for name, kinds in lesson_rows(moe, folding).items()},
        "users": list(users),
        "course": {**course, "total": sum(learned.values()), "of_ge": _beside(learned, ge)["of_ge"]},
        "batch": BATCH,
        "multipliers": DEVICE_MULTIPLIERS,
        "retraining": _retrainings(moe, course, learned),
    }


def _mean(users: Sequence[Mapping]) -> dict:
    first = users[0]
    numbers = {
        name: float(np.mean([user[name] for user in users]))
        for name, value in first.items()
        if isinstance(value, int | float)
    }
    numbers.pop("user", None)
    kinds = {
        part: {kind: float(np.mean([user[part][kind] for user in users])) for kind in KINDS}
        for part in ("inference", "learning")
    }
    return {**numbers, **kinds, "mismatches": sum(user["mismatches"] for user in users)}


def _beside(kinds: Mapping[str, float], ge: Mapping[str, float]) -> dict:
    """Total and share of one GE image with the bounds that the costs allow."""
    return {"total": sum(kinds.values()), "by_kind": dict(kinds), "of_ge": list(operations_ratio(kinds, ge))}


def _retrainings(moe: Moe, course: Mapping, learned: Mapping[str, float]) -> list[dict]:
    images, different = round(course["images"]), round(course["different_images"])
    rows = []
    for kept in (True, False):
        counted = retraining(moe, images, different if kept else images, BATCH)
        for arithmetic in (FLOAT, integers()):
            for dram in (False, True):
                kinds = counted.energy(arithmetic, dram)
                rows.append(
                    {
                        "arithmetic": arithmetic.name,
                        "trunk_kept": kept,
                        "dram": dram,
                        "macs": counted.macs,
                        "cycles": counted.cycles(),
                        "total": sum(kinds.values()),
                        "by_learned": list(operations_ratio(kinds, learned)),
                        "cycles_by_learned": counted.cycles() / course["cycles"],
                    }
                )
    return rows


# ---- For people ------------------------------------------------------------------------------------------------------
LESSON_HEAD = ("one of", "sums and products", "weights", "buffers", "nJ", "% of a GE image")


def as_markdown(result: Mapping) -> str:
    """The tables of a result."""
    course, users = result["course"], result["users"]
    parts = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# What learning on the device costs\n",
        f"Energy by the [first proxy](../energy.md#learning), in nJ of 45 nm, all weights on chip; {result['design']}. "
        f"One image of GE_ONLY is {result['ge']['total'] / 1000:,.0f} nJ.\n",
        markdown_table(
            LESSON_HEAD,
            lesson_lines({n: row["by_kind"] for n, row in result["lesson"].items()}, result["ge"]["total"]),
        ),
        f"## Whole courses\n\nMean of {len(users)} user{'s' * (len(users) > 1)} ({result['data']['users']}), "
        f"{result['passes']} passes, seed {result['seed']}; movements by the golden learner, cycles by the RTL, which "
        f"differ in {course['mismatches']} answers, weights and random numbers.\n",
        markdown_table(("", "a course", "a lesson"), _course_lines(course, result["ge"]["total"])),
        _course_words(course, result["passes"]),
        "## Retraining fc1 and fc2 with the same images\n\n"
        f"Plain gradient descent, batches of {result['batch']}, everything in its favour (docs/energy.md). Cycles are "
        f"a lower bound: {result['multipliers']} multipliers, all of them busy in every cycle. In brackets what the "
        "bounds of all costs allow.\n",
        markdown_table(
            ("arithmetic", "trunk", "weights", "10⁹ products", "mJ", "by learning", "10⁶ cycles", "by learning"),
            [_retraining_line(row) for row in result["retraining"]],
        ),
        f"The cheapest one would cost as much energy as learning with {_as_cheap(result, 'by_learned'):.1f} passes "
        f"instead of {result['passes']}, and as many cycles with {_as_cheap(result, 'cycles_by_learned'):.1f}.\n",
        "## User by user\n",
        markdown_table(
            ("user", "own", "generic", "LE moves", "gate moves", "10⁶ cycles", "mJ", "of it learning, %"),
            [_user_line(user) for user in users],
        ),
        f"Reproduce: `{result['command']}`.\n",
    ]
    return "\n".join(parts)


def _course_words(course: Mapping, passes: int) -> str:
    inference, learning = (sum(course[part].values()) for part in ("inference", "learning"))
    return (
        f"The local expert moves in {100 * course['local_moves'] / course['own']:.0f} % of the own images, the gate in "
        f"{100 * course['gate_moves'] / course['with_gate']:.0f} % of those that it learns from. Learning is "
        f"{100 * learning / (inference + learning):.1f} % of the energy. With {_USUAL} own images a course takes "
        f"{_USUAL * passes * course['cycles'] / course['own'] / 1e6:.1f} million cycles.\n"
    )


def _as_cheap(result: Mapping, what: str) -> float:
    """Passes of the cheapest retraining that cost as much as the whole course."""
    ratios = [row[what] for row in result["retraining"]]
    return result["passes"] / min(ratio[0] if isinstance(ratio, list) else ratio for ratio in ratios)


def _course_lines(course: Mapping, ge: float) -> list[list[str]]:
    images = course["images"]
    inference, learning = (sum(course[part].values()) for part in ("inference", "learning"))
    counts = {
        "own images": "own",
        "generic images": "generic",
        "seen by the gate": "with_gate",
        "LE moves": "local_moves",
        "gate moves": "gate_moves",
    }
    lines = [[name, f"{course[key]:,.0f}", f"{course[key] / images:.3f}"] for name, key in counts.items()]
    lines.append(["cycles", f"{course['cycles']:,.0f}", f"{course['cycles'] / images:.1f}"])
    lines += [
        [name, f"{value / 1e9:.3f} mJ", f"{value / images / 1000:.2f} nJ"]
        for name, value in (("inference", inference), ("learning", learning), ("both", inference + learning))
    ]
    lines.append(["both, in images of the GE", f"{course['total'] / ge:,.0f}", f"{course['total'] / ge / images:.4f}"])
    return lines


def _retraining_line(row: Mapping) -> list[str]:
    value, low, high = row["by_learned"]
    return [
        row["arithmetic"],
        "each image once" if row["trunk_kept"] else "every pass",
        "DRAM" if row["dram"] else "on chip",
        f"{row['macs'] / 1e9:.1f}",
        f"{row['total'] / 1e9:.1f}",
        f"{value:.1f} ({low:.1f} to {high:.1f})",
        f"{row['cycles'] / 1e6:.0f}",
        f"{row['cycles_by_learned']:.1f}",
    ]


def _user_line(user: Mapping) -> list[str]:
    inference, learning = (sum(user[part].values()) for part in ("inference", "learning"))
    return [
        str(user["user"]),
        *(f"{user[key]:,}" for key in ("own", "generic", "local_moves", "gate_moves")),
        f"{user['cycles'] / 1e6:.2f}",
        f"{(inference + learning) / 1e9:.3f}",
        f"{100 * learning / (inference + learning):.2f}",
    ]
