# SPDX-License-Identifier: Apache-2.0
"""Kendall's tau-b against cases computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.kendall import kendall_tau_b


def test_cases_by_hand() -> None:
    assert kendall_tau_b([1, 2, 3], [10, 20, 40]) == 1
    assert kendall_tau_b([1, 2, 3], [3, 2, 1]) == -1
    # Of six pairs (3, 4) alone is in the other order: (5 - 1) / 6.
    assert kendall_tau_b([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx(4 / 6)
    # One pair tied in x, none in y; of the other five one is discordant, (2, 4): (4 - 1) / sqrt(5 * 6).
    assert kendall_tau_b([1, 2, 2, 3], [1, 4, 2, 3]) == pytest.approx(3 / math.sqrt(30))


def test_ties_on_both_sides_and_nothing_but_ties() -> None:
    assert kendall_tau_b([0, 0, 1, 1], [0, 0, 1, 1]) == 1  # tau-a would be 4 / 6
    assert math.isnan(kendall_tau_b([1, 1, 1], [1, 2, 3]))


def test_only_pairs_of_a_group_count() -> None:
    """Two groups of opposite levels: each agrees within itself, between them all is discordant."""
    x, y, groups = [1, 2, 11, 12], [11, 12, 1, 2], [0, 0, 1, 1]
    assert kendall_tau_b(x, y, groups) == 1
    assert kendall_tau_b(x, y) == pytest.approx((2 - 4) / 6)


def test_scale_does_not_matter_and_independent_ranks_do_not_correlate() -> None:
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=400), rng.normal(size=400)
    assert abs(kendall_tau_b(x, noise)) < 0.1 < 0.4 < kendall_tau_b(x, x + noise)
    assert kendall_tau_b(x, noise) == kendall_tau_b(np.exp(x), noise)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="2, 3"):
        kendall_tau_b([1, 2], [1, 2, 3])
