# SPDX-License-Identifier: Apache-2.0
"""Distillation of a pool of experts from the global expert: the library first, then one primitive expert a group.

A primitive expert learns the teacher's distribution *inside* its group, at a temperature and restricted to the group's
classes (conditional distillation). That leaves the scale of its logits open, and with it which group wins in a mixed
query; :class:`Scale` names the ways to settle it. Training is quantisation-aware, results are integers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from spec.network import LayerWeights, Moe
from training.heads import Head, HeadConfig, dense_integers
from training.pool_data import PoolData
from training.sampling import balanced_draw

PER_CLASS = 500  # samples of each class in an epoch
TEMPERATURE = 0.5
"""Below 1: the teacher was trained with label smoothing, so its own distributions are too soft to learn from."""
TEACHER_SHARE = 0.8
"""Share of the teacher's distribution in the loss; the rest is cross-entropy with the label."""


class Scale(Enum):
    """What makes the logits of primitive experts comparable, besides conditional distillation.

    NONE: nothing. TEACHER: the absolute difference to the teacher's logits is part of the loss, as in the SIGMOD paper.
    NORMALISED: afterwards each expert's logits get the same mean and standard deviation inside its group. ZERO: images
    of other groups too, against one more logit that is always 0 and stands for "another group". LIBRARY: images of
    other groups too, against the logits that the library's own output rows give the other groups' classes. SLICE: the
    library's own output rows as they are, without any distillation of the group: what the others must beat.
    """

    NONE = "none"
    TEACHER = "teacher"
    NORMALISED = "normalised"
    ZERO = "zero"
    LIBRARY = "library"
    SLICE = "slice"


LIBRARY_CONFIG = HeadConfig(epochs=30, learning_rate=5e-3, normalise=True)
EXPERT_CONFIG = HeadConfig(epochs=12, learning_rate=1e-2)
FROM_LIBRARY = HeadConfig(epochs=12, learning_rate=2e-3)  # of rows that start from the library's
TEACHER_LOSS = 0.1  # weight of the absolute difference
NORMAL_DEVIATION = 2.5
INSIDE_LOSS = 0.3
"""Weight of the group's own distribution beside that among all classes. On validation images 0 and 0.3 differ by less
than seeds do; 1 and more cost mixed queries."""


@dataclass(frozen=True)
class Library:
    """What all primitive experts share.

    Attributes:
        hidden: integer weights of the hidden layers.
        out: output rows of all classes with which they were trained: the reference of :attr:`Scale.LIBRARY`.
    """

    hidden: tuple[LayerWeights, ...]
    out: LayerWeights


def train_library(
    moe: Moe, data: PoolData, seed: int, config: HeadConfig = LIBRARY_CONFIG, progress: Callable[[], object] = int
) -> Library:
    """Distil a whole local expert for all classes; its hidden layers are the library.

    Args:
        progress: is called after every epoch.
    """
    head = Head.to_train(moe.le.layers, replace(config, seed=seed), data.inputs)
    sources = _Tensors.of(data, data.inputs)

    def loss(index: Tensor) -> Tensor:
        return _distilled(head(sources.inputs[index]), sources.teacher[index], sources.labels[index])

    _fit(head, lambda epoch: balanced_draw(data.labels, PER_CLASS, epoch, seed), loss, config, progress)
    *hidden, out = head.integers()
    return Library(tuple(hidden), out)


def activations(moe: Moe, library: Library, inputs: np.ndarray) -> np.ndarray:
    """What the library gives: uint8 (N, units) of uint8 (N, inputs)."""
    x = inputs
    for layer, one in zip(moe.le.hidden, library.hidden, strict=True):
        x = dense_integers(layer, one, x)
    return x.astype(np.uint8)


