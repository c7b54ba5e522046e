# SPDX-License-Identifier: Apache-2.0
"""From users' handwriting to their banks, for one gate preset: features, local expert, gate, bank, figures.

What all users share, the features of generic data and the generic head, is made when the first user needs it, and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from golden.data import Handwriting, LabelledImages
from golden.integer_model import MoeModel
from spec.bank import Bank
from spec.errors import InputError
from spec.network import LayerWeights, Moe
from training import factory, feature_cache, local_expert
from training.factory_banks import is_writer
from training.factory_head import made_head, shipped_head
from training.feature_cache import cached_generic_data
from training.features import Samples, extract
from training.fit import fingerprint
from training.gate import GATES, LINEAR_GATE, Gate, GenericData
from training.local_expert import FOLDS, GENERIC, USUAL, LocalExpert, Weights, train_generic_head
from training.personalize import (
    POOL_PER_CLASS,
    Measured,
    Recipe,
    fit_expert,
    fit_gate,
    make_bank,
    measure,
    user_data,
)
from training.store import head_file, load_expert, load_head, save_expert, save_head

Step = Callable[[str], AbstractContextManager]
"""Is entered with the name of each step, for a progress bar."""


class Expert(Enum):
    """Where a user's local expert comes from: trained anew, from its file when it is there, or only from there."""

    TRAIN = "train"
    RESUME = "resume"
    LOAD = "load"


@dataclass(frozen=True)
class Trained:
    """One user's weights; gate and bank are None when only the local expert was asked for."""

    expert: LocalExpert
    gate: Gate | None = None
    bank: Bank | None = None


def training_settings(moe: Moe, recipe: Recipe) -> str:
    """Everything that a user's weights depend on beside preset, seed and data: to know cached results by."""
    gate = GATES[moe.le_start] if moe.gate.hidden else LINEAR_GATE
    return f"{_head_settings()} {USUAL[moe.le_start]} {FOLDS} {gate} {recipe}"


def _head_settings() -> str:
    """The same for a generic or factory head."""
    generic = f"{GENERIC} {local_expert.GENERIC_PER_CLASS} {POOL_PER_CLASS}"
    return f"{feature_cache.RECIPE} {factory.settings()} {generic}"


