# SPDX-License-Identifier: Apache-2.0
"""What all rows of users and seeds share: their data, what they are measured on, processes, mean and spread.

A row is measured on test images for the table, or, to choose between recipes, on a quarter of each user's training
images that nothing was trained on, and on the generic images that validated the GE: what is chosen then has seen no
test image.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any, Protocol

import numpy as np

from golden.data import Handwriting, LabelledImages, balanced_subset, generic_source, users_source
from spec.progress import progress_bar
from training.global_expert import validation_split
from training.sampling import folds

OUTER_FOLDS = 4
HELD_OUT = (
    f"Measured on one of {OUTER_FOLDS} parts of each user's training images, which nothing was trained on, and on the "
    "generic images that validated the GE, class-balanced. A gate's threshold was chosen on these, so EMNIST behind a "
    "gate looks a little too good."
)

Row = dict[str, Any]
"""``user``, ``seed`` and figures; shares 0..1 where they are shares."""


class Task(Protocol):
    """One row, that another process can compute."""

    def run(self) -> Row:
        """The row."""


@dataclass(frozen=True)
class Split:
    """Images to learn from (``train``), the user's to measure on (``own``), generic ones to measure on (``other``)."""

    train: LabelledImages
    own: LabelledImages
    other: LabelledImages


@dataclass(frozen=True)
class RunData:
    """Generic training and test images, and all users'."""

    generic: LabelledImages
    test: LabelledImages
    users: Handwriting

    @staticmethod
    def load(classes: int) -> RunData:
        """From the environment, the first ``classes`` classes.

        Raises:
            InputError: the data cannot be used.
        """
        generic, test = (generic_source(part).of_classes(classes) for part in ("train", "test"))
        return RunData(generic, test, users_source().of_classes(classes))

    def split(self, user: int, seed: int, validate: bool) -> Split:
        """Test images to measure on, or held-out training images."""
        whole = self.users.train(user)
        if not validate:
            return Split(whole, self.users.test(user), balanced_subset(self.test, 0))
        out = folds(whole.labels, OUTER_FOLDS, seed) == 0
        train, own = (replace(whole.select(np.flatnonzero(mask)), name=whole.name) for mask in (~out, out))
        _, validation = validation_split(self.generic)
        return Split(train, own, balanced_subset(self.generic.select(validation), 0))


def run(tasks: Sequence[Task], jobs: int) -> list[Row]:
    """Every task's row, in the order of the tasks, from ``jobs`` processes."""
    found: dict[int, Row] = {}
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        futures = {pool.submit(task.run): index for index, task in enumerate(tasks)}
        for future in progress_bar(as_completed(futures), total=len(tasks), description="users and seeds", unit="user"):
            found[futures[future]] = future.result()
    return [found[index] for index in range(len(tasks))]


def summary(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Of every figure the mean over all rows, and the standard deviation (``spread``) of the seeds' means."""
    seeds = sorted({row["seed"] for row in rows})
    result = {}
    for key in [key for key in rows[0] if key not in ("user", "seed")]:
        means = [float(np.mean([row[key] for row in rows if row["seed"] == seed])) for seed in seeds]
        spread = float(np.std(means, ddof=1)) if len(means) > 1 else 0.0
        result[key] = {"mean": float(np.mean(means)), "spread": spread}
    return result
