# SPDX-License-Identifier: Apache-2.0
"""Some of the images of a set of samples with all their copies, and two sets as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.features import Samples


def subset(samples: Samples, images: np.ndarray) -> Samples:
    """The chosen images with all their copies, numbered anew: ``source`` points into what is returned.

    Args:
        samples: images first, then copies, as :func:`training.features.extract` gives them.
        images: bool (images,), which are chosen.
    """
    number = np.cumsum(images) - 1
    chosen = samples.select(images[samples.source])
    return replace(chosen, source=number[chosen.source])


def balanced_choice(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """bool (N,): ``count`` of the images (all, if there are no more), as equally over the classes as they allow."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    rank = np.empty(len(labels), np.int64)  # how many of its class come before an image
    for label in np.unique(labels):
        members = order[labels[order] == label]
        rank[members] = np.arange(len(members))
    chosen = np.zeros(len(labels), bool)
    chosen[order[np.argsort(rank[order], kind="stable")][:count]] = True
    return chosen
