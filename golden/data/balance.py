# SPDX-License-Identifier: Apache-2.0
"""Class-balanced selection (paper, section 4.1)."""

from __future__ import annotations

import numpy as np

from golden.data.images import CLASSES, DataError, LabelledImages


def balanced_subset(data: LabelledImages, seed: int, per_class: int | None = None) -> LabelledImages:
    """Down-sample every class, without replacement, to the same number of images.

    The paper takes the size of the smallest class (section 4.1); that is the default. The result cycles
    through the classes (0, 1, .. 0, 1, ..), so that a prefix of it is balanced too, and for a given seed
    a smaller `per_class` gives a prefix of a larger one.

    Args:
        data: images of all its classes.
        seed: the same seed selects the same images in the same order.
        per_class: images per class; None for the size of the smallest class.

    Returns:
        data.classes * per_class images.

    Raises:
        DataError: a class has no image, or fewer than `per_class`, or `per_class` is below 1.
    """
    counts = data.class_counts()
    smallest = int(counts.argmin())
    wanted = max(1, int(counts[smallest])) if per_class is None else per_class
    if wanted < 1:
        raise DataError(f"{data.name}: {per_class} images per class asked for, at least 1 is required.")
    if counts[smallest] < wanted:
        raise DataError(
            f"{data.name}: class '{CLASSES[smallest]}' (label {smallest}) has {counts[smallest]} images, "
            f"a balanced selection needs {wanted} of each class."
        )
    rng = np.random.default_rng(seed)
    chosen = [rng.permutation(np.flatnonzero(data.labels == label))[:wanted] for label in range(data.classes)]
    return data.select(np.stack(chosen, axis=1).ravel())
