# SPDX-License-Identifier: Apache-2.0
"""A user's expert and gate trained anew by the usual recipe, with what a finished bank does not tell.

That is the held-out logits of the expert on the user's own training images: what an expert says to an image that it
has learned shows nothing. Experts are kept in files that are named by all they depend on.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from golden.data import LabelledImages
from golden.integer_model import MoeModel, NetworkModel
from spec.bank import Bank
from spec.paths import MODELS
from spec.presets import load_moe, load_toml
from training.features import Samples, extract
from training.fit import fingerprint
from training.local_expert import LocalExpert
from training.personalize import Recipe, for_training
from training.seen import Seen
from training.table_files import SEED, TableData
from training.user_training import Expert, UserTraining

_RECIPE = 1  # to be raised when the same settings give other weights


@dataclass(frozen=True)
class OneUser:
    """One user as trained usually.

    Attributes:
        images: the training images.
        samples: their features and those of augmented copies.
        ge_logits: int32 (images, classes), of the GE.
        expert, bank: trained on them.
    """

    images: LabelledImages
    samples: Samples
    ge_logits: np.ndarray
    expert: LocalExpert
    bank: Bank

    @property
    def ge(self) -> np.ndarray:
        """int64 (images,), the GE's class."""
        return self.ge_logits.argmax(1)

    @property
    def held_out(self) -> np.ndarray:
        """int32 (images, classes): for each image the logits of an expert that saw neither it nor a copy of it."""
        return self.expert.held_out_logits[: len(self.images)]


@dataclass(frozen=True)
class Retrained:
    """All users of one gate preset.

    Attributes:
        gate: the preset.
        data: generic and users' images.
        work: directory for experts and features.
        directory: the models: ``ge.onnx``, generic heads, factory banks.
        seed: of every random choice.
    """

    gate: str
    data: TableData
    work: Path
    directory: Path = MODELS
    seed: int = SEED

    @cached_property
    def training(self) -> UserTraining:
        """Steps 2 and 3 of the paper's training by the preset's recipe."""
        moe, recipe = load_moe(self.gate, self.directory / "ge.onnx"), Recipe.of(load_toml("gates", self.gate))
        writers = self.data.users.train_parts()
        return UserTraining.beside(self.directory, moe, recipe, self.data.train, self.seed, self.work, writers)

    @cached_property
    def model(self) -> MoeModel:
        """The integer model."""
        return MoeModel(self.training.moe)

    @cached_property
    def generic_test(self) -> Seen:
        """The class-balanced generic test images."""
        return Seen.of(self.model, self.data.test)

    def settings(self, number: int) -> dict[str, Any]:
        """Everything that a user's weights depend on, as plain values."""
        images = self.data.users.train(number)
        return {
            "recipe": _RECIPE,
            "gate": for_training(load_toml("gates", self.gate)),
            "seed": self.seed,
            "network": self.training.moe.network.digest(),
            "start": self.training.start_digest(images),
            "training": self.training.settings(),
            "generic": fingerprint(self.data.train),
            "user": fingerprint(images),
        }

    def user(self, number: int) -> OneUser:
        """Train one user, or take the expert from the file of an earlier call."""
        training, images = self.training, self.data.users.train(number)
        key = hashlib.sha256(json.dumps(self.settings(number), sort_keys=True).encode()).hexdigest()[:16]
        trained = training.train(images, self.work / f"expert-{key}.npz", Expert.RESUME)
        samples = extract(training.moe, images, training.recipe.copies, self.seed)
        ge_logits = NetworkModel(training.moe.network).logits(images.images)
        return OneUser(images, samples, ge_logits, trained.expert, trained.bank)
