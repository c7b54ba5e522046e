# SPDX-License-Identifier: Apache-2.0
"""Which images a comparison runs on, in which order, and what they are called in its output."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from golden.data import CLASSES, LabelledImages, balanced_subset, generic_source, load_images, users_source
from golden.data.sources import EMNIST_VARIABLE, USERS_VARIABLE
from spec.errors import InputError

SEED = 0


@dataclass(frozen=True)
class ImageSet:
    """Images with labels, in sets whose accuracy is told apart.

    ``images`` uint8 (N, 28, 28), ``labels`` uint8 (N,), ``member`` int (N,) an index into ``sets``.
    """

    images: np.ndarray
    labels: np.ndarray
    member: np.ndarray
    sets: tuple[str, ...]
    name: str
    synthetic: bool

    def __len__(self) -> int:
        return len(self.labels)


def load_image_set(
    path: Path | None,
    limit: int,
    users: Sequence[int] | None = (1,),
    classes: int = len(CLASSES),
    environ: Mapping[str, str] = os.environ,
) -> ImageSet:
    """The images to compare on.

    Args:
        path: file or folder as in :func:`golden.data.load_images`. None takes the generic test set (class-balanced as
            far as ``limit`` allows) and, in equal number while they last, test images of users, mixed.
        limit: at most this many images; 0 for all, which of the generic test set is the whole, unbalanced one.
        users: whose images, 1..U, as many of each while they last; None for everybody. Of the synthetic writers it is
            the first one, whoever is named.
        classes: only images of the first so many classes: those that the network knows.

    Raises:
        InputError: bad data, a negative limit, or a user who does not exist.
    """
    if limit < 0:
        raise InputError(f"--limit is {limit}, allowed are 0 (all images) and more")
    if path is not None:
        data = load_images(path).of_classes(classes)
        return _join([data if limit == 0 else data.take(limit)], ("images",))
    generic = generic_source("test", environ).of_classes(classes)
    if environ.get(USERS_VARIABLE) or not environ.get(EMNIST_VARIABLE):
        writers = users_source(environ).of_classes(classes)
        numbers = writers.users if users is None else (1,) if writers.synthetic else tuple(dict.fromkeys(users))
        unknown = [number for number in numbers if number not in writers.users]
        if unknown:
            raise InputError(f"{writers.name}: there is no user {unknown[0]}, known are 1 to {writers.users[-1]}")
        people = [_shuffled(writers.test(number)) for number in numbers]
        if limit:
            half, count = limit // 2, len(people)
            people = [person.take((half + count - 1 - i) // count) for i, person in enumerate(people)]
        rest = 0 if limit == 0 else limit - sum(map(len, people))
        generic, name = _balanced_first(generic, rest), None
        if len(numbers) > 1:
            everybody = f"{writers.name}, users {', '.join(map(str, numbers))} test ({sum(map(len, people))})"
            name = f"{generic.name} ({len(generic)}) + {everybody}"
        sets = ("generic", *(f"user {number}" for number in numbers))
        return _join([generic, *people], sets, name)
    return _join([_balanced_first(generic, limit)], ("generic",))


def _shuffled(data: LabelledImages) -> LabelledImages:
    """All images in a fixed random order."""
    return data.select(np.random.default_rng(SEED).permutation(len(data)))


def _balanced_first(data: LabelledImages, limit: int) -> LabelledImages:
    """``limit`` images, class-balanced while there are enough of each class; all of them for 0."""
    if limit == 0 or limit >= len(data):
        return data
    balanced = balanced_subset(data, SEED)
    if limit <= len(balanced):
        return balanced.take(limit)
    return data.select(np.random.default_rng(SEED).permutation(len(data))[:limit])


def _join(parts: list[LabelledImages], sets: tuple[str, ...], name: str | None = None) -> ImageSet:
    """All parts in one, mixed in a fixed random order so that every stretch of it has images of each part.

    ``name`` None lists the parts.
    """
    member = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    order = np.random.default_rng(SEED).permutation(len(member)) if len(parts) > 1 else np.arange(len(member))
    if not len(order):
        raise InputError(f"{parts[0].name}: there is no image to compare on")
    return ImageSet(
        np.concatenate([part.images for part in parts])[order],
        np.concatenate([part.labels for part in parts])[order],
        member[order],
        sets,
        name or " + ".join(f"{part.name} ({len(part)})" for part in parts if len(part)),
        any(part.synthetic for part in parts),
    )
