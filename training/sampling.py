# SPDX-License-Identifier: Apache-2.0
"""Stratified splits and class-balanced draws. Every draw is a pure function of its seed and epoch.

Because nothing here keeps state, a training run that resumes at epoch e draws exactly what it would have
drawn without the interruption.
"""

from __future__ import annotations

import numpy as np


def stratified_split(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split indices so that every class gives ``fraction`` of its images (at least one) to the second part.

    Args:
        labels: integer (N,).
        fraction: share of the second part, 0 < fraction < 1.
        seed: of the choice.

    Returns:
        int64 indices (rest, held_out), each sorted; disjoint, together all of ``range(N)``.

    Raises:
        ValueError: a class has fewer than two images, so it cannot be on both sides.
    """
    rng = np.random.default_rng(seed)
    held_out = []
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        if len(members) < 2:
            raise ValueError(f"class {label} has {len(members)} image, a split needs at least 2.")
        held_out.append(members[: min(len(members) - 1, max(1, round(fraction * len(members))))])
    held = np.sort(np.concatenate(held_out))
    rest = np.setdiff1d(np.arange(len(labels)), held, assume_unique=True)
    return rest, held


def folds(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Fold number (int64, 0 .. count - 1) of every sample, every class spread evenly over the folds."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        fold[members] = (np.arange(len(members)) + rng.integers(count)) % count
    return fold


def balanced_draw(labels: np.ndarray, per_class: int, epoch: int, seed: int) -> np.ndarray:
    """Shuffled indices of one epoch: ``per_class`` images of each class.

    Successive epochs walk through a class in freshly shuffled passes, so every image is used equally often
    (to within one pass) however unequal the classes are: the balance of the paper's section 4.1 without
    throwing data away.

    Args:
        labels: integer (N,).
        per_class: draws per class; more than a class has repeats it.

    Returns:
        int64 (per_class * number of classes,).
    """
    parts = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        first, last = epoch * per_class, (epoch + 1) * per_class
        passes = range(first // len(members), (last - 1) // len(members) + 1)
        order = np.concatenate([_pass(members, int(label), number, seed) for number in passes])
        offset = first - passes.start * len(members)
        parts.append(order[offset : offset + per_class])
    drawn = np.concatenate(parts)
    return np.random.default_rng([seed, epoch]).permutation(drawn)


def _pass(members: np.ndarray, label: int, number: int, seed: int) -> np.ndarray:
    return np.random.default_rng([seed, label, number]).permutation(members)
