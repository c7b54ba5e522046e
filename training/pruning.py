# SPDX-License-Identifier: Apache-2.0
"""Oracle pruning: does the loss just after pruning tell the loss after retraining?

The oracle of pruning removes what raises the loss least at once. Whether that is also what retraining can spare least
is measured by the rank correlation of both losses over random prunings: of inputs of a user's local expert, and of
units of the global expert's first dense layer in floating point.

Everything is measured on training images of the user. They are divided into parts: of ``LEARN`` an expert is made and
retrained, ``HELD_OUT`` says what retraining is worth, and ``CHOICE`` is left for a choice that rests on the others.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn import functional

from golden.data import LabelledImages
from golden.torch_model import Network
from spec.kinds.data import LayerWeights, Shape
from spec.network import Moe
from training.features import Kind, Samples
from training.fine_tune import FINE_TUNE, frozen_output, plain_epochs, retrained_part
from training.heads import HeadConfig, integer_logits, train_head
from training.kendall import kendall_tau_b
from training.local_expert import USUAL, ExpertConfig, Rehearsal, Weights, train_epochs

PARTS = 4
CHOICE, HELD_OUT = 1, 0
LEARN = (2, 3)
RETRAIN_EPOCHS = 6
RETRAIN_GE = replace(FINE_TUNE, epochs=6)
DRAWS = 8  # of each kind and size
SIZES = {"positions": (0.25, 0.5, 0.75), "channels": (0.25, 0.5, 0.75), "inputs": (0.5, 0.75)}
UNIT_SIZES = (0.2, 0.4, 0.6, 0.75, 0.9)
UNIT_DRAWS = 11


def settings() -> str:
    """Everything here that results depend on: to know cached ones by."""
    return f"{PARTS} {LEARN} {RETRAIN_EPOCHS} {RETRAIN_GE} {DRAWS} {SIZES} {UNIT_SIZES} {UNIT_DRAWS}"


@dataclass(frozen=True)
class Pruning:
    """What stays: bool (N,) of all inputs or units; ``kind`` and ``removed`` (positions, channels, ..) name it."""

    kind: str
    removed: int
    kept: np.ndarray

    @property
    def group(self) -> str:
        """Prunings that remove as many of the same kind."""
        return f"{self.removed} {self.kind}"


def without(shape: Shape, kind: str, numbers: Sequence[int]) -> Pruning:
    """Inputs of pooled features without some positions (row by row), channels, or single inputs."""
    kept = np.ones((shape.height * shape.width, shape.channels), bool)
    chosen = {"positions": kept, "channels": kept.T, "inputs": kept.reshape(-1)}[kind]
    chosen[list(numbers)] = False
    return Pruning(kind, len(numbers), kept.reshape(-1))


def parts_of(shape: Shape, kind: str) -> int:
    """How many positions, channels or inputs there are."""
    return {"positions": shape.height * shape.width, "channels": shape.channels, "inputs": shape.size}[kind]


def random_prunings(shape: Shape, seed: int) -> list[Pruning]:
    """``DRAWS`` different ones of each kind and size in ``SIZES``."""
    found = []
    for kind, sizes in SIZES.items():
        every = parts_of(shape, kind)
        for size in sizes:
            rng = np.random.default_rng([seed, len(found)])
            found += [without(shape, kind, numbers) for numbers in _sets(rng, every, round(size * every), DRAWS)]
    return found


def random_units(units: int, seed: int) -> list[Pruning]:
    """``UNIT_DRAWS`` of each size in ``UNIT_SIZES``."""
    found = []
    for size in UNIT_SIZES:
        for numbers in _sets(np.random.default_rng([seed, len(found)]), units, round(size * units), UNIT_DRAWS):
            kept = np.ones(units, bool)
            kept[list(numbers)] = False
            found.append(Pruning("units", len(numbers), kept))
    return found


def _sets(rng: np.random.Generator, every: int, size: int, count: int) -> list[tuple[int, ...]]:
    """Different sets; all there are when these are fewer (found by drawing, so of tiny numbers perhaps not all)."""
    drawn = (tuple(sorted(rng.permutation(every)[:size].tolist())) for _ in range(20 * count))
    return list(dict.fromkeys(drawn))[:count]


def masked(samples: Samples, kept: np.ndarray) -> Samples:
    """Samples whose local expert reads zeros for what was pruned: a weight on a zero is a weight that is not there."""
    return replace(samples, local=samples.local * kept)


def pruned_weights(weights: Weights, kept: np.ndarray) -> Weights:
    """The same with zeros for weights of pruned inputs: what a device computes that has none of them."""
    return (LayerWeights(weights[0].weight * kept, weights[0].bias), *weights[1:])


def loss(moe: Moe, weights: Weights, samples: Samples) -> float:
    """Cross-entropy of the integer logits on their real scale, mean over the samples."""
    logits = integer_logits(moe.le.layers, weights, samples.local) * moe.le.layers[-1].accumulator.scale
    return float(functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(samples.labels)))


def accuracy(moe: Moe, weights: Weights, samples: Samples) -> float:
    """Share of right answers of the integer expert, 0..1."""
    return float((integer_logits(moe.le.layers, weights, samples.local).argmax(1) == samples.labels).mean())


@dataclass(frozen=True)
class Learner:
    """One user's training samples in parts, and how an expert learns from them.

    Attributes:
        samples: of all training images, copies included.
        fold: int64 (N,), part of each sample; copies are in their image's.
        start: weights to start from; None for random ones.
        rehearsal: generic samples to mix in, or None.
        config: of the training; no epoch is chosen.
    """

    moe: Moe
    samples: Samples
    fold: np.ndarray
    start: Weights | None
    rehearsal: Rehearsal | None
    config: ExpertConfig

    def part(self, numbers: Sequence[int], images: bool = True) -> Samples:
        """Samples of some parts; without copies, or with them."""
        chosen = np.isin(self.fold, numbers)
        return self.samples.select(chosen & (self.samples.kind == Kind.IMAGE) if images else chosen)

    def train(
        self, kept: np.ndarray, parts: Sequence[int], start: Weights | None = None, epochs: int | None = None
    ) -> Weights:
        """An expert of these inputs, from ``start`` (default: the usual one), with weights of zero for the others."""
        config = replace(self.config, epochs=epochs or self.config.epochs)
        if start:  # to be trained on: the usual start alone is worth anything
            config = replace(config, start_worth=0.0)
        rehearsal = self.rehearsal
        if rehearsal is not None:
            rehearsal = replace(rehearsal, samples=masked(rehearsal.samples, kept))
        samples = masked(self.part(parts, images=False), kept)
        start = start or self.start
        return pruned_weights(train_epochs(self.moe, samples, start, config, rehearsal, config.epochs)[-1], kept)


def learner(
    moe: Moe, samples: Samples, fold: np.ndarray, start: Weights | None, rehearsal: Rehearsal | None, seed: int
) -> Learner:
    """With the usual settings of the preset, for a fixed number of epochs."""
    config = replace(USUAL[moe.le_start], seed=seed, choose=False)
    return Learner(moe, samples, fold[samples.source], start, rehearsal, config)


def le_oracle(user: Learner, prunings: Sequence[Pruning]) -> list[dict[str, float | str]]:
    """Of every pruning of a trained expert the loss at once and after retraining.

    Returns:
        Rows: ``group``; ``pruned``, ``retrained``: loss on the images that it learns from; ``held_out``,
        ``held_out_accuracy``: after retraining, on those of ``HELD_OUT``.
    """
    whole = np.ones(user.samples.local.shape[1], bool)
    trained = user.train(whole, LEARN)
    learn, out = user.part(LEARN), user.part([HELD_OUT])
    rows: list[dict[str, float | str]] = []
    for one in prunings:
        cut = pruned_weights(trained, one.kept)
        again = user.train(one.kept, LEARN, cut, RETRAIN_EPOCHS)
        rows.append(
            {
                "group": one.group,
                "pruned": loss(user.moe, cut, learn),
                "retrained": loss(user.moe, again, learn),
                "held_out": loss(user.moe, again, out),
                "held_out_accuracy": accuracy(user.moe, again, out),
            }
        )
    return rows


def ge_oracle(
    model: Network,
    images: LabelledImages,
    fold: np.ndarray,
    prunings: Sequence[Pruning],
    config: HeadConfig = RETRAIN_GE,
) -> list[dict[str, float | str]]:
    """The same of units of the float GE's first dense layer: its last layer is retrained on the user's images.

    The GE is first fine-tuned without pruning, as an expert is trained before it is pruned: what is pruned is a network
    that knows the user.

    Args:
        fold: int64 (images,), part of each.
    """
    learning, out = (np.flatnonzero(np.isin(fold, part)) for part in (LEARN, [HELD_OUT]))
    units = frozen_output(model, images.images, 1)
    labels = torch.from_numpy(images.labels.astype(np.int64))
    tuned = _retrained(retrained_part(copy.deepcopy(model), 1), units[learning], labels[learning], config)

    def measured(tail: torch.nn.Module, kept: torch.Tensor, index: np.ndarray) -> tuple[float, float]:
        with torch.no_grad():
            logits = tail(units[index] * kept)
        right = logits.argmax(1) == labels[index]
        return float(functional.cross_entropy(logits, labels[index])), float(right.float().mean())

    rows: list[dict[str, float | str]] = []
    for one in prunings:
        kept = torch.from_numpy(one.kept.astype(np.float32))
        again = _retrained(copy.deepcopy(tuned), units[learning] * kept, labels[learning], config)
        held_out = measured(again, kept, out)
        rows.append(
            {
                "group": one.group,
                "pruned": measured(tuned, kept, learning)[0],
                "retrained": measured(again, kept, learning)[0],
                "held_out": held_out[0],
                "held_out_accuracy": held_out[1],
            }
        )
    return rows


def _retrained(
    tail: torch.nn.Module, inputs: torch.Tensor, labels: torch.Tensor, config: HeadConfig
) -> torch.nn.Module:
    for _ in train_head(tail, plain_epochs(inputs, labels, config.seed), config):
        pass
    return tail.eval()


def correlations(rows: Sequence[dict]) -> dict[str, float | None]:
    """Kendall's tau-b of the loss just after pruning with each outcome, None where it is not defined.

    ``NAME`` over all pairs, ``NAME_alike`` over pairs that remove as many of the same kind: that more of anything costs
    more needs no oracle. Of accuracies the errors count, so that a good oracle has a positive correlation everywhere.
    """
    pruned, groups = [row["pruned"] for row in rows], np.array([row["group"] for row in rows])
    outcomes = {key: np.array([row[key] for row in rows]) for key in ("retrained", "held_out")}
    outcomes["held_out_error"] = -np.array([row["held_out_accuracy"] for row in rows])
    found = {}
    for name, values in outcomes.items():
        for key, alike in ((name, None), (f"{name}_alike", groups)):
            tau = kendall_tau_b(np.array(pruned), values, alike)
            found[key] = None if np.isnan(tau) else tau
    return found
