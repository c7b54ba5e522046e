# SPDX-License-Identifier: Apache-2.0
"""Which characters are taken for which others, before and after something was learned."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

SHOWN = 40


@dataclass(frozen=True)
class Confusion:
    """How many images of class ``label`` were answered as class ``read`` (255: by nobody)."""

    label: int
    read: int
    before: int
    after: int


@dataclass(frozen=True)
class Confusions:
    """Of ``images`` images, how many were answered right, and the pairs that were not, the most frequent first."""

    images: int
    right_before: int
    right_after: int
    pairs: tuple[Confusion, ...]


def confusions(labels: np.ndarray, before: np.ndarray, after: np.ndarray) -> Confusions:
    """Compare answers, uint8 (N,) each, with labels, uint8 (N,)."""
    counts = [Counter(zip(labels.tolist(), read.tolist(), strict=True)) for read in (before, after)]
    wrong = {pair for count in counts for pair in count if pair[0] != pair[1]}
    pairs = [Confusion(*pair, *(count[pair] for count in counts)) for pair in wrong]
    pairs.sort(key=lambda one: (-max(one.before, one.after), -one.before, one.label, one.read))
    right = [int((read == labels).sum()) for read in (before, after)]
    return Confusions(len(labels), *right, tuple(pairs[:SHOWN]))
