# SPDX-License-Identifier: Apache-2.0
"""How good a preset is over users and seeds, everything trained anew with each seed, factory head included.

On test images for the table, or, to choose between recipes, on a quarter of each user's training images that nothing
was trained on, and on the generic images that validated the GE: then nothing that is chosen has seen a test image.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from golden.data import LabelledImages, balanced_subset, generic_source, users_source
from golden.integer_model import MoeModel
from spec.bank import Bank
from spec.paths import MODELS
from spec.presets import load_moe, load_toml
from spec.progress import progress_bar
from training.fit import balanced_accuracy, fingerprint
from training.global_expert import VALIDATION_FRACTION
from training.personalize import Recipe, measure, table_2_row
from training.row_cache import cached_row
from training.sampling import folds, stratified_split
from training.user_training import UserTraining

_RECIPE = 1  # to be raised when the same settings give other weights
OUTER_FOLDS = 4


@dataclass(frozen=True)
class Task:
    """One user with one seed.

    Attributes:
        gate: preset, by name or as a file.
        ge: QONNX file of the GE.
        user, seed: whose bank, and the seed of every random choice.
        validate: measure on held-out training images instead of test images.
        work: directory for features, factory heads and finished rows.
    """

    gate: str
    ge: Path
    user: int
    seed: int
    validate: bool
    work: Path

    def run(self) -> dict[str, Any]:
        """The row, from ``work`` when it was computed before."""
        torch.set_num_threads(1)
        moe, preset, recipe = load_moe(self.gate, self.ge), load_toml("gates", self.gate), None
        recipe = Recipe.of(preset)
        classes = moe.network.classes
        users, generic = users_source().of_classes(classes), generic_source("train").of_classes(classes)
        train, own, other = self._data(users, generic)
        writers = users.train_parts()
        training = UserTraining(moe, recipe, generic, self.seed, self.work, (), self.seed, writers=writers)

        def compute() -> dict[str, Any]:
            file = self.work / f"expert-{self.user}-{self.seed}-{moe.preset}.npz"
            trained = training.train(train, file)
            file.unlink()
            row = row_of(moe, trained.bank, own, other)
            return {"user": self.user, "seed": self.seed, "validation": trained.expert.validation, **row}

        depends_on = {
            "recipe": f"{_RECIPE} {training.settings()}",
            "preset": preset,
            "network": moe.network.digest(),
            "seed": self.seed,
            "data": [fingerprint(part) for part in (train, own, other, generic, *writers)],
        }
        return cached_row(self.work, depends_on, compute)

    def _data(self, users: Any, generic: LabelledImages) -> tuple[LabelledImages, LabelledImages, LabelledImages]:
        """Images to learn from, the user's to measure on, and generic ones to measure on."""
        train = users.train(self.user)
        if not self.validate:
            return train, users.test(self.user), balanced_subset(generic_source("test").of_classes(generic.classes), 0)
        held_out = folds(train.labels, OUTER_FOLDS, self.seed) == 0
        _, validation = stratified_split(generic.labels, VALIDATION_FRACTION, 0)
        rest, own = (replace_name(train.select(np.flatnonzero(m)), train) for m in (~held_out, held_out))
        return rest, own, balanced_subset(generic.select(validation), 0)


def replace_name(part: LabelledImages, whole: LabelledImages) -> LabelledImages:
    """A part of a data set under the name of the whole."""
    return replace(part, name=whole.name)


def row_of(moe: Any, bank: Bank, own: LabelledImages, other: LabelledImages) -> dict[str, float]:
    """Table 2's figures, and the user's accuracy with every class counting the same (``balanced``), as shares 0..1."""
    model = MoeModel(moe)
    measured = measure(model, bank, own)
    by_class = [measured.overall[own.labels == label].mean() for label in np.unique(own.labels)]
    return {**table_2_row(measured, measure(model, bank, other)), "balanced": float(np.mean(by_class))}


def run(tasks: Sequence[Task], jobs: int) -> list[dict[str, Any]]:
    """Every task's row, in the order of the tasks; ``jobs`` processes."""
    rows: list[dict[str, Any] | None] = [None] * len(tasks)
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        futures = {pool.submit(task.run): index for index, task in enumerate(tasks)}
        for future in progress_bar(as_completed(futures), total=len(tasks), description="users", unit="user"):
            rows[futures[future]] = future.result()
    return rows


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Of every figure the mean over all rows, and the standard deviation of the seeds' means."""
    seeds = sorted({row["seed"] for row in rows})
    result = {}
    for key in rows[0]:
        if key in ("user", "seed"):
            continue
        means = [float(np.mean([row[key] for row in rows if row["seed"] == seed])) for seed in seeds]
        result[key] = {"mean": float(np.mean(means)), "spread": float(np.std(means, ddof=1)) if len(means) > 1 else 0.0}
    return result


__all__ = ["Task", "run", "summary", "balanced_accuracy", "MODELS"]
