# SPDX-License-Identifier: Apache-2.0
"""Step 2 of the paper's training (section 4.3): one user's local expert, on frozen features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from spec.network import LayerWeights, Moe
from training.features import Kind, Samples
from training.fit import balanced_accuracy
from training.heads import EpochData, Head, HeadConfig, integer_logits, train_head
from training.sampling import balanced_draw, folds

GENERIC = HeadConfig(epochs=20, learning_rate=5e-3)

GENERIC_PER_CLASS = 500  # samples of each class in an epoch of the generic head
FOLDS = 4


@dataclass(frozen=True)
class ExpertConfig(HeadConfig):
    """Settings of a local expert's training.

    ``epoch_samples``: an epoch takes every image and as many of its copies, the same number of each and other ones in
    every epoch, as keep it at this size; None takes all.
    ``choose``: cross-validation chooses the epoch to stop at. From a factory head that loses more than it wins: after a
    few epochs the accuracy hardly changes, and chance may choose one whose learning rate is still high.
    ``start_worth``: how many images of each class the start is worth. With n images a class the expert goes n / (n +
    ``start_worth``) of the way from its start to what training made of it: few images know little of how often their
    writer uses which character, and the start, made from other writers, knows it.
    """

    epoch_samples: int | None = None
    choose: bool = True
    start_worth: float = 0.0


START_WORTH = 0.5
"""Of a factory head that has seen other writers; chosen on held-out training images of users with few of them. A head
that has seen none is worth none."""

FROM_RANDOM = ExpertConfig(epochs=60, learning_rate=5e-3, batch=64, label_smoothing=0.1)
FROM_GENERIC = ExpertConfig(epochs=24, learning_rate=5e-3, label_smoothing=0.1)
FROM_FACTORY = ExpertConfig(
    epochs=30,
    learning_rate=2e-3,
    weight_decay=0.3,
    label_smoothing=0.1,
    epoch_samples=5000,
    choose=False,
    start_worth=START_WORTH,
    normalise=True,
)
USUAL = {"random": FROM_RANDOM, "generic": FROM_GENERIC, "factory": FROM_FACTORY}
"""By what a preset's local experts start from."""

Weights = tuple[LayerWeights, ...]
"""Of every layer of a local expert."""


@dataclass(frozen=True)
class LocalExpert:
    """A trained local expert.

    Attributes:
        weights: of every layer, trained on all samples.
        held_out_logits: int32 (N, classes), for each training sample the logits of an expert that saw neither it nor
            any copy of its image. An expert is overconfident on its own training samples; the gate must not learn from
            that.
        epochs: that it was trained for.
        validation: cross-validated accuracy at that epoch, 0..1.
    """

    weights: tuple[LayerWeights, ...]
    held_out_logits: np.ndarray
    epochs: int
    validation: float


@dataclass(frozen=True)
class Rehearsal:
    """Generic samples that keep an expert from forgetting generic handwriting, and the weight of their loss.

    A generic image that the gate sends to the local expert by mistake costs less the more the expert
    remembers.
    """

    samples: Samples
    weight: float


