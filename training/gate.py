# SPDX-License-Identifier: Apache-2.0
"""Step 3 of the paper's training (section 4.3): the gate, which tells users' images from generic ones.

The paper trains one linear layer on the user's samples and as many generic ones. The general gate adds finer
features, the local experts' confidence, a hidden layer and a threshold chosen on validation data; the
threshold is carried in the output biases, so that the hardware's threshold register stays 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from golden.integer_model import confidence
from spec.errors import InputError
from spec.fixedpoint import FixedPoint
from spec.network import LayerWeights, Moe
from training.features import Kind, Samples
from training.gate_balance import Balance, Wanted, capped_origins, importance_loss
from training.gate_loss import gate_losses, targets
from training.heads import EpochData, Head, HeadConfig, head_logits, integer_logits, train_head
from training.local_expert import LocalExpert
from training.sampling import balanced_draw

GATE = HeadConfig(epochs=20, learning_rate=1e-2, batch=512, weight_decay=1e-2)
NORMALISED_GATE = HeadConfig(epochs=40, learning_rate=3e-3, batch=512, weight_decay=0.1, normalise=True)
GATES = {"random": GATE, "generic": GATE, "factory": NORMALISED_GATE}
"""Of a gate with a hidden layer, by what a preset's local experts start from."""

LINEAR_GATE = HeadConfig(epochs=60, learning_rate=1e-2, batch=64)

NO_BALANCE = Balance()

LOSS_BUDGET = 0.008
"""Accuracy that generic validation images may lose to the gate, if a preset names none: 0.8 points (the paper's loses
1.24)."""


@dataclass(frozen=True)
class GenericData:
    """Generic samples for the gate: some to learn from, others to validate on, with the GE's answers on the
    latter.

    ``validation_ge`` is int64 (N,), the GE's class for each validation sample.
    """

    learning: Samples
    validation: Samples
    validation_ge: np.ndarray


@dataclass(frozen=True)
class UserData:
    """One user's training samples, their local expert, and the GE's class for each image: int64 (images,)."""

    samples: Samples
    expert: LocalExpert
    ge: np.ndarray

    def without_strong_copies(self) -> UserData:
        """The same without them."""
        kept = np.flatnonzero(self.samples.kind != Kind.STRONG)
        expert = replace(self.expert, held_out_logits=self.expert.held_out_logits[kept])
        return replace(self, samples=self.samples.select(kept), expert=expert)


@dataclass(frozen=True)
class Gate:
    """A trained gate: integer weights of every layer, and validation figures (0..1)."""

    weights: tuple[LayerWeights, ...]
    threshold: int
    metrics: dict[str, float]


def gate_inputs(moe: Moe, samples: Samples, logits: Sequence[np.ndarray]) -> np.ndarray:
    """The gate's input vectors: uint8 (N, inputs), pooled features, then each expert's top logit and margin.

    Args:
        logits: int32 (N, classes) of each local expert; ignored by a gate without confidence inputs.
    """
    if moe.confidence_shift is None:
        return samples.gate
    bits = moe.network.feature_type.bits
    extra = [confidence(expert, moe.confidence_shift, bits).astype(np.uint8) for expert in logits]
    return np.concatenate([samples.gate, *extra], axis=1)


def gate_scores(gate_logits: np.ndarray) -> np.ndarray:
    """int64 (N,): the best local logit minus the generic one; local where it exceeds the threshold."""
    logits = gate_logits.astype(np.int64)
    return logits[:, 1:].max(1) - logits[:, 0]


