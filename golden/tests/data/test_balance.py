# SPDX-License-Identifier: Apache-2.0
"""Class-balanced selection (paper, section 4.1)."""

import numpy as np
import pytest

from golden.data import DataError, LabelledImages, balanced_subset


def numbered(counts: np.ndarray) -> LabelledImages:
    """counts[c] images of class c, each with its own number in the first two pixels."""
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(62, dtype=np.uint8), counts))
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(len(labels)), 256)
    return LabelledImages(images, labels, "numbered", synthetic=True)


def numbers(data: LabelledImages) -> list[int]:
    return (data.images[:, 0, 0].astype(int) * 256 + data.images[:, 0, 1]).tolist()


COUNTS = np.arange(62) % 7 + 5


def test_every_class_is_as_large_as_the_smallest():
    data = numbered(COUNTS)
    subset = balanced_subset(data, seed=1)
    assert (subset.class_counts() == 5).all()
    assert len(set(numbers(subset))) == len(subset)  # without replacement
    assert (data.labels[numbers(subset)] == subset.labels).all()
    assert (subset.name, subset.synthetic) == ("numbered", True)


def test_the_seed_decides():
    data = numbered(COUNTS)
    assert numbers(balanced_subset(data, 1)) == numbers(balanced_subset(data, 1))
    assert numbers(balanced_subset(data, 1)) != numbers(balanced_subset(data, 2))


def test_prefixes_are_balanced_and_smaller_selections_are_nested():
    data = numbered(COUNTS)
    whole = balanced_subset(data, 1)
    assert (whole.take(62 * 2).class_counts() == 2).all()
    assert numbers(balanced_subset(data, 1, per_class=2)) == numbers(whole)[: 62 * 2]


def test_refuses_more_than_there_is():
    counts = COUNTS.copy()
    with pytest.raises(DataError, match=r"class '0' \(label 0\) has 5 images, a balanced selection needs 6"):
        balanced_subset(numbered(counts), 1, per_class=6)
    with pytest.raises(DataError, match="at least 1"):
        balanced_subset(numbered(counts), 1, per_class=0)
    counts[11] = 0
    with pytest.raises(DataError, match=r"class 'B' \(label 11\) has 0 images"):
        balanced_subset(numbered(counts), 1)
