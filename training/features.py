# SPDX-License-Identifier: Apache-2.0
"""Pooled features of the frozen front end: the inputs on which local experts and the gate are trained.

Features are computed once per data set by the integer golden model and kept in memory, so that
personalizing for one user takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from enum import IntEnum

import numpy as np
import torch

from golden.data import LabelledImages
from golden.integer_model import NetworkModel, pool
from spec.network import Moe
from training.augment import mild, strong

BATCH = 1000  # images per step of the front end; bounds the memory for unpooled features


class Kind(IntEnum):
    """What a sample is: an image as it was, or a copy that was changed, little or much."""

    IMAGE = 0
    MILD = 1
    STRONG = 2


@dataclass(frozen=True)
class Copies:
    """Augmented copies of every image, by what :mod:`training.augment` does to them."""

    mild: int = 0
    strong: int = 0

    @property
    def total(self) -> int:
        """Copies of one image."""
        return self.mild + self.strong

    def once(self) -> Copies:
        """One copy of each kind that there is: for generic images, of which there are many."""
        return Copies(min(1, self.mild), min(1, self.strong))

    def each(self) -> list[tuple[Kind, Callable[[torch.Tensor, torch.Generator], torch.Tensor]]]:
        """Kind and augmentation of one copy after the other."""
        return [(Kind.MILD, mild)] * self.mild + [(Kind.STRONG, strong)] * self.strong


NO_COPIES = Copies()


@dataclass(frozen=True)
class Samples:
    """Pooled integer features of N samples; a sample is an image or an augmented copy of one.

    Attributes:
        local: uint8 (N, n*n*C), what a local expert reads, in the order row, column, channel.
        gate: uint8 (N, m*m*C), what the gate reads, in the same order.
        labels: int64 (N,), class.
        source: int64 (N,), index of the image that the sample was made from.
        kind: uint8 (N,), :class:`Kind` of the sample.
    """

    local: np.ndarray
    gate: np.ndarray
    labels: np.ndarray
    source: np.ndarray
    kind: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, index: np.ndarray) -> Samples:
        """The samples picked by a mask or an index vector."""
        return Samples(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


def join(parts: Sequence[Samples]) -> Samples:
    """Samples of several data sets as one: the images of all, counted through."""
    images = np.cumsum([0] + [int((part.kind == Kind.IMAGE).sum()) for part in parts])
    moved = [replace(part, source=part.source + first) for part, first in zip(parts, images, strict=False)]
    return Samples(**{f.name: np.concatenate([getattr(part, f.name) for part in moved]) for f in fields(Samples)})


def extract(moe: Moe, data: LabelledImages, copies: Copies = NO_COPIES, seed: int = 0) -> Samples:
    """Pooled features of a data set, followed by those of augmented copies of each image.

    Args:
        copies: of every image; sample ``i`` and its copies have ``source`` = i.
        seed: of the augmentation.
    """
    model = NetworkModel(moe.network)
    local, gate = [], []
    for images in copied_images(data, copies, seed):
        features = model.features(images)
        local.append(pool(features, moe.le.pool))
        gate.append(pool(features, moe.gate.pool))
    return samples_of(data, copies, np.concatenate(local), np.concatenate(gate))


def copied_images(data: LabelledImages, copies: Copies, seed: int) -> Iterator[np.ndarray]:
    """The images of a data set, uint8 (up to ``BATCH``, H, W) at a time, then augmented copies of all, one by one."""
    generator = torch.Generator().manual_seed(seed)
    for augment in (None, *(augment for _, augment in copies.each())):
        for start in range(0, len(data), BATCH):
            images = data.images[start : start + BATCH]
            yield images if augment is None else _augmented(images, augment, generator)


def samples_of(data: LabelledImages, copies: Copies, local: np.ndarray, gate: np.ndarray) -> Samples:
    """Samples with features in the order of :func:`copied_images`."""
    kinds = [Kind.IMAGE, *(kind for kind, _ in copies.each())]
    return Samples(
        local,
        gate,
        np.tile(data.labels.astype(np.int64), len(kinds)),
        np.tile(np.arange(len(data)), len(kinds)),
        np.repeat(np.array(kinds, np.uint8), len(data)),
    )


def _augmented(
    images: np.ndarray, augment: Callable[[torch.Tensor, torch.Generator], torch.Tensor], generator: torch.Generator
) -> np.ndarray:
    """uint8 (N, H, W) images, changed and rounded to uint8 again."""
    changed = augment(torch.from_numpy(images).unsqueeze(1).float(), generator)
    return changed.squeeze(1).round().clamp(0, 255).to(torch.uint8).numpy()