def train_gate(
    moe: Moe,
    generic: GenericData,
    users: Sequence[UserData],
    config: HeadConfig | None = None,
    cost: float = 0.0,
    budget: float = LOSS_BUDGET,
    balance: Balance = NO_BALANCE,
    any_right: float = 0.0,
) -> Gate:
    """Train the gate of a device with one local expert per user in ``users``.

    Every epoch sees the users' samples, with held-out confidence, and as many generic ones, a fresh
    class-balanced draw. Strong copies of the users' images are left out: they look less like their writer's hand. The
    generic validation samples take no part in that: they choose the threshold, if the preset says so.

    Args:
        config: default: ``GATE``, or ``LINEAR_GATE`` for a gate without a hidden layer.
        cost: share of the loss, 0..1, that counts only the mistakes which cost accuracy: a user's image
            that the GE gets wrong and the local expert right, and a generic image that the local expert gets wrong.
        budget: accuracy, 0..1, that the generic validation samples may lose, if they choose the threshold.
        balance: how even the load of several local experts is kept.
        any_right: weight, 0..1, of choosing an expert that is right over choosing the user's own
            (:func:`training.gate_loss.gate_losses`).

    Raises:
        InputError: the number of users is not the number of local experts.
    """
    if len(users) != moe.local_experts:
        raise InputError(f"a gate for {moe.local_experts} local experts needs as many users, {len(users)} given")
    config = config or (GATE if moe.gate.hidden else LINEAR_GATE)
    logits = _expert_logits(moe, users, generic.learning)
    wrong = np.all([y.argmax(1) != generic.learning.labels for y in logits], axis=0)
    generic_learning = _Learning.of(moe, generic.learning, logits, 0, _weights(wrong, cost))
    learning, wanted, rights = [], [], []
    users = [user.without_strong_copies() for user in users]
    for number, user in enumerate(users):
        samples = user.samples
        logits = _expert_logits(moe, users, samples)
        logits[number] = user.expert.held_out_logits
        answers = [user.ge[samples.source], *(one.argmax(1) for one in logits)]
        right = np.stack([answer == samples.labels for answer in answers], axis=1)
        useful = right[:, number + 1] & ~right[:, 0]
        learning.append(_Learning.of(moe, samples, logits, number + 1, _weights(useful, cost)))
        images = samples.kind == Kind.IMAGE
        wanted.append(Wanted(right[images, 1:], right[images, 0]))
        rights.append(right)
    if balance.capacity:
        origins = capped_origins(wanted, balance.capacity)
        learning = [
            replace(one, origin=origin[user.samples.source])
            for one, origin, user in zip(learning, origins, users, strict=True)
        ]

    if any_right:
        generic_learning = generic_learning.accepting(np.zeros((len(generic.learning), 1 + len(users)), bool))
        learning = [one.accepting(right) for one, right in zip(learning, rights, strict=True)]

    def losses(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return gate_losses(logits, target, any_right)

    def penalty(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return balance.loss * importance_loss(logits, target[:, 0] if any_right else target)

    head = Head.to_train(moe.gate.layers, config, generic_learning.inputs)
    epochs = _epochs(generic_learning, learning, config.seed)
    for _ in train_head(head, epochs, config, losses if any_right else None, penalty if balance.loss else None):
        pass
    weights = head.integers()

    logits = _expert_logits(moe, users, generic.validation)
    gate_logits = head_logits(head, gate_inputs(moe, generic.validation, logits))
    scores = gate_scores(gate_logits)
    gains = _gains(generic.validation, logits, gate_logits, generic.validation_ge)
    threshold = choose_threshold(scores, gains, budget) if moe.threshold == "validation" else 0
    # Any higher one keeps the budget too; a lower one than the biases can carry would mean: everything is local.
    threshold = max(threshold, lowest_threshold(weights[-1], moe.gate.out.bias))
    metrics = {
        "threshold": threshold,
        "generic_validation_loss": -float(gains[scores > threshold].sum()),
        "generic_validation_to_le": float((scores > threshold).mean()),
    }
    out = fold_threshold(weights[-1], threshold, moe.gate.out.bias)
    return Gate((*weights[:-1], out), threshold, metrics)


def lowest_threshold(out: LayerWeights, bias: FixedPoint) -> int:
    """The lowest threshold that :func:`fold_threshold` can carry in biases of this type."""
    generic, local = int(out.bias[0]), int(out.bias[1:].max())
    return max(2 * (bias.minimum - generic), 2 * (local - bias.maximum))


def fold_threshold(out: LayerWeights, threshold: int, bias: FixedPoint) -> LayerWeights:
    """Carry a threshold in the biases: ``local - generic > threshold`` becomes ``local - generic > 0``.

    Half of it goes to the generic output and the rest, negated, to the local ones, so that neither leaves
    its range while the other has room.

    Raises:
        InputError: the biases do not fit their type.
    """
    folded = out.bias.copy()
    folded[0] += threshold // 2
    folded[1:] -= threshold - threshold // 2
    if not bias.contains(folded):
        raise InputError(f"a gate threshold of {threshold} does not fit the output biases of {bias.bits} bits")
    return LayerWeights(out.weight, folded)


def choose_threshold(scores: np.ndarray, gains: np.ndarray, budget: float = LOSS_BUDGET) -> int:
    """The lowest threshold at which generic validation images lose no more than ``budget`` of accuracy.

    The lower the threshold, the more of the users' images reach their expert.

    Args:
        scores: int64 (N,), see :func:`gate_scores`.
        gains: float64 (N,), accuracy of the whole set that is won (or lost, < 0) when the local expert answers this
            sample instead of the GE.
        budget: as a share, 0..1.
    """
    candidates = np.append(np.unique(scores)[::-1], scores.min() - 1)  # from none local to all local
    order = np.argsort(scores)
    above = np.concatenate([np.cumsum(gains[order][::-1])[::-1], [0.0]])
    total = above[np.searchsorted(scores[order], candidates, side="right")]
    beyond = np.flatnonzero(total < -budget)
    return int(candidates[beyond[0] - 1 if len(beyond) else -1])


def _gains(samples: Samples, logits: Sequence[np.ndarray], gate_logits: np.ndarray, ge: np.ndarray) -> np.ndarray:
    """What each sample adds to the class-balanced accuracy when its expert answers instead of the GE."""
    right = np.stack([y.argmax(1) == samples.labels for y in logits], axis=1)
    chosen = right[np.arange(len(right)), gate_logits[:, 1:].argmax(1)]
    weight = 1 / np.bincount(samples.labels)[samples.labels]
    return (chosen.astype(np.float64) - (ge == samples.labels)) * weight / weight.sum()


def _expert_logits(moe: Moe, users: Sequence[UserData], samples: Samples) -> list[np.ndarray]:
    return [integer_logits(moe.le.layers, user.expert.weights, samples.local) for user in users]


@dataclass(frozen=True)
class _Learning:
    """Samples of one origin to learn from."""

    inputs: np.ndarray  # uint8 (N, inputs)
    classes: np.ndarray  # int64 (N,)
    kind: np.ndarray  # uint8 (N,)
    weight: np.ndarray  # float32 (N,), mean about 1
    origin: np.ndarray  # int64 (N,), the gate's label: 0 generic, i local expert i - 1; or (N, ..), gate_loss.targets

    @staticmethod
    def of(moe: Moe, samples: Samples, logits: Sequence[np.ndarray], origin: int, weight: np.ndarray) -> _Learning:
        label = np.full(len(samples), origin)
        return _Learning(gate_inputs(moe, samples, logits), samples.labels, samples.kind, weight, label)

    def accepting(self, right: np.ndarray) -> _Learning:
        """The same with the label of a gate that may choose any expert that is right."""
        return replace(self, origin=targets(self.origin, right))

    def draw(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.inputs[index], self.origin[index], self.weight[index]


def _weights(counts: np.ndarray, cost: float) -> np.ndarray:
    """Loss weights with mean 1, of which the share ``cost`` falls on the samples in the mask ``counts``."""
    return ((1 - cost) + cost * counts / max(counts.mean(), 1e-3)).astype(np.float32)


def _epochs(generic: _Learning, local: Sequence[_Learning], seed: int) -> EpochData:
    """Epochs of users' samples and as many generic ones, with the same share of each kind on both sides.

    Interpolation leaves its mark on a copy. Were only the users' images augmented, or more of them, the gate would
    learn to tell that mark instead of the handwriting. An image is repeated as often as it has copies, so half of all
    samples are images as they are.
    """
    chosen = []
    for data in local:
        images, copies = np.flatnonzero(data.kind == Kind.IMAGE), np.flatnonzero(data.kind != Kind.IMAGE)
        chosen.append(np.concatenate([np.tile(images, max(1, len(copies) // len(images))), copies]))
    kinds = np.concatenate([data.kind[index] for data, index in zip(local, chosen, strict=True)])
    counts = {kind: int((kinds == kind).sum()) for kind in np.unique(kinds)}

    def generic_draw(members: np.ndarray, count: int, epoch: int) -> np.ndarray:
        classes = generic.classes[members]
        per_class = -(-count // len(np.unique(classes)))
        return members[balanced_draw(classes, per_class, epoch, seed)[:count]]

    def epoch_data(epoch: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        drawn = [generic_draw(np.flatnonzero(generic.kind == kind), count, epoch) for kind, count in counts.items()]
        parts = [generic.draw(np.concatenate(drawn))]
        parts += [data.draw(index) for data, index in zip(local, chosen, strict=True)]
        inputs, labels, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.random.default_rng([seed, epoch]).permutation(len(labels))
        return (
            torch.from_numpy(inputs[order]),
            torch.from_numpy(labels[order]),
            torch.from_numpy(weights[order]),
        )

    return epoch_data
