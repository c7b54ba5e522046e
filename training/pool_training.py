# SPDX-License-Identifier: Apache-2.0
"""Training of a pool of experts step by step, each step kept in a file, so that an interrupted training goes on.

Beside it what a pool is measured against: a local expert of the same shape trained from scratch for one query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spec.network import LayerWeights, Moe
from tools.rows import cached_row
from training import pool_distil as distil
from training.fit import balanced_accuracy
from training.heads import Head, HeadConfig, integer_logits, train_head
from training.personalize import one_thread
from training.pool import Pool, check_moe
from training.pool_data import PoolData
from training.pool_distil import Library, Scale
from training.pool_file import local_expert_text
from training.pool_groups import GROUPS, Groups
from training.sampling import balanced_draw

RECIPE = 1  # to be raised when the same settings give other weights
SCRATCH = HeadConfig(epochs=40, learning_rate=5e-3, label_smoothing=0.1, normalise=True)

Progress = Callable[[], object]
"""Is called after every epoch, also for those of a step that was finished before."""


@dataclass(frozen=True)
class PoolTraining:
    """Trains pools on one set of samples.

    Attributes:
        moe, data: what is trained, and on what.
        work: directory of finished steps.
    """

    moe: Moe
    data: PoolData
    work: Path

    def library(self, seed: int, progress: Progress = int) -> Library:
        """The library of a seed."""

        def compute() -> dict[str, Any]:
            found = distil.train_library(self.moe, self.data, seed, distil.LIBRARY_CONFIG, progress)
            return {"layers": [_plain(one) for one in (*found.hidden, found.out)]}

        row = cached_row(self.work, self._depends_on("library", seed, distil.LIBRARY_CONFIG), compute)
        *hidden, out = map(_weights, row["layers"])
        return Library(tuple(hidden), out)

    def expert(
        self, library: Library, classes: np.ndarray, seed: int, scale: Scale, progress: Progress = int
    ) -> LayerWeights:
        """The primitive expert of a group on the library of that seed."""

        def compute() -> dict[str, Any]:
            found = distil.train_expert(self.moe, self.data, library, classes, seed, scale, progress=progress)
            return _plain(found)

        settings = (distil.LIBRARY_CONFIG, distil.EXPERT_CONFIG, distil.FROM_LIBRARY, distil.INSIDE_LOSS)
        more = {
            "classes": classes.tolist(),
            "scale": scale.value,
            "constants": [distil.TEACHER_LOSS, distil.NORMAL_DEVIATION],
            "library": [_plain(one) for one in (*library.hidden, library.out)],
        }
        return _weights(cached_row(self.work, self._depends_on("expert", seed, settings) | more, compute))

    def pool(
        self, seed: int = 0, scale: Scale = Scale.LIBRARY, groups: Groups = GROUPS, progress: Progress = int
    ) -> Pool:
        """A whole pool: the library, then every group's expert.

        Raises:
            InputError: there can be no pool for this accelerator.
        """
        check_moe(self.moe, groups)
        with one_thread():
            library = self.library(seed, progress)
            experts = {name: self.expert(library, groups[name], seed, scale, progress) for name in groups}
        return Pool(library.hidden, groups, experts)

    def scratch(self, classes: np.ndarray, seed: int) -> tuple[tuple[LayerWeights, ...], LayerWeights]:
        """A local expert trained by cross-entropy on some classes only: hidden layers, and these classes' rows."""

        def compute() -> dict[str, Any]:
            with one_thread():
                return {"layers": [_plain(one) for one in train_scratch(self.moe, self.data, classes, seed, SCRATCH)]}

        more = {"classes": classes.tolist()}
        row = cached_row(self.work, self._depends_on("scratch", seed, SCRATCH) | more, compute)
        *hidden, rows = map(_weights, row["layers"])
        return tuple(hidden), rows

    def _depends_on(self, step: str, seed: int, config: object) -> dict[str, Any]:
        return {
            "recipe": RECIPE,
            "step": step,
            "samples": self.data.digest,
            "local_expert": local_expert_text(self.moe),
            "seed": seed,
            "config": repr(config),
            "distillation": [distil.PER_CLASS, distil.TEMPERATURE, distil.TEACHER_SHARE],
        }


def train_scratch(
    moe: Moe, data: PoolData, classes: np.ndarray, seed: int, config: HeadConfig
) -> tuple[LayerWeights, ...]:
    """Every layer of a local expert for some classes, the last with their rows only: class-balanced cross-entropy."""
    layers = (*moe.le.hidden, replace(moe.le.out, outputs=len(classes)))
    config = replace(config, seed=seed)
    head = Head.to_train(layers, config, data.inputs)
    members = np.flatnonzero(np.isin(data.labels, classes))
    inputs, labels = torch.from_numpy(data.inputs), np.searchsorted(classes, data.labels)

    def epoch_data(epoch: int) -> tuple[Tensor, Tensor, Tensor]:
        index = members[balanced_draw(data.labels[members], distil.PER_CLASS, epoch, seed)]
        return inputs[index], torch.from_numpy(labels[index]), torch.ones(len(index))

    for _ in train_head(head, epoch_data, config):
        pass
    return head.integers()


def validation_accuracy(
    moe: Moe, data: PoolData, library: Iterable[LayerWeights], classes: np.ndarray, rows: LayerWeights
) -> float:
    """Class-balanced accuracy (0..1) on the validation images of some classes, in integers."""
    chosen = np.isin(data.validation_labels, classes)
    layers = (*moe.le.hidden, replace(moe.le.out, outputs=len(classes)))
    logits = integer_logits(layers, (*library, rows), data.validation_inputs[chosen])
    return balanced_accuracy(classes[logits.argmax(1)], data.validation_labels[chosen])


def epochs(groups: Groups = GROUPS) -> int:
    """Epochs of a whole training, for a progress bar."""
    return distil.LIBRARY_CONFIG.epochs + len(groups) * distil.FROM_LIBRARY.epochs


def _plain(weights: LayerWeights) -> dict[str, Any]:
    return {"weight": weights.weight.tolist(), "bias": weights.bias.tolist()}


def _weights(plain: dict[str, Any]) -> LayerWeights:
    return LayerWeights(np.array(plain["weight"], np.int64), np.array(plain["bias"], np.int64))
