# SPDX-License-Identifier: Apache-2.0
"""How good a preset is over users and seeds (``scripts/seeds.py``): all is trained anew with each seed, factory too.

Measured on test images for the table, or, to choose between recipes, on a quarter of each user's training images that
nothing was trained on, and on the generic images that validated the GE: what is chosen then has seen no test image.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from golden.data import Handwriting, LabelledImages, balanced_subset, generic_source, users_source
from golden.integer_model import MoeModel
from spec.bank import Bank
from spec.network import Moe
from spec.presets import load_moe, load_toml
from spec.progress import progress_bar
from training.fit import fingerprint, mean_of_classes
from training.global_expert import VALIDATION_FRACTION
from training.personalize import Recipe, measure, table_2_row
from training.pooled_sizes import personal_share
from training.row_cache import cached_row
from training.sampling import folds, stratified_split
from training.store import head_file
from training.table_files import LICENCE
from training.user_training import UserTraining

NAME = "seeds"
OUTER_FOLDS = 4
HELD_OUT = (
    f"Measured on one of {OUTER_FOLDS} parts of each user's training images, which nothing was trained on, and on the "
    "generic images that validated the GE, class-balanced."
)
_RECIPE = 3  # to be raised when the same settings give other weights
_COLUMNS = {
    "overall": "users",
    "balanced": "users, classes alike",
    "generic_overall": "EMNIST",
    "le": "users, LE alone",
    "gn": "users' images sent to the LE",
    "generic_to_le": "EMNIST sent to the LE",
}


@dataclass(frozen=True)
class Task:
    """One user with one seed.

    Attributes:
        gate: preset, by name or as a file.
        ge: QONNX file of the GE.
        user, seed: whose bank, and the seed of every random choice.
        validate: measure on held-out training images instead of test images.
        work: directory for features, factory banks and finished rows.
    """

    gate: str
    ge: Path
    user: int
    seed: int
    validate: bool
    work: Path

    def prepare(self) -> Prepared:
        """Data and training of this user, and what everything made of them depends on."""
        torch.set_num_threads(1)
        moe, preset = load_moe(self.gate, self.ge), load_toml("gates", self.gate)
        users = users_source().of_classes(moe.network.classes)
        generic, test = (generic_source(part).of_classes(moe.network.classes) for part in ("train", "test"))
        train, own, other = _held_out(users, generic, self) if self.validate else _tested(users, test, self)
        heads = (head_file(self.work, f"{moe.preset}-{self.seed}"),)
        writers = users.train_parts()
        training = UserTraining(
            moe, Recipe.of(preset), generic, self.seed, self.work, heads, self.seed, writers=writers
        )
        depends_on = {
            "recipe": f"{_RECIPE} {training.settings()}",
            "preset": preset,
            "network": moe.network.digest(),
            "seed": self.seed,
            "data": [fingerprint(part) for part in (train, own, other, generic, *writers)],
        }
        return Prepared(training, train, own, other, depends_on)

    def run(self) -> dict[str, Any]:
        """The row, from ``work`` when it was computed before."""
        ready = self.prepare()
        moe = ready.training.moe

        def compute() -> dict[str, Any]:
            file = self.work / f"expert-{moe.preset}-{self.user}-{self.seed}.npz"
            trained = ready.training.train(ready.train, file)
            file.unlink()
            validation = trained.expert.validation
            return {
                "user": self.user,
                "seed": self.seed,
                "validation": validation,
                **_row(moe, trained.bank, ready.own, ready.other),
            }

        return cached_row(self.work, ready.depends_on, compute)


@dataclass(frozen=True)
class Prepared:
    """A task's training, the user's images to learn from, images to measure on: the user's and generic ones.

    ``depends_on``: everything that what is made of them depends on, for :func:`training.row_cache.cached_row`.
    """

    training: UserTraining
    train: LabelledImages
    own: LabelledImages
    other: LabelledImages
    depends_on: dict[str, Any]


Split = tuple[LabelledImages, LabelledImages, LabelledImages]
"""Images to learn from, the user's to measure on, and generic ones to measure on."""


