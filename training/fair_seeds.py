# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning over users and seeds, as rows beside those of gate presets: the paper's, and with what an LE has.

What does not depend on the user, frozen features and factory layers, is kept in files for the other rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from golden.data import LabelledImages
from golden.torch_model import Network
from spec.files import UNREADABLE, replacing
from spec.presets import load_toml
from tools.rows import Row as Kept
from tools.rows import RowTask
from training.factory import writer_copies
from training.factory_banks import is_writer
from training.fair_fine_tune import FAIR, FairConfig, Tail, factory_tail, frozen_samples, personal_tail
from training.features import NO_COPIES, Copies, Samples
from training.fine_tune import FINE_TUNE, LAYERS, fine_tune, retrained_weights
from training.fit import fingerprint
from training.global_expert import classes, load_float_weights
from training.harris import digest
from training.local_expert import FOLDS, Rehearsal
from training.personalize import POOL_PER_CLASS, Recipe, generic_images
from training.seed_runs import Row, RunData
from training.shares import both_shares

RECIPE_OF = "rich"
"""Gate preset whose copies and rehearsal fine-tuning has: the one that is trained with the most."""

PAPER, ALONE, FACTORY, BOTH = "paper", "same_training", "factory", "factory_same_training"
VARIANTS = {
    PAPER: "fine-tuning as in the paper",
    ALONE: "fine-tuning, copies and rehearsal",
    FACTORY: "fine-tuning at the factory alone",
    BOTH: "fine-tuning, factory, copies and rehearsal",
}
"""Names in the table. ``FACTORY`` has never seen the user; its weights are everybody's."""

_RECIPE = 1  # to be raised when the same settings give other weights


def user_weights(network: str, float_ge: Path) -> tuple[int, float]:
    """Weights of a fine-tuned user, without biases, and their share of the GE's.

    Raises:
        InputError: the file has no such network.
    """
    model = load_float_weights(load_toml("networks", network), float_ge)
    own = retrained_weights(model)
    return own, own / sum(value.numel() for name, value in model.named_parameters() if name.endswith("weight"))


@dataclass(frozen=True)
class FairTask(RowTask):
    """One user with one seed and one variant.

    Attributes:
        variant: of ``VARIANTS``.
        float_ge: file of the float GE's weights.
        network: its preset.
        user, seed: whose layers, and the seed of every random choice.
        validate: measure on held-out training images instead of test images.
        work: directory for features, factory layers and finished rows.
        config: of the variants that are not the paper's.
    """

    variant: str
    float_ge: Path
    network: str
    user: int
    seed: int
    validate: bool
    work: Path
    config: FairConfig = FAIR

    def __str__(self) -> str:
        return f"{VARIANTS[self.variant]}, user {self.user}, seed {self.seed}"

    def row(self) -> Kept:
        """See :class:`tools.rows.RowTask`: accuracies of the GE before and of what it became."""
        torch.set_num_threads(1)
        preset = load_toml("networks", self.network)
        model = load_float_weights(preset, self.float_ge)
        data = RunData.load(classes(preset))
        split = data.split(self.user, self.seed, self.validate)
        writers = [one for one in data.users.train_parts() if not is_writer(split.train, one)]
        training = _Training(self, model, data.generic, writers, split.train)

        def compute() -> Row:
            start, tail = Tail.of(model), training.tail()
            own, other = (training.samples(part) for part in (split.own, split.other))

            def right(tail: Tail, samples: Samples) -> tuple[float, float]:
                return both_shares(tail.answers(samples.local) == samples.labels, samples.labels)

            overall, balanced = right(tail, own)
            return {
                "user": self.user,
                "seed": self.seed,
                "overall": overall,
                "balanced": balanced,
                "generic_overall": right(tail, other)[0],
                "ge": right(start, own)[0],
                "generic_ge": right(start, other)[0],
            }

        learned_from = [] if self.variant == PAPER else [data.generic_name, *map(fingerprint, writers)]
        depends_on = {
            "recipe": f"{_RECIPE} {training.settings}",
            "variant": self.variant,
            "model": digest(model),
            "seed": self.seed,
            "data": [*map(fingerprint, (split.train, split.own, split.other)), *learned_from],
        }
        return Kept(self.work, depends_on, compute)


@dataclass(frozen=True)
class _Training:
    """Trains the last layers of one task; see :class:`FairTask` for whom ``writers`` leaves out."""

    task: FairTask
    model: Network
    generic: LabelledImages
    writers: Sequence[LabelledImages]
    train: LabelledImages

    @cached_property
    def recipe(self) -> Recipe:
        return Recipe.of(load_toml("gates", RECIPE_OF))

    @property
    def settings(self) -> str:
        """Everything that the weights depend on beside variant, model, seed and data."""
        if self.task.variant == PAPER:
            return f"{FINE_TUNE} {FOLDS} {LAYERS}"
        config = self.task.config
        used = {ALONE: config.personal, FACTORY: (config.factory, config.factory_samples)}
        return f"{self.recipe} {writer_copies(self.recipe)} {POOL_PER_CLASS} {used.get(self.task.variant, config)}"

    def tail(self) -> Tail:
        """The variant's."""
        task = self.task
        if task.variant == PAPER:
            return Tail.of(fine_tune(self.model, self.train, replace(FINE_TUNE, seed=task.seed)).model)
        start = Tail.of(self.model) if task.variant == ALONE else self.factory_layers()
        if task.variant == FACTORY:
            return start
        own = self.samples(self.train, self.recipe.copies)
        return personal_tail(start, own, Rehearsal(self.learning, self.recipe.rehearsal), task.seed, task.config)

    @cached_property
    def learning(self) -> Samples:
        """Generic samples: as many as for a local expert, never of the images that validated the GE."""
        images, _ = generic_images(self.generic, self.task.seed)
        return self.samples(images, self.recipe.copies.once())

    def factory_layers(self) -> Tail:
        """Without the user, from a file when they were trained before."""
        config = self.task.config
        copies = writer_copies(self.recipe)
        made_of = (config.factory, config.factory_samples, self.recipe, copies, POOL_PER_CLASS, self.task.seed)
        parts = (fingerprint(self.generic), *map(fingerprint, self.writers))
        path = self._file("fair-factory", f"{digest(self.model)} {made_of} {parts}")
        tail = Tail.of(self.model)

        def compute() -> dict[str, np.ndarray]:
            others = [self.samples(writer, copies) for writer in self.writers]
            trained = factory_tail(tail, self.learning, others, self.task.seed, config)
            return {name: value.numpy() for name, value in trained.state_dict().items()}

        arrays = _kept(path, compute)
        tail.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
        return tail.eval()

    def samples(self, data: LabelledImages, copies: Copies = NO_COPIES) -> Samples:
        """Frozen features, from a file when they were computed before."""
        path = self._file("fair-features", f"{digest(self.model)} {fingerprint(data)} {copies} {self.task.seed}")

        def compute() -> dict[str, np.ndarray]:
            made = frozen_samples(self.model, data, copies, self.task.seed)
            return {field.name: getattr(made, field.name) for field in fields(Samples)}

        return Samples(**_kept(path, compute))

    def _file(self, what: str, made_of: str) -> Path:
        return self.task.work / f"{what}-{hashlib.sha256(f'{_RECIPE} {made_of}'.encode()).hexdigest()[:16]}.npz"


def _kept(path: Path, compute: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Arrays by name, from a file when they are there; one that cannot be read is computed again."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return dict(stored)
    except UNREADABLE:
        pass
    arrays = compute()
    with replacing(path) as stream:
        np.savez(stream, **arrays)
    return arrays
