# SPDX-License-Identifier: Apache-2.0
"""What a user's local expert starts from: the head of a shipped factory bank, or one made of the writers at hand.

The gate does not start from the factory gate: that one has learned to let other writers pass too, and a personal gate
that starts there sends fewer of the user's own images to the local expert.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from golden.data import LabelledImages
from spec.network import Moe
from training import factory
from training.factory_banks import factory_bank
from training.features import Samples
from training.fit import fingerprint
from training.local_expert import Weights
from training.personalize import Recipe
from training.store import load_head, save_head


def shipped_head(moe: Moe, banks: Path, images: LabelledImages) -> Weights | None:
    """From the factory bank below ``banks`` that has seen none of these images; None when there is none that fits.

    Raises:
        InputError: as :func:`training.factory_banks.factory_bank`.
    """
    bank = factory_bank(moe, banks, images)
    return bank.local_experts[0] if bank else None


def made_head(
    moe: Moe,
    recipe: Recipe,
    generic: tuple[str, Samples],
    writers: Sequence[LabelledImages],
    seed: int,
    work: Path,
) -> Weights:
    """One that is trained now, or was before and is kept in ``work``.

    Args:
        generic: name (of images and their choice) and samples of generic images.
        writers: training images of writers, without the user.
    """
    name, learning = generic
    made_of = (factory.settings(), recipe.copies, name, *map(fingerprint, writers), seed)
    key = sha256(f"{moe.network.digest()} {moe.le} {made_of}".encode()).hexdigest()[:16]
    path = work / f"factory-{key}.npz"
    if (head := load_head(path, moe)) is not None:
        return head
    samples = [factory.writer_samples(moe, recipe, writer, seed) for writer in writers]
    config = replace(factory.FACTORY, seed=seed)
    head = factory.train_factory_head(moe, learning, samples, config, factory.EPOCH_SAMPLES)
    save_head(path, moe, head)
    return head
