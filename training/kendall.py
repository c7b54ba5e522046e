# SPDX-License-Identifier: Apache-2.0
"""Kendall's rank correlation tau-b (M. G. Kendall, The treatment of ties in ranking problems, Biometrika 33)."""

from __future__ import annotations

import numpy as np


def kendall_tau_b(x: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> float:
    """(concordant - discordant) / sqrt(pairs not tied in x * pairs not tied in y); nan when all are tied in one.

    Args:
        x, y: numbers (N,).
        groups: (N,); only pairs of one group count. None: all pairs.

    Raises:
        ValueError: the lengths differ.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    groups = np.zeros(len(x)) if groups is None else np.asarray(groups)
    if not len(x) == len(y) == len(groups):
        raise ValueError(f"{len(x)}, {len(y)} and {len(groups)} values, as many of each are needed")
    first, second = np.triu_indices(len(x), 1)
    same = groups[first] == groups[second]
    first, second = first[same], second[same]
    a, b = np.sign(x[first] - x[second]), np.sign(y[first] - y[second])
    untied = float((a != 0).sum()) * float((b != 0).sum())
    return float((a * b).sum() / np.sqrt(untied)) if untied else float("nan")
