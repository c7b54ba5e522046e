# SPDX-License-Identifier: Apache-2.0
"""What a device knows before it has seen its user: local expert and gate from generic and other writers' handwriting.

A user's own local expert starts from this head. It has never seen an image of that user: who makes it leaves the user
out of the writers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from golden.data import LabelledImages
from golden.integer_model import NetworkModel
from spec.bank import Bank
from spec.network import Moe
from training.features import Copies, Samples, extract, join
from training.gate import GenericData, UserData
from training.heads import EpochData, Head, HeadConfig, integer_logits, train_head
from training.local_expert import LocalExpert, Weights
from training.personalize import Recipe, fit_gate, make_bank, one_thread
from training.sampling import balanced_draw

FACTORY = HeadConfig(epochs=20, learning_rate=4e-3, batch=384, weight_decay=0.1, label_smoothing=0.1, normalise=True)
EPOCH_SAMPLES = 115_200  # half of them generic: 300 batches
WRITER_COPIES = Copies(mild=2, strong=6)
"""At most; the gate learns from the mild ones."""
WRITER_FOLDS = 3
GATE_EPOCHS = 20  # of the factory gate: nine writers make long ones
LOSS_BUDGET = 0.002
"""Accuracy that generic validation images may lose before anybody has personalised the device: 0.2 points."""


@dataclass(frozen=True)
class Writer:
    """One writer's training samples, with copies, and the GE's class for each image: int64 (images,)."""

    samples: Samples
    ge: np.ndarray

    @staticmethod
    def of(moe: Moe, recipe: Recipe, train: LabelledImages, seed: int = 0) -> Writer:
        """Compute them."""
        answers = NetworkModel(moe.network).logits(train.images).argmax(1)
        return Writer(writer_samples(moe, recipe, train, seed), answers)


@dataclass(frozen=True)
class Factory:
    """A factory bank, and the accuracy (0..1) of such a head on images of writers that it did not see."""

    bank: Bank
    validation: float


def settings() -> str:
    """Everything that a factory bank depends on beside preset, seed and data: to know cached ones by."""
    return f"{FACTORY} {EPOCH_SAMPLES} {WRITER_COPIES} {WRITER_FOLDS} {GATE_EPOCHS} {LOSS_BUDGET}"


def writer_samples(moe: Moe, recipe: Recipe, train: LabelledImages, seed: int = 0) -> Samples:
    """Samples of one of the writers: with copies, strong ones if the recipe has any."""
    return extract(moe, train, writer_copies(recipe), seed)


def writer_copies(recipe: Recipe) -> Copies:
    """Of each image of one of the writers."""
    most = WRITER_COPIES
    return Copies(min(most.mild, recipe.mild_copies), min(most.strong, recipe.strong_copies))


def train_factory_head(
    moe: Moe,
    generic: Samples,
    writers: Sequence[Samples],
    config: HeadConfig = FACTORY,
    epoch_samples: int = EPOCH_SAMPLES,
) -> Weights:
    """A local expert's layers trained on generic handwriting and, for half of every batch, on that of other writers.

    Args:
        generic: class-balanced in every epoch.
        writers: as often as they write; none leaves generic samples alone.
        epoch_samples: samples of an epoch.
    """
    head = Head.to_train(moe.le.layers, config, generic.local)
    with one_thread():
        for _ in train_head(head, factory_epochs(generic, writers, config.seed, epoch_samples), config):
            pass
    return head.integers()


def train_factory(
    moe: Moe,
    recipe: Recipe,
    generic: GenericData,
    writers: Sequence[Writer],
    seed: int = 0,
    config: HeadConfig = FACTORY,
    epoch_samples: int = EPOCH_SAMPLES,
) -> Factory:
    """Head and gate for writers who are not among ``writers`` (at least two).

    The gate takes all writers for one user. What it learns of the head are logits for writers that a head did not see.
    """
    config = replace(config, seed=seed)
    samples = [writer.samples for writer in writers]
    weights = train_factory_head(moe, generic.learning, samples, config, epoch_samples)
    fold = np.arange(len(writers)) % min(WRITER_FOLDS, len(writers))
    logits = [np.empty(0)] * len(writers)
    for number in np.unique(fold):
        others = [one for one, part in zip(samples, fold, strict=True) if part != number]
        without = train_factory_head(moe, generic.learning, others, config, epoch_samples)
        for index in np.flatnonzero(fold == number):
            logits[index] = integer_logits(moe.le.layers, without, samples[index].local)
    right = [(y.argmax(1) == s.labels)[: len(w.ge)] for y, s, w in zip(logits, samples, writers, strict=True)]
    validation = float(np.mean([share.mean() for share in right]))
    expert = LocalExpert(weights, np.concatenate(logits), config.epochs, validation)
    everybody = UserData(join(samples), expert, np.concatenate([writer.ge for writer in writers]))
    gate = fit_gate(moe, replace(recipe, loss_budget=LOSS_BUDGET), generic, everybody, seed, GATE_EPOCHS)
    return Factory(make_bank(moe, [expert], gate), validation)


def factory_epochs(generic: Samples, writers: Sequence[Samples], seed: int, count: int) -> EpochData:
    """Epochs of ``count`` samples, half of them generic and class-balanced, half of other writers, if there are any."""
    own, labels = torch.from_numpy(generic.local), torch.from_numpy(generic.labels)
    if writers:
        others = join(writers)
        other, other_labels = torch.from_numpy(others.local), torch.from_numpy(others.labels)
    generic_count = count // 2 if writers else count
    per_class = -(-generic_count // len(np.unique(generic.labels)))

    def epoch_data(epoch: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        rng = np.random.default_rng([seed, epoch])
        drawn = torch.from_numpy(balanced_draw(generic.labels, per_class, epoch, seed)[:generic_count])
        inputs, classes = own[drawn], labels[drawn]
        if writers:
            drawn = torch.from_numpy(rng.integers(0, len(other), count - generic_count))
            inputs, classes = torch.cat([inputs, other[drawn]]), torch.cat([classes, other_labels[drawn]])
        order = torch.from_numpy(rng.permutation(len(classes)))
        return inputs[order], classes[order], torch.ones(len(order))

    return epoch_data
