# SPDX-License-Identifier: Apache-2.0
"""Splits and draws: disjoint, stratified, balanced, and a pure function of seed and epoch."""

from __future__ import annotations

import numpy as np
import pytest

from training.sampling import balanced_draw, folds, stratified_split

LABELS = np.repeat([0, 1, 2], [50, 20, 5])


def test_split_is_a_stratified_partition() -> None:
    rest, held_out = stratified_split(LABELS, 0.2, seed=3)
    assert np.array_equal(np.sort(np.concatenate([rest, held_out])), np.arange(75))
    assert np.bincount(LABELS[held_out]).tolist() == [10, 4, 1]


def test_split_depends_on_the_seed_only() -> None:
    first = stratified_split(LABELS, 0.2, seed=3)[1]
    assert np.array_equal(first, stratified_split(LABELS, 0.2, seed=3)[1])
    assert not np.array_equal(first, stratified_split(LABELS, 0.2, seed=4)[1])


def test_split_refuses_a_class_with_one_image() -> None:
    with pytest.raises(ValueError, match="class 7 has 1 image"):
        stratified_split(np.array([0, 0, 7]), 0.5, seed=0)


def test_folds_spread_every_class() -> None:
    fold = folds(LABELS, 5, seed=0)
    for label in range(3):
        counts = np.bincount(fold[label == LABELS], minlength=5)
        assert counts.max() - counts.min() <= 1


def test_draw_is_balanced() -> None:
    drawn = balanced_draw(LABELS, per_class=8, epoch=2, seed=0)
    assert np.bincount(LABELS[drawn]).tolist() == [8, 8, 8]


def test_successive_draws_use_every_image_equally_often() -> None:
    used = np.concatenate([balanced_draw(LABELS, 10, epoch, seed=0) for epoch in range(5)])
    counts = np.bincount(used, minlength=75)
    assert (counts[:50] == 1).all()
    assert np.isin(counts[50:70], (2, 3)).all()
    assert (counts[70:] == 10).all()


def test_draws_differ_between_epochs_and_repeat_with_the_seed() -> None:
    first = balanced_draw(LABELS, 10, 0, seed=0)
    assert not np.array_equal(np.sort(first), np.sort(balanced_draw(LABELS, 10, 1, seed=0)))
    assert np.array_equal(first, balanced_draw(LABELS, 10, 0, seed=0))