def train_expert(
    moe: Moe,
    data: PoolData,
    library: Library,
    classes: np.ndarray,
    seed: int,
    scale: Scale = Scale.LIBRARY,
    config: HeadConfig | None = None,
    progress: Callable[[], object] = int,
    inside_loss: float = INSIDE_LOSS,
) -> LayerWeights:
    """The primitive expert of a group, on a frozen library; no other group's expert takes part.

    Args:
        classes: int64 (n,), the group.
        config: default ``EXPERT_CONFIG``, or ``FROM_LIBRARY`` where the rows start from the library's.

    Returns:
        Integer weights (n, units) and biases (n,).
    """
    own = LayerWeights(library.out.weight[classes], library.out.bias[classes])
    if scale == Scale.SLICE:
        return own
    layer = moe.le.out
    part = replace(layer, outputs=len(classes))
    head = Head((part,), seed)
    if scale == Scale.LIBRARY:
        head.load_integers((own,))
    config = config or (FROM_LIBRARY if scale == Scale.LIBRARY else EXPERT_CONFIG)
    order = np.concatenate([classes, np.setdiff1d(np.arange(layer.outputs), classes)])  # the group's classes first
    sources = _Tensors.of(data, activations(moe, library, data.inputs), order)
    inside, count = np.isin(data.labels, classes), len(classes)
    reference = Head((replace(layer, outputs=layer.outputs - count),), 0)
    reference.load_integers((LayerWeights(library.out.weight[order[count:]], library.out.bias[order[count:]]),))
    reference.requires_grad_(False)

    def epoch_data(epoch: int) -> np.ndarray:
        drawn = _draw(data.labels, inside, epoch, seed)
        if scale in (Scale.ZERO, Scale.LIBRARY) and not inside.all():
            drawn = np.concatenate([drawn, _draw(data.labels, ~inside, epoch, seed)])
        return np.random.default_rng([seed, epoch]).permutation(drawn)

    def loss(index: Tensor) -> Tensor:
        x, teacher, labels = sources.inputs[index], sources.teacher[index], sources.labels[index]
        logits, mine = head(x), labels < count
        conditional = _distilled(logits[mine], teacher[mine][:, :count], labels[mine])
        if scale == Scale.TEACHER:
            return conditional + TEACHER_LOSS * (logits - teacher[:, :count]).abs().mean()
        if scale == Scale.ZERO:
            nothing = torch.zeros(len(logits), 1)
            others = torch.logsumexp(teacher[:, count:] / TEMPERATURE, 1, keepdim=True) * TEMPERATURE
            target = torch.cat([teacher[:, :count], others], 1)
            return _distilled(torch.cat([logits, nothing], 1), target, labels.clamp(max=count))
        if scale == Scale.LIBRARY:
            among_all = _distilled(torch.cat([logits, reference(x)], 1), teacher, labels)
            return among_all + inside_loss * mine.float().mean() * conditional
        return conditional

    _fit(head, epoch_data, loss, config, progress)
    (rows,) = head.integers()
    return _normalised(moe, rows, sources.inputs.numpy()[inside]) if scale == Scale.NORMALISED else rows


def _draw(labels: np.ndarray, chosen: np.ndarray, epoch: int, seed: int) -> np.ndarray:
    """An epoch's samples of the classes in a mask."""
    members = np.flatnonzero(chosen)
    return members[balanced_draw(labels[members], PER_CLASS, epoch, seed)]


def _distilled(logits: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
    """Mean loss of logits (N, n) against the teacher's (N, n), both at ``TEMPERATURE``, and labels 0 .. n - 1."""
    if not len(logits):
        return logits.sum()
    soft = functional.kl_div(
        functional.log_softmax(logits / TEMPERATURE, 1),
        functional.log_softmax(teacher / TEMPERATURE, 1),
        log_target=True,
        reduction="batchmean",
    )
    hard = functional.cross_entropy(logits, labels)
    return TEACHER_SHARE * TEMPERATURE**2 * soft + (1 - TEACHER_SHARE) * hard


def _normalised(moe: Moe, rows: LayerWeights, inputs: np.ndarray) -> LayerWeights:
    """Rows whose logits for inputs (N, units) have mean 0 and deviation ``NORMAL_DEVIATION``, as far as types allow."""
    layer = moe.le.out
    weight, bias = rows.weight - rows.weight.mean(0), rows.bias - rows.bias.mean()
    factor = NORMAL_DEVIATION / layer.accumulator.scale / (inputs.astype(np.float64) @ weight.T + bias).std()
    return LayerWeights(
        np.rint(weight * factor).clip(layer.weight.minimum, layer.weight.maximum).astype(np.int64),
        np.rint(bias * factor).clip(layer.bias.minimum, layer.bias.maximum).astype(np.int64),
    )


@dataclass(frozen=True)
class _Tensors:
    """All samples as tensors; with an order of classes, the first of it is class 0."""

    inputs: Tensor
    teacher: Tensor
    labels: Tensor

    @staticmethod
    def of(data: PoolData, inputs: np.ndarray, order: np.ndarray | None = None) -> _Tensors:
        teacher, labels = data.teacher, data.labels
        if order is not None:
            place = np.empty(len(order), np.int64)
            place[order] = np.arange(len(order))
            teacher, labels = teacher[:, order], place[labels]
        real = torch.from_numpy(teacher.astype(np.float32)) * data.teacher_scale
        return _Tensors(torch.from_numpy(inputs), real, torch.from_numpy(labels))


def _fit(
    head: Head,
    epoch_data: Callable[[int], np.ndarray],
    loss: Callable[[Tensor], Tensor],
    config: HeadConfig,
    progress: Callable[[], object],
) -> None:
    """Train in place, as :func:`training.heads.train_head`, with a loss of indices into the samples."""
    optimiser = torch.optim.AdamW(head.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.epochs)
    for epoch in range(config.epochs):
        for index in torch.from_numpy(epoch_data(epoch)).split(config.batch):
            value = loss(index)
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
        schedule.step()
        progress()
