# SPDX-License-Identifier: Apache-2.0
"""Factory banks as files: one made from all writers, and one without each of them.

Whose images a bank has seen is known by a hash of every image, so a writer who comes back as a user is given the bank
that was made without them, under whatever name their images come.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from golden.data import LabelledImages
from spec.bank import Bank
from spec.bank_file import read_bank_file
from spec.errors import InputError
from spec.files import UNREADABLE, replacing
from spec.network import Moe
from spec.paths import factory_file

WRITERS = "writers.npz"
SAME_WRITER = 0.05
"""Share of somebody's images that are a writer's from which on they are that writer."""


def image_hashes(images: np.ndarray) -> np.ndarray:
    """CRC-32 of every image: uint32 (N,)."""
    return np.array([zlib.crc32(image.tobytes()) for image in np.ascontiguousarray(images)], np.uint32)


def is_writer(images: LabelledImages, writer: LabelledImages) -> bool:
    """Whether these images are this writer's, or some of them."""
    return _are_of(np.isin(image_hashes(images.images), image_hashes(writer.images)))


def _are_of(known: np.ndarray) -> bool:
    """Whether enough are known, bool (N,): plain strokes of two writers may come out as the same image."""
    return bool(len(known)) and float(known.mean()) >= SAME_WRITER


def save_writers(directory: Path, writers: Sequence[LabelledImages]) -> None:
    """Note whose images the factory banks in ``directory`` have seen; writers count from 1.

    Images that two of them share, such as a plain stroke, tell nobody apart and are left out.
    """
    hashes = [np.unique(image_hashes(writer.images)) for writer in writers]
    numbers = np.repeat(np.arange(1, len(writers) + 1, dtype=np.uint8), [len(one) for one in hashes])
    known, first, count = np.unique(np.concatenate(hashes), return_index=True, return_counts=True)
    with replacing(directory / WRITERS) as stream:
        np.savez_compressed(stream, image=known[count == 1], writer=numbers[first[count == 1]])


def writers_of(directory: Path, images: LabelledImages) -> list[int]:
    """Numbers of the writers whose images these are.

    Raises:
        InputError: what :func:`save_writers` noted is not there, or cannot be read.
    """
    path = directory / WRITERS
    try:
        with np.load(path, allow_pickle=False) as stored:
            hashes, known, writers = image_hashes(images.images), stored["image"], stored["writer"]
            return [one for one in np.unique(writers).tolist() if _are_of(np.isin(hashes, known[writers == one]))]
    except FileNotFoundError:
        raise InputError(f"{path}: is missing, so nobody knows whose images the factory banks have seen") from None
    except UNREADABLE:
        raise InputError(f"{path}: not a readable list of writers") from None


def factory_bank(moe: Moe, banks: Path, images: LabelledImages) -> Bank | None:
    """The factory bank that has seen none of these images; None when there is none for this GE and preset.

    Raises:
        InputError: the images come from several writers of the factory banks, or a file cannot be read.
    """
    whole = factory_file(moe.preset, banks=banks)
    if not whole.exists():
        return None
    known = writers_of(whole.parent, images)
    if len(known) > 1:
        raise InputError(
            f"{images.name}: has images of writers {known} of the factory banks; no bank is without all of them"
        )
    path = factory_file(moe.preset, known[0] if known else None, banks)
    if not path.exists():
        return None
    file = read_bank_file(path)
    try:
        file.check(moe)
    except InputError:
        return None  # of another GE or shape
    return file.bank
