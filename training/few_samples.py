# SPDX-License-Identifier: Apache-2.0
"""Accuracy over the number of training images a class (``scripts/few_samples.py``): what few of them are worth.

Which images of a class are kept is a seeded draw over the user's training images; fewer ones are part of more. None at
all is what a device answers before its user has written anything: the factory bank that was made without this user.
A preset that starts from a generic head has no gate then, and one that starts from random weights no expert either, so
the GE answers.

For a preset that starts from a factory head, the same is trained from a head of the same shape that has seen generic
handwriting alone: what both differ by is what other writers are worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from golden.data import LabelledImages
from golden.integer_model import MoeModel
from spec.bank import Bank
from spec.network import LayerWeights, Moe
from spec.presets import load_moe
from tools.rows import Row
from training import factory, seed_runs, seeds
from training.few_samples_note import fits
from training.personalize import Recipe, measure, table_2_row
from training.shares import balanced_share
from training.table_files import LICENCE
from training.user_training import UserTraining

NAME = "few_samples"
COUNTS = (0, 1, 2, 3, 5, 10, None)  # None: all
STARTS = {"usual": "the preset's start", "generic": "a head without other writers"}
COLUMNS = {
    "overall": "users",
    "balanced": "users, classes alike",
    "le": "users, LE alone",
    "le_balanced": "LE, classes alike",
    "generic_overall": "EMNIST",
}
_DRAW = 1  # apart from every other draw of the same seed
_ROW = 1  # to be raised when a row of the same settings means something else


def kept_images(labels: np.ndarray, count: int | None, seed: int) -> np.ndarray:
    """Indices (int64, sorted) of at most ``count`` images of each class, None for all; fewer are part of more.

    Args:
        labels: integer (N,).
        seed: of the draw.
    """
    if count is None:
        return np.arange(len(labels))
    draw = [
        np.random.default_rng([seed, _DRAW, int(label)]).permutation(np.flatnonzero(labels == label))[:count]
        for label in np.unique(labels)
    ]
    return np.sort(np.concatenate([*draw, np.zeros(0, np.int64)]))


@dataclass(frozen=True)
class Task(seeds.Task):
    """One user, one seed, and so many training images a class.

    Attributes:
        count: of each class at most; None for all, 0 for the device before it has seen its user.
        start: key of ``STARTS``.
    """

    count: int | None = None
    start: str = "usual"

    def __str__(self) -> str:
        return f"{super().__str__()}, {self.count} images a class, {self.start} start"

    def row(self) -> Row:
        """See :class:`tools.rows.RowTask`."""
        ready = self.prepare()
        # By all of the user's images: were a few asked, a writer who shares one of the others would take part.
        writers = () if self.start == "generic" else ready.training.others(ready.train)
        training = replace(ready.training, writers=writers)
        kept = kept_images(ready.train.labels, self.count, self.seed)

        def compute() -> dict[str, Any]:
            train = replace(ready.train.select(kept), name=ready.train.name)
            bank = self._bank(training, train) if len(kept) else before_the_user(training, ready.train)
            row = _row(training.moe, bank, ready.own, ready.other)
            if not len(kept) and training.moe.le_start == "random":
                row = {key: value for key, value in row.items() if not key.startswith("le")}
            about = {"user": self.user, "seed": self.seed, "count": self.count, "start": self.start}
            return {**about, "images": len(kept), "classes": len(np.unique(train.labels)), **row}

        depends_on = {**ready.depends_on, "few": f"{_ROW} {self.count} {self.start}"}
        return Row(self.work, depends_on, compute)

    def _bank(self, training: UserTraining, train: LabelledImages) -> Bank:
        bank = training.train(train, None).bank
        assert bank is not None  # experts alone are not asked for
        return bank


def before_the_user(training: UserTraining, images: LabelledImages) -> Bank:
    """What a device answers before it has seen any image of its user: its start, which has not seen them either.

    Args:
        images: all of the user's training images: no writer with one of them takes part in the start.

    A gate that there is none of is one of zeros: a tie goes to the GE.
    """
    moe = training.moe
    others = training.others(images)
    if moe.le_start == "factory" and len(others) > 1:  # fewer make no gate
        writers = [factory.Writer.of(moe, training.recipe, other, training.head_seed) for other in others]
        settings = training.head_seed, factory.FACTORY, factory.EPOCH_SAMPLES
        return factory.train_factory(moe, training.recipe, training.generic, writers, *settings).bank
    start = training.start(images) or _zeros(moe, "le")
    bank = Bank(moe.preset, moe.network.digest(), (start,) * moe.local_experts, _zeros(moe, "gate"))
    bank.check(moe, "factory bank")
    return bank


def _zeros(moe: Moe, part: str) -> tuple[LayerWeights, ...]:
    layers = moe.le.layers if part == "le" else moe.gate.layers
    return tuple(LayerWeights(np.zeros((y.outputs, y.inputs), np.int64), np.zeros(y.outputs, np.int64)) for y in layers)


def _row(moe: Moe, bank: Bank, own: LabelledImages, other: LabelledImages) -> dict[str, float]:
    model = MoeModel(moe)
    mine = measure(model, bank, own)
    balanced = {
        f"{name}balanced": balanced_share(right, own.labels)
        for name, right in (("", mine.overall), ("le_", mine.le), ("ge_", mine.ge))
    }
    return {**table_2_row(mine, measure(model, bank, other)), **balanced}


def tasks_of(
    gates: Sequence[str], counts: Sequence[int | None], users: Sequence[int], number_of_seeds: int, **same: Any
) -> list[Task]:
    """All tasks, those of one factory head together; both starts where a preset starts from a factory head.

    Args:
        same: further attributes of :class:`Task`.
    """
    found = []
    for gate in gates:
        starts = STARTS if load_moe(gate, same["ge"]).le_start == "factory" else ("usual",)
        found += [
            Task(gate, user=user, seed=seed, count=count, start=start, **same)
            for start in starts
            for seed in range(number_of_seeds)
            for user in users
            for count in counts
        ]
    return found


def record(
    tasks: Sequence[Task], rows: Sequence[dict[str, Any]], presets: dict[str, tuple[Moe, Recipe]], about: dict[str, Any]
) -> dict[str, Any]:
    """The result as plain data: by gate preset, start and images a class the mean and its spread, and all rows."""
    gates: dict[str, Any] = {}
    for gate, (moe, recipe) in presets.items():
        mine = [row for task, row in zip(tasks, rows, strict=True) if task.gate == gate]
        starts = {
            start: [
                _point([row for row in mine if row["count"] == count and row["start"] == start])
                for count in dict.fromkeys(row["count"] for row in mine)
            ]
            for start in dict.fromkeys(row["start"] for row in mine)
        }
        gates[gate] = {"fits": fits(moe, recipe), "le_start": moe.le_start, "starts": starts, "rows": mine}
    return {**about, "gates": gates}


def _point(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    figures = [{key: value for key, value in row.items() if key not in ("count", "start")} for row in rows]
    each = float(np.mean([row["images"] / max(1, row["classes"]) for row in rows]))
    return {"count": rows[0]["count"], "images_a_class": each, "mean": seed_runs.summary(figures)}


def as_markdown(result: dict[str, Any]) -> str:
    """The tables for people."""
    some = next(iter(result["gates"].values()))
    users, count = (len({row[key] for row in some["rows"]}) for key in ("user", "seed"))
    spread = ", ± the standard deviation of the seeds' means" if count > 1 else ""
    point = some["starts"]["usual"][0]["mean"]
    ge, ge_alike, generic = (100 * point[key]["mean"] for key in ("ge", "ge_balanced", "generic_ge"))
    parts = [
        f"{LICENCE}# Few training images\n",
        f"In per cent, by the integer golden model: mean over {users} users and {count} seed{'s' * (count > 1)}"
        f"{spread}. So many training images of each class were kept, drawn with the seed; "
        f"where a class has fewer, all of them. {result['measured_on']} The GE alone: users {ge:.2f}, classes alike "
        f"{ge_alike:.2f}, EMNIST {generic:.2f}.\n",
    ]
    for gate, found in result["gates"].items():
        parts.append(f"## Gate preset `{gate}`\n\n{_NOTHING[found['le_start']]}\n")
        for start, points in found["starts"].items():
            if start != "usual":
                parts.append(f"The same from {STARTS[start]}, of the same shape:\n")
            parts.append(_table(points, count > 1))
    return "\n".join([*parts, f"Reproduce: `{result['command']}`.\n"])


_NOTHING = {
    "factory": "0 images: the factory bank, made without the user.",
    "generic": "0 images: the LE is the generic head; there is no gate yet, so the GE answers.",
    "random": "0 images: there is neither LE nor gate yet, so the GE answers.",
}


def _table(points: Sequence[dict[str, Any]], spread: bool) -> str:
    lines = []
    for point in points:
        count = "all" if point["count"] is None else str(point["count"])
        cells = [f"{point['images_a_class']:.1f}", *(_cell(point["mean"].get(key), spread) for key in COLUMNS)]
        lines.append(f"| {count} | {' | '.join(cells)} |")
    head = " | ".join(("images a class", "mean of them", *COLUMNS.values()))
    return f"| {head} |\n{'|---' * (len(COLUMNS) + 2)}|\n" + "\n".join(lines) + "\n"


def _cell(figure: dict[str, float] | None, spread: bool) -> str:
    if figure is None:
        return "-"
    return f"{100 * figure['mean']:.2f}" + (f" ± {100 * figure['spread']:.2f}" if spread else "")
