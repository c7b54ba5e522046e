# SPDX-License-Identifier: Apache-2.0
"""The one in-memory form of a data set: labelled 28x28 images, upright, white on black."""

from __future__ import annotations

import string
from dataclasses import dataclass, replace

import numpy as np

from spec.errors import InputError

CLASSES = string.digits + string.ascii_uppercase + string.ascii_lowercase
"""Character of each label, in EMNIST ByClass order: 0-9, A-Z, a-z are labels 0..61."""

IMAGE_SIDE = 28
"""Height and width of every image, in pixels."""


class DataError(InputError):
    """Data that cannot be used; the message is one sentence: file, value found, value allowed."""


def check_pixels(images: np.ndarray, name: str) -> None:
    """Raise `DataError` unless `images` is uint8 of shape (N, 28, 28); `name` says whose images they are."""
    if images.dtype != np.uint8:
        raise DataError(f"{name}: pixels must be uint8, found {images.dtype}.")
    if images.ndim != 3 or images.shape[1:] != (IMAGE_SIDE, IMAGE_SIDE):
        raise DataError(f"{name}: images must have shape (N, 28, 28), found {images.shape}.")


def check_labels(labels: np.ndarray, name: str, classes: int = len(CLASSES)) -> None:
    """Raise `DataError` unless `labels` is an integer vector (N,) with every value in 0..classes-1."""
    if labels.ndim != 1:
        raise DataError(f"{name}: labels must have shape (N,), found {labels.shape}.")
    if labels.dtype.kind not in "iu":
        raise DataError(f"{name}: labels must be integers, found {labels.dtype}.")
    bad = np.flatnonzero((labels < 0) | (labels >= classes))
    if bad.size:
        raise DataError(f"{name}: label {labels[bad[0]]} at index {bad[0]} is outside 0..{classes - 1}.")


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """N images and their classes.

    Attributes:
        images: uint8 (N, 28, 28), indexed [image, row, column], upright, 255 = ink, 0 = background.
        labels: uint8 (N,), 0..61, an index into `CLASSES`.
        name: where the images come from, as reports print it.
        synthetic: True when the images were generated and nobody wrote them.
        classes: how many of the classes the data is about; its labels are below that.

    Raises:
        DataError: wrong shape, wrong dtype, a label outside 0..classes-1, or unequal counts.
    """

    images: np.ndarray
    labels: np.ndarray
    name: str
    synthetic: bool = False
    classes: int = len(CLASSES)

    def __post_init__(self) -> None:
        check_pixels(self.images, self.name)
        check_labels(self.labels, self.name, self.classes)
        if self.labels.dtype != np.uint8:
            raise DataError(f"{self.name}: labels must be uint8, found {self.labels.dtype}.")
        if len(self.images) != len(self.labels):
            raise DataError(f"{self.name}: {len(self.images)} images but {len(self.labels)} labels.")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, n: int) -> LabelledImages:
        """The first `n` images, or all of them when there are fewer; `DataError` when `n` is negative."""
        if n < 0:
            raise DataError(f"{self.name}: cannot take {n} images, the count must be 0 or more.")
        return self.select(slice(n))

    def select(self, index: np.ndarray | slice) -> LabelledImages:
        """The images picked by a slice, a bool mask (N,) or an integer index vector, in its order."""
        return replace(self, images=self.images[index], labels=self.labels[index])

    def of_classes(self, classes: int) -> LabelledImages:
        """The images of the first `classes` classes: what a network with as many outputs is about."""
        if classes == self.classes:
            return self
        part = self.select(self.labels < classes)
        return replace(part, classes=classes, name=f"{self.name}, classes {CLASSES[0]} to {CLASSES[classes - 1]}")

    def class_counts(self) -> np.ndarray:
        """Number of images of each class: int64 (classes,)."""
        return np.bincount(self.labels, minlength=self.classes)
