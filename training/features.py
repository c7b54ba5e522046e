# SPDX-License-Identifier: Apache-2.0
"""Pooled features of the frozen front end: the inputs on which local experts and the gate are trained.

Features are computed once per data set by the integer golden model and kept in memory, so that
personalizing for one user takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch

from golden.data import LabelledImages
from golden.integer_model import NetworkModel, pool
from spec.network import Moe
from training.augment import random_affine

BATCH = 1000  # images per step of the front end; bounds the memory for unpooled features


@dataclass(frozen=True)
class Samples:
    """Pooled integer features of N samples; a sample is an image or an augmented copy of one.

    Attributes:
        local: uint8 (N, n*n*C), what a local expert reads, in the order row, column, channel.
        gate: uint8 (N, m*m*C), what the gate reads, in the same order.
        labels: int64 (N,), class.
        source: int64 (N,), index of the image that the sample was made from.
    """

    local: np.ndarray
    gate: np.ndarray
    labels: np.ndarray
    source: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, index: np.ndarray) -> Samples:
        """The samples picked by a mask or an index vector."""
        return Samples(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


def extract(moe: Moe, data: LabelledImages, copies: int = 0, strength: float = 0.5, seed: int = 0) -> Samples:
    """Pooled features of a data set, followed by those of augmented copies of each image.

    Args:
        copies: augmented copies per image; sample ``i`` and its copies have ``source`` = i.
        strength: of :func:`training.augment.random_affine`.
        seed: of the augmentation.
    """
    model = NetworkModel(moe.network)
    generator = torch.Generator().manual_seed(seed)
    images = [data.images]
    for _ in range(copies):
        moved = random_affine(torch.from_numpy(data.images).unsqueeze(1).float(), strength, generator)
        images.append(moved.squeeze(1).round().clamp(0, 255).to(torch.uint8).numpy())
    local, gate = [], []
    for block in images:
        for start in range(0, len(block), BATCH):
            features = model.features(block[start : start + BATCH])
            local.append(pool(features, moe.le.pool))
            gate.append(pool(features, moe.gate.pool))
    return Samples(
        np.concatenate(local),
        np.concatenate(gate),
        np.tile(data.labels.astype(np.int64), copies + 1),
        np.tile(np.arange(len(data)), copies + 1),
    )