def _tested(users: Handwriting, test: LabelledImages, task: Task) -> Split:
    return users.train(task.user), users.test(task.user), balanced_subset(test, 0)


def _held_out(users: Handwriting, generic: LabelledImages, task: Task) -> Split:
    whole = users.train(task.user)
    out = folds(whole.labels, OUTER_FOLDS, task.seed) == 0
    train, own = (replace(whole.select(np.flatnonzero(mask)), name=whole.name) for mask in (~out, out))
    _, validation = stratified_split(generic.labels, VALIDATION_FRACTION, 0)
    return train, own, balanced_subset(generic.select(validation), 0)


def _row(moe: Moe, bank: Bank, own: LabelledImages, other: LabelledImages) -> dict[str, float]:
    """Table 2's figures, and the user's accuracy with every class counting the same (``balanced``), as shares 0..1."""
    model = MoeModel(moe)
    measured = measure(model, bank, own)
    balanced = mean_of_classes(measured.overall, own.labels)
    return {**table_2_row(measured, measure(model, bank, other)), "balanced": balanced}


class Runs(Protocol):
    """A task: anything that can be sent to another process and makes a row there."""

    def run(self) -> dict[str, Any]:
        """The row."""
        ...


def run(tasks: Sequence[Runs], jobs: int) -> list[dict[str, Any]]:
    """Every task's row, in the order of the tasks, from ``jobs`` processes."""
    found: dict[int, dict[str, Any]] = {}
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        futures = {pool.submit(task.run): index for index, task in enumerate(tasks)}
        for future in progress_bar(as_completed(futures), total=len(tasks), description="users and seeds", unit="user"):
            found[futures[future]] = future.result()
    return [found[index] for index in range(len(tasks))]


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Of every figure the mean over all rows, and the standard deviation (``spread``) of the seeds' means."""
    seeds = sorted({row["seed"] for row in rows})
    result = {}
    for key in [key for key in rows[0] if key not in ("user", "seed")]:
        means = [float(np.mean([row[key] for row in rows if row["seed"] == seed])) for seed in seeds]
        spread = float(np.std(means, ddof=1)) if len(means) > 1 else 0.0
        result[key] = {"mean": float(np.mean(means)), "spread": spread}
    return result


def record(rows: dict[str, Sequence[dict[str, Any]]], moes: dict[str, Moe], about: dict[str, Any]) -> dict[str, Any]:
    """The result as plain data; ``rows`` and ``moes`` by gate preset."""
    gates = {
        gate: {"share": personal_share(moes[gate]), "mean": summary(found), "rows": list(found)}
        for gate, found in rows.items()
    }
    return {**about, "gates": gates}


def as_markdown(result: dict[str, Any]) -> str:
    """The table for people."""
    lines = []
    for gate, found in result["gates"].items():
        figures = [found["mean"][key] for key in _COLUMNS]
        cells = [f"{100 * figure['mean']:.2f} ± {100 * figure['spread']:.2f}" for figure in figures]
        lines.append(f"| `{gate}` | {100 * found['share']:.2f} | " + " | ".join(cells) + " |")
    some = next(iter(result["gates"].values()))
    users, seeds = (len({row[key] for row in some["rows"]}) for key in ("user", "seed"))
    own, generic = (100 * some["mean"][key]["mean"] for key in ("ge", "generic_ge"))
    ge = f"The GE alone: users {own:.2f}, EMNIST {generic:.2f}."
    head = " | ".join(_COLUMNS.values())
    return (
        f"{LICENCE}# Users and seeds\n\nIn per cent, by the integer golden model: mean over {users} users and {seeds} "
        f"seeds, ± the standard deviation of the seeds' means. Everything is trained anew with each seed: factory head "
        f"and gate without the user, local expert, gate. {result['measured_on']} {ge}\n\n"
        f"| gate preset | weights by those of the GE | {head} |\n" + "|---" * (len(_COLUMNS) + 2) + "|\n"
        "" + "\n".join(lines) + f"\n\nReproduce: `{result['command']}`.\n"
    )