def train_generic_head(moe: Moe, learning: Samples, validation: Samples, config: HeadConfig = GENERIC) -> Weights:
    """A local expert's layers trained on generic data: the common start of all users' experts.

    Validation chooses the epoch.
    """
    head = Head(moe.le.layers, config.seed)
    inputs, labels = torch.from_numpy(learning.local), torch.from_numpy(learning.labels)

    def epoch_data(epoch: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        order = torch.from_numpy(balanced_draw(learning.labels, GENERIC_PER_CLASS, epoch, config.seed))
        return inputs[order], labels[order], torch.ones(len(order))

    best, best_weights = -1.0, head.integers()
    for _ in train_head(head, epoch_data, config):
        weights = head.integers()
        predictions = integer_logits(moe.le.layers, weights, validation.local).argmax(1)
        accuracy = balanced_accuracy(predictions, validation.labels)
        if accuracy > best:
            best, best_weights = accuracy, weights
    return best_weights


def train_local_expert(
    moe: Moe,
    samples: Samples,
    start: Weights | None = None,
    config: ExpertConfig | None = None,
    rehearsal: Rehearsal | None = None,
) -> LocalExpert:
    """Train one user's local expert.

    Cross-validation over the user's own training images gives the held-out logits and, if it is to choose, the number
    of epochs; the expert itself is then trained on all of them. Without any class of two images all epochs are run.

    Args:
        samples: the user's training samples; augmented copies follow their image's fold.
        start: generic or factory head to start from; None starts from random weights.
        config: default: the usual one of the preset's start.
        rehearsal: generic samples to mix in; None trains on the user's samples alone, as the paper does.
    """
    config = config or USUAL[moe.le_start]
    images = samples.kind == Kind.IMAGE
    fold = folds(samples.labels[images], FOLDS, config.seed)[samples.source]
    right = np.zeros((config.epochs, int(images.sum())), bool)
    trained: dict[int, list[Weights]] = {}
    for number in np.unique(fold):  # fewer than FOLDS when there are fewer images
        out = images & (fold == number)
        weights = train_epochs(moe, samples.select(fold != number), start, config, rehearsal, config.epochs)
        for epoch, one in enumerate(weights):
            predictions = integer_logits(moe.le.layers, one, samples.local[out]).argmax(1)
            right[epoch, out[images]] = predictions == samples.labels[out]
        trained[number] = weights
    # Of a class with one image, an expert that did not see it has seen none: that says nothing about an epoch.
    labels = samples.labels[images]
    telling = np.bincount(labels)[labels] > 1
    accuracy = right.mean(1)
    chosen = config.choose and telling.any()
    epochs = int(right[:, telling].mean(1).argmax()) + 1 if chosen else config.epochs
    logits = np.empty((len(samples), moe.network.classes), np.int32)
    for number in trained:
        mine = fold == number
        logits[mine] = integer_logits(moe.le.layers, trained[number][epochs - 1], samples.local[mine])
    final = train_epochs(moe, samples, start, config, rehearsal, epochs)[-1]
    return LocalExpert(final, logits, epochs, float(accuracy[epochs - 1]))


def train_epochs(
    moe: Moe,
    samples: Samples,
    start: Weights | None,
    config: ExpertConfig,
    rehearsal: Rehearsal | None,
    stop: int,
) -> list[Weights]:
    """Integer weights after each of the first ``stop`` epochs of the configured schedule, from all ``samples``.

    No cross-validation, no choice: :func:`train_local_expert` does those.
    """
    head = Head.to_train(moe.le.layers, config, (samples if rehearsal is None else rehearsal.samples).local)
    if start is not None:
        head.load_integers(start)
    if not len(samples):  # a single image, held out: what is left is the start
        return [head.integers()] * stop
    images = samples.kind == Kind.IMAGE
    each = images.sum() / len(np.unique(samples.labels))
    share = float(each / (each + config.start_worth))
    history: list[Weights] = []
    for epoch in train_head(head, user_epochs(samples, rehearsal, config), config):
        history.append(head.integers() if start is None else between(start, head.integers(), share))
        if epoch == stop:
            break
    return history


def between(start: Weights, end: Weights, share: float) -> Weights:
    """Weights and biases that are ``share`` (0..1) of the way from one head to another, rounded half to even."""

    def integers(first: np.ndarray, last: np.ndarray) -> np.ndarray:
        return np.rint(first + share * (last - first)).astype(np.int64)

    return tuple(
        LayerWeights(integers(one.weight, other.weight), integers(one.bias, other.bias))
        for one, other in zip(start, end, strict=True)
    )


def user_epochs(samples: Samples, rehearsal: Rehearsal | None, config: ExpertConfig) -> EpochData:
    """Epochs of the user's samples in a fresh order, mixed with as many to rehearse."""
    x, y = torch.from_numpy(samples.local), torch.from_numpy(samples.labels)
    choose = _choice(samples, config)
    if rehearsal is not None:
        generic, classes = torch.from_numpy(rehearsal.samples.local), rehearsal.samples.labels

    def epoch_data(epoch: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        chosen = torch.from_numpy(choose(epoch))
        count = len(chosen)
        inputs, labels, weights = x[chosen], y[chosen], torch.ones(count)
        if rehearsal is not None:
            per_class = -(-count // len(np.unique(classes)))
            drawn = torch.from_numpy(balanced_draw(classes, per_class, epoch, config.seed)[:count])
            inputs = torch.cat([inputs, generic[drawn]])
            labels = torch.cat([labels, torch.from_numpy(classes)[drawn]])
            weights = torch.cat([weights, torch.full((count,), rehearsal.weight)])
        order = torch.from_numpy(np.random.default_rng([config.seed, epoch]).permutation(len(labels)))
        return inputs[order], labels[order], weights[order]

    return epoch_data


def _choice(samples: Samples, config: ExpertConfig) -> Callable[[int], np.ndarray]:
    """Maps an epoch to the indices of its samples."""
    everything = np.arange(len(samples))
    images, copies = everything[samples.kind == Kind.IMAGE], everything[samples.kind != Kind.IMAGE]
    each = len(copies) // max(1, len(images))
    taken = each if config.epoch_samples is None else min(each, config.epoch_samples // max(1, len(images)) - 1)
    if taken == each:
        return lambda epoch: everything
    by_image = copies[np.argsort(samples.source[copies], kind="stable")].reshape(len(images), each)

    def choose(epoch: int) -> np.ndarray:
        fresh = np.random.default_rng([config.seed, epoch, 1]).permuted(by_image, axis=1)
        return np.concatenate([images, fresh[:, : max(1, taken)].ravel()])

    return choose
