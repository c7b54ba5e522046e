# SPDX-License-Identifier: Apache-2.0
"""How far a figure measured on few samples can be trusted."""

from __future__ import annotations

import math

import numpy as np

from golden.data import CLASSES, LabelledImages

Z_95 = 1.959964  # two-sided 95 % quantile of the normal distribution
FEW = 100
"""Fewer held-out samples than this leave a 95 % interval wider than about +-10 points at 50 %."""


def wilson_interval(right: int, count: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson score interval of a share, 0..1 (E. B. Wilson, JASA 22, 1927): sound for few samples and near 0 and 1.

    Args:
        right: successes, 0 .. ``count``.
        count: trials, at least 1.
        z: quantile of the normal distribution.
    """
    share = right / count
    scale = 1 + z * z / count
    centre = (share + z * z / (2 * count)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, centre - half), min(1.0, centre + half)


def unseen_classes(train: LabelledImages) -> str:
    """The characters of which there is no image to learn from, in the order of the labels."""
    counts = train.class_counts()
    return "".join(character for character, count in zip(CLASSES, counts, strict=False) if not count)


def trust_notes(train: LabelledImages, held_out: LabelledImages, keeps_generic: bool) -> list[str]:
    """Sentences on what the figures of one user do not show.

    Args:
        keeps_generic: whether the local expert starts from others' handwriting and so knows every character.
    """
    notes = []
    seen = train.class_counts()[train.class_counts() > 0]
    if not len(held_out):
        notes.append("No held-out samples: no accuracy can be given for this user.")
    elif len(held_out) < FEW:
        notes.append(f"Few held-out samples, {len(held_out)}: mind the 95 % intervals.")
    if len(train) < 2 * train.classes or int(np.median(seen)) < 3:
        notes.append(f"Few images to learn from, {len(train)}: {int(np.median(seen))} of a class (median).")
    if unseen := unseen_classes(train):
        effect = (
            "it knows them from others' handwriting only"
            if keeps_generic
            else "it will answer another character for them"
        )
        notes.append(f"Classes that the local expert never saw, {len(unseen)}: {unseen}; {effect}.")
    untested = (train.class_counts() > 0) & (held_out.class_counts() == 0)
    if len(held_out) and untested.any():
        notes.append(f"Classes that it learned and that no held-out sample tests: {int(untested.sum())}.")
    return notes
