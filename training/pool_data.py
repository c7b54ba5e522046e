# SPDX-License-Identifier: Apache-2.0
"""What a pool of experts learns from: pooled features of generic images, and what the global expert says to them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from golden.data import LabelledImages
from golden.integer_model import NetworkModel
from spec.files import UNREADABLE, replacing
from spec.network import Moe
from training.features import Copies, extract
from training.fit import fingerprint
from training.global_expert import validation_split

MOST_PER_CLASS = 1300
"""Generic images of each class, at most, from which a pool learns; each also as an affine copy."""
COPIES = Copies(mild=1)
RECIPE = 1  # to be raised when the same images give other values


@dataclass(frozen=True)
class PoolData:
    """Samples to learn from and to validate on.

    Attributes:
        inputs: uint8 (N, inputs of the local expert), images and affine copies of them.
        labels: int64 (N,).
        teacher: int32 (N, classes), logits of the global expert for the sample's image as it is.
        validation_inputs, validation_labels: the same of images that nothing learns from.
        teacher_scale: value of a logit's least significant bit.
        digest: names everything these depend on.
    """

    inputs: np.ndarray
    labels: np.ndarray
    teacher: np.ndarray
    validation_inputs: np.ndarray
    validation_labels: np.ndarray
    teacher_scale: float
    digest: str


_STORED = tuple(f.name for f in fields(PoolData))[:5]


def pool_data(moe: Moe, train: LabelledImages, directory: Path, seed: int = 0) -> PoolData:
    """The samples of generic images, from ``directory`` when they were computed before; otherwise within a minute.

    The images that validated the GE validate the pool. A file that cannot be read is computed again.
    """
    parts = (moe.network.digest(), moe.le.pool.layout(), fingerprint(train), MOST_PER_CLASS, COPIES, seed, RECIPE)
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    path, scale = directory / f"samples-{digest}.npz", moe.network.layers[-1].out_type.scale
    try:
        with np.load(path, allow_pickle=False) as stored:
            return PoolData(*(stored[name] for name in _STORED), scale, digest)
    except UNREADABLE:
        pass
    found = _compute(moe, train, seed)
    with replacing(path) as stream:
        np.savez(stream, **dict(zip(_STORED, found, strict=True)))
    return PoolData(*found, scale, digest)


def _compute(moe: Moe, train: LabelledImages, seed: int) -> tuple[np.ndarray, ...]:
    rest, held_out = validation_split(train)
    rng = np.random.default_rng(seed)
    classes = train.labels[rest]
    chosen = [rng.permutation(rest[classes == label])[:MOST_PER_CLASS] for label in np.unique(classes)]
    learning, validation = train.select(np.sort(np.concatenate(chosen))), train.select(held_out)
    samples, held = extract(moe, learning, COPIES, seed), extract(moe, validation)
    teacher = NetworkModel(moe.network).logits(learning.images)
    return samples.local, samples.labels, teacher[samples.source], held.local, held.labels
