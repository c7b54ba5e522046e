# SPDX-License-Identifier: Apache-2.0
"""What all rows of users and seeds share: their data, what they are measured on, processes, mean and spread.

A row is measured on test images for the table, or, to choose between recipes, on a quarter of each user's training
images that nothing was trained on, and on the generic images that validated the GE: what is chosen then has seen no
test image.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from golden.data import Handwriting, LabelledImages, balanced_subset, generic_source, users_source
from golden.data.sources import EMNIST_VARIABLE, USERS_VARIABLE
from tools import sweep
from tools.rows import RowTask
from tools.workers import Workers
from training.fit import fingerprint
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
        """From the environment, the first ``classes`` classes; read once by a process.

        Raises:
            InputError: the data cannot be used.
        """
        named = tuple(map(os.environ.get, (EMNIST_VARIABLE, USERS_VARIABLE)))
        return loaded(classes, generic_source, users_source, named)

    @cached_property
    def generic_name(self) -> str:
        """Tells the generic training images from others."""
        return fingerprint(self.generic)

    def split(self, user: int, seed: int, validate: bool) -> Split:
        """Test images to measure on, or held-out training images."""
        whole = self.users.train(user)
        if not validate:
            return Split(whole, self.users.test(user), balanced_subset(self.test, 0))
        out = folds(whole.labels, OUTER_FOLDS, seed) == 0
        train, own = (replace(whole.select(np.flatnonzero(mask)), name=whole.name) for mask in (~out, out))
        _, validation = validation_split(self.generic)
        return Split(train, own, balanced_subset(self.generic.select(validation), 0))


@lru_cache(maxsize=1)
def loaded(
    classes: int, generic: Callable[[str], LabelledImages], users: Callable[[], Handwriting], named: tuple
) -> RunData:
    """Data of these sources, which read what ``named`` names: see :meth:`RunData.load`."""
    train, test = (generic(part).of_classes(classes) for part in ("train", "test"))
    return RunData(train, test, users().of_classes(classes))


def run(tasks: Sequence[RowTask], workers: Workers) -> list[Row]:
    """Every task's row, in the order of the tasks; see :func:`tools.sweep.run`."""
    return sweep.run(tasks, workers, "users and seeds", "user")


def summary(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Of every figure the mean over all rows, and the standard deviation (``spread``) of the seeds' means."""
    seeds = sorted({row["seed"] for row in rows})
    result = {}
    for key in [key for key in rows[0] if key not in ("user", "seed")]:
        means = [float(np.mean([row[key] for row in rows if row["seed"] == seed])) for seed in seeds]
        spread = float(np.std(means, ddof=1)) if len(means) > 1 else 0.0
        result[key] = {"mean": float(np.mean(means)), "spread": spread}
    return result
