# SPDX-License-Identifier: Apache-2.0
"""What a user's local expert and gate start from: a shipped factory bank, or one made of the writers at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from golden.data import LabelledImages
from spec.network import LayerWeights, Moe
from training import factory
from training.factory_banks import factory_bank, shares_images
from training.fit import fingerprint
from training.gate import GenericData
from training.personalize import Recipe
from training.store import load_head, save_head

WRITERS_NEEDED = 2
"""Of fewer writers a head can be made, but no gate: that learns from writers whom a head did not see."""


@dataclass(frozen=True)
class Start:
    """Weights of every layer of a local expert and of a gate; None starts from random ones."""

    local: tuple[LayerWeights, ...] | None = None
    gate: tuple[LayerWeights, ...] | None = None

    def digest(self) -> str:
        """SHA-256 (hexadecimal) of all weights; empty without any."""
        layers = (*(self.local or ()), *(self.gate or ()))
        content = b"".join(part.tobytes() for layer in layers for part in (layer.weight, layer.bias))
        return sha256(content).hexdigest() if layers else ""


def shipped_start(moe: Moe, banks: Path, images: LabelledImages) -> Start | None:
    """From the factory bank below ``banks`` that has seen none of these images; None when there is none that fits.

    Raises:
        InputError: as :func:`training.factory_banks.factory_bank`.
    """
    bank = factory_bank(moe, banks, images)
    return Start(bank.local_experts[0], bank.gate) if bank else None


def made_start(
    moe: Moe,
    recipe: Recipe,
    generic: GenericData,
    generic_name: str,
    writers: Sequence[LabelledImages],
    images: LabelledImages,
    seed: int,
    work: Path,
) -> Start:
    """From a factory bank that is trained now, or was before and is kept in ``work``.

    Args:
        generic_name: fingerprint of the generic images.
        writers: training images of writers; whoever shares an image with ``images`` is left out.
    """
    others = [writer for writer in writers if not shares_images(writer, images)]
    made_of = (factory.settings(), recipe, generic_name, *map(fingerprint, others), seed)
    key = sha256(f"{moe.network.digest()} {moe.arithmetic} {made_of}".encode()).hexdigest()[:16]
    path, whole = work / f"factory-{key}.npz", len(others) >= WRITERS_NEEDED
    layers = moe.runtime_layers if whole else moe.le.layers
    weights = load_head(path, moe, layers)
    if weights is None:
        if whole:
            made = [factory.Writer.of(moe, recipe, writer, seed) for writer in others]
            bank = factory.train_factory(moe, recipe, generic, made, seed, factory.FACTORY, factory.EPOCH_SAMPLES).bank
            weights = (*bank.local_experts[0], *bank.gate)
        else:
            samples = [factory.writer_samples(moe, recipe, writer, seed) for writer in others]
            config = replace(factory.FACTORY, seed=seed)
            weights = factory.train_factory_head(moe, generic.learning, samples, config, factory.EPOCH_SAMPLES)
        save_head(path, moe, weights, layers)
    count = len(moe.le.layers)
    return Start(weights[:count], weights[count:] or None)
