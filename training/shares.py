# SPDX-License-Identifier: Apache-2.0
"""Accuracy at the classes' own frequencies and with every class alike."""

from __future__ import annotations

import numpy as np


def balanced_share(right: np.ndarray, labels: np.ndarray) -> float:
    """Mean over the classes of the share of right answers, 0..1: what a class-balanced set would measure.

    Args:
        right: bool (N,), the answer is right.
        labels: integer (N,), class.

    Raises:
        ValueError: there is no image.
    """
    if not len(labels):
        raise ValueError("a share needs at least one image")
    count = np.bincount(labels)
    hits = np.bincount(labels, weights=right)
    return float((hits[count > 0] / count[count > 0]).mean())


def both_shares(right: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Plain mean over the images, and :func:`balanced_share`."""
    return float(right.mean()), balanced_share(right, labels)
