# SPDX-License-Identifier: Apache-2.0
"""Shares at the classes' own frequencies and with every class alike."""

from __future__ import annotations

import numpy as np
import pytest

from training.fit import balanced_accuracy
from training.shares import balanced_share, both_shares


def test_a_rare_class_counts_as_much_as_a_frequent_one() -> None:
    right, labels = np.array([1, 1, 1, 0, 0], bool), np.array([7, 7, 7, 7, 2])
    assert both_shares(right, labels) == (0.6, pytest.approx(0.375))
    assert both_shares(right, labels[::-1])[1] == pytest.approx((1 + 2 / 4) / 2)


def test_it_is_the_accuracy_that_training_validates_with() -> None:
    rng = np.random.default_rng(0)
    labels, predictions = rng.integers(0, 62, 300), rng.integers(0, 62, 300)
    assert balanced_share(predictions == labels, labels) == pytest.approx(balanced_accuracy(predictions, labels))


def test_no_image_has_no_share() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        balanced_share(np.zeros(0, bool), np.zeros(0, int))
