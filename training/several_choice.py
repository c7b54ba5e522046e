# SPDX-License-Identifier: Apache-2.0
"""How a shared gate is balanced in training and how wide it is, chosen by cross-validation on training data alone.

Local experts and gate learn from a part of each user's training images and are measured on the rest; of the generic
validation images one half chooses the gate's threshold and images of the other half measure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from golden.data import Handwriting, LabelledImages, balanced_subset
from spec.progress import progress_bar
from tools.rows import cached_row
from training.fit import fingerprint
from training.gate import NO_BALANCE
from training.gate_balance import Balance
from training.global_expert import validation_split
from training.sampling import folds
from training.several import Device, Mixed, Several, assignments

SOFT, HARD = Balance(loss=0.1), Balance(capacity=1.1)
WIDTHS = (32, 64, 128)  # hidden units of the gate
PARTS = 4  # of each user's training images; one is held out
GENERIC = 3000  # at most so many generic images measure, class-balanced
LEAST_LOAD, MOST_LOAD = 0.5, 2.0
"""Bounds of a local expert's load, by the mean: beyond them it counts as hardly used, or as overloaded."""


@dataclass(frozen=True)
class Candidate:
    """A shared gate: how its training is balanced, and its hidden units (None: as many as the preset has)."""

    balance: Balance = NO_BALANCE
    hidden: int | None = None

    def of(self, several: Several) -> Several:
        """The same training with a gate of this width; the local experts stay as they are."""
        if self.hidden is None:
            return several
        return replace(several, preset={**several.preset, "gate": {**several.preset["gate"], "hidden": self.hidden}})


BALANCES = tuple(map(Candidate, (NO_BALANCE, SOFT, Balance(loss=1.0), HARD, Balance(capacity=1.0))))
GATES = tuple(Candidate(hidden=width) for width in WIDTHS)


@dataclass(frozen=True)
class Split:
    """One split of the training data: who learns from what, and what measures.

    Attributes:
        several: trains on the part to learn from.
        users: user -> their held-out images.
        generic: held-out generic images.
    """

    several: Several
    users: Callable[[int], LabelledImages]
    generic: LabelledImages


def split(several: Several, users: Handwriting, number: int) -> Split:
    """Split ``number``, 0 .. ``PARTS`` - 1."""

    def part(user: int, held_out: bool) -> LabelledImages:
        images = users.train(user)
        fold = folds(images.labels, PARTS, several.single.seed)
        return images.select(np.flatnonzero((fold == number) == held_out))

    train = several.single.generic_train
    _, validation = validation_split(train)
    half = folds(train.labels[validation], 2, several.single.seed) == number % 2
    generic = train.select(validation[half])
    balanced = balanced_subset(generic, several.single.seed)
    learning = replace(several, images=lambda user: part(user, False), unseen=tuple(np.flatnonzero(half).tolist()))
    return Split(learning, lambda user: part(user, True), balanced.take(GENERIC))


def cross_validate(
    several: Several,
    users: Handwriting,
    numbers: Sequence[int],
    experts: int,
    work: Path,
    splits: Sequence[int] = (0,),
    candidates: Sequence[Candidate] = BALANCES,
) -> list[dict[str, Any]]:
    """A row for each candidate, with the means over splits and devices, and ``gain`` over the first candidate.

    ``score`` is the mean of ``accuracy`` (users) and ``emnist``: the accuracy of a mix of as many images of both;
    ``scores`` are those of the devices. ``gain_error`` is the standard error of ``gain``, by devices.
    """
    found: dict[Candidate, list[dict[str, Any]]] = {candidate: [] for candidate in candidates}
    parts = [(number, one) for number in splits for one in [split(several, users, number)]]
    tasks = [(number, one, group) for number, one in parts for group in assignments(numbers, experts, number)]
    with progress_bar(total=len(tasks) * len(candidates), description="cross-validation", unit="gate") as bar:
        for number, one, group in tasks:
            mixed = Mixed.of([one.users(user) for user in group], one.generic)
            own = [fingerprint(one.users(user)) for user in group]
            for candidate in candidates:
                device, trained = Device(group, number, candidate.balance), candidate.of(one.several)
                depends_on = {"bank": trained.depends_on(device), "generic": fingerprint(one.generic), "own": own}
                row = cached_row(work, depends_on, lambda d=device, t=trained, m=mixed: t.measure(d, m))
                found[candidate].append(row)
                bar.update()
    return [_summary(candidate, rows, found[candidates[0]]) for candidate, rows in found.items()]


def _summary(candidate: Candidate, rows: list[dict[str, Any]], first: list[dict[str, Any]]) -> dict[str, Any]:
    def scores(of: list[dict[str, Any]]) -> np.ndarray:
        return np.array([(row["accuracy"] + row["emnist"]) / 2 for row in of])

    gain = scores(rows) - scores(first)
    load = [value for row in rows for value in row["load"]]
    return {
        "balance": candidate.balance.name,
        "loss": candidate.balance.loss,
        "capacity": candidate.balance.capacity,
        "hidden": candidate.hidden,
        "devices": len(rows),
        **{key: float(np.mean([row[key] for row in rows])) for key in ("accuracy", "emnist", "right_of_local")},
        "score": float(scores(rows).mean()),
        "scores": scores(rows).tolist(),
        "gain": float(gain.mean()),
        "gain_error": _error(gain),
        "load": [min(load), max(load)],
    }


def _error(values: np.ndarray) -> float:
    """Standard error of the mean; 0 of a single value."""
    return float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else 0.0


def narrowest(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of gates from narrow to wide the first that misses the best one's score by no more than the standard error."""
    best = max(rows, key=lambda row: row["score"])

    def misses(row: dict[str, Any]) -> np.ndarray:
        return np.array(best["scores"]) - np.array(row["scores"])

    return next(row for row in rows if misses(row).mean() <= _error(misses(row)))


def chosen(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The first row (nothing is balanced), unless its loads are out of bounds or another gains more than its error.

    Of several the one that gains most.
    """

    def sound(row: dict[str, Any]) -> bool:
        return row["load"][0] >= LEAST_LOAD and row["load"][1] <= MOST_LOAD

    better = [row for row in rows[1:] if sound(row) and (row["gain"] > row["gain_error"] or not sound(rows[0]))]
    return max(better, key=lambda row: row["gain"], default=rows[0])