@dataclass(frozen=True)
class UserTraining:
    """Trains the users of one gate preset.

    Attributes:
        moe, recipe: what is trained, and how.
        generic_train: generic images.
        seed: of every random choice of a user's training.
        work: directory for the features of generic data, and for factory heads that are not shipped.
        head: file that may hold a shipped generic head; one that is made is kept in ``work``.
        head_seed: of the generic or factory head's training.
        banks: directory of banks, in which factory banks may be.
        writers: training images of writers, for a factory head when no bank fits; the user is left out.
    """

    moe: Moe
    recipe: Recipe
    generic_train: LabelledImages
    seed: int
    work: Path
    head: Path | None = None
    head_seed: int = GENERIC.seed
    banks: Path | None = None
    writers: tuple[LabelledImages, ...] = ()

    @classmethod
    def beside(
        cls,
        models: Path,
        moe: Moe,
        recipe: Recipe,
        generic_train: LabelledImages,
        seed: int,
        work: Path,
        writers: tuple[LabelledImages, ...],
        head_seed: int = GENERIC.seed,
    ) -> UserTraining:
        """Starts from the heads and factory banks that are shipped in the directory ``models``, where they fit."""
        head = head_file(models, moe.preset)
        return cls(moe, recipe, generic_train, seed, work, head, head_seed, models / "banks", writers)

    @cached_property
    def generic(self) -> GenericData:
        """Features of generic data."""
        return cached_generic_data(self.moe, self.generic_train, self.recipe.copies, self.seed, self.work)

    def settings(self) -> str:
        """Everything that a user's weights depend on beside preset, seed and data: to know cached results by."""
        return training_settings(self.moe, self.recipe)

    def start(self, images: LabelledImages) -> Weights | None:
        """What this user's local expert starts from; None for a preset that starts from random weights.

        Args:
            images: the user's, none of which the start has seen.

        Raises:
            InputError: a file that should hold it cannot be read.
        """
        if self.moe.le_start == "random":
            return None
        if self.moe.le_start == "generic":
            return self.generic_head
        if self.banks and (shipped := shipped_head(self.moe, self.banks, images)):
            return shipped
        generic = f"{fingerprint(self.generic_train)} {self.seed}", self.generic.learning
        return made_head(self.moe, self.recipe, generic, self.others(images), self.head_seed, self.work)

    def others(self, images: LabelledImages) -> tuple[LabelledImages, ...]:
        """The writers without the one whose images these are."""
        return tuple(writer for writer in self.writers if not is_writer(images, writer))

    def start_digest(self, images: LabelledImages) -> str:
        """SHA-256 (hexadecimal) of :meth:`start`; empty without one."""
        content = [part.tobytes() for layer in self.start(images) or () for part in (layer.weight, layer.bias)]
        return sha256(b"".join(content)).hexdigest() if content else ""

    @cached_property
    def generic_head(self) -> tuple[LayerWeights, ...]:
        """A head trained on generic data alone.

        Raises:
            InputError: a file that should hold it cannot be read.
        """
        made_of = f"{self.moe.network.digest()} {self.moe.le} {_head_settings()} {self.recipe.copies.once()}"
        made_of += f" {fingerprint(self.generic_train)} {self.seed} {self.head_seed}"
        made = self.work / f"le_generic-{sha256(made_of.encode()).hexdigest()[:16]}.npz"
        for path in (self.head, made):
            if path and (head := load_head(path, self.moe)) is not None:
                return head
        config = replace(GENERIC, seed=self.head_seed)
        head = train_generic_head(self.moe, self.generic.learning, self.generic.validation, config)
        save_head(made, self.moe, head)
        return head

    def train(
        self,
        images: LabelledImages,
        expert_file: Path | None,
        expert: Expert = Expert.TRAIN,
        *,
        expert_only: bool = False,
        expert_epochs: int | None = None,
        gate_epochs: int | None = None,
        step: Step = lambda name: nullcontext(),
    ) -> Trained:
        """Train one user.

        Args:
            images: the user's, to learn from.
            expert_file: where the local expert is kept; None keeps it nowhere, for ``TRAIN`` alone.
            expert: where it comes from.
            expert_only: end before the gate.
            expert_epochs, gate_epochs: None for the usual number.

        Raises:
            InputError: the local expert is to be loaded and is not there, or does not fit.
        """
        with step("features"):
            generic = self.generic
            samples = extract(self.moe, images, self.recipe.copies, self.seed)
        with step("local expert"):
            fitted = self._expert(images, samples, expert_file, expert, expert_epochs)
        if expert_only:
            return Trained(fitted)
        with step("gate"):
            user = user_data(self.moe, images, samples, fitted)
            gate = fit_gate(self.moe, self.recipe, generic, user, self.seed, gate_epochs)
            return Trained(fitted, gate, make_bank(self.moe, [fitted], gate))

    def _expert(
        self, images: LabelledImages, samples: Samples, file: Path | None, expert: Expert, epochs: int | None
    ) -> LocalExpert:
        if file is None and expert != Expert.TRAIN:
            raise ValueError("a local expert that was trained before comes from a file, none is named")
        if file and (expert == Expert.LOAD or (expert == Expert.RESUME and file.exists())):
            return load_expert(file, self.moe, samples)
        shipped = self.banks and shipped_head(self.moe, self.banks, images)
        known = self.generic, self.start(images), self.seed, epochs, bool(shipped or self.others(images))
        fitted = fit_expert(self.moe, self.recipe, samples, *known)
        if file:
            save_expert(file, self.moe, fitted)
        return fitted

    def measure(self, bank: Bank, own: LabelledImages, generic: LabelledImages) -> tuple[Measured, Measured]:
        """What the integer model answers for the user's and for generic test images."""
        model = MoeModel(self.moe)
        return measure(model, bank, own), measure(model, bank, generic)


def chosen_users(numbers: Sequence[int] | None, users: Handwriting) -> tuple[int, ...]:
    """These users; all of them for None and for none.

    Raises:
        InputError: the data have no such user.
    """
    for number in numbers or ():
        if number not in users.users:
            raise InputError(f"--users names {number}, the data have users {users.users[0]} to {users.users[-1]}")
    return tuple(numbers or users.users)
