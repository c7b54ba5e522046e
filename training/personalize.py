# SPDX-License-Identifier: Apache-2.0
"""From a user's handwriting to a bank: the local expert, then the gate, on features of the frozen GE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace

import numpy as np
import torch

from golden.data import LabelledImages
from golden.integer_model import MoeModel, NetworkModel
from spec.bank import Bank
from spec.errors import InputError
from spec.network import LayerWeights, Mode, Moe
from training.features import NO_COPIES, Copies, Samples, extract
from training.gate import GATES, LINEAR_GATE, LOSS_BUDGET, Gate, GenericData, UserData, train_gate
from training.gate_balance import Balance
from training.global_expert import validation_split
from training.local_expert import USUAL, LocalExpert, Rehearsal, train_local_expert

POOL_PER_CLASS = 400
"""Generic images of each class, at most, of which the generic head and the gate know the features."""


SHARES = frozenset({"gate_cost", "loss_budget", "any_right"})  # of a recipe: 0 to 1


@dataclass(frozen=True)
class Recipe:
    """How a gate preset is trained: the section ``[training]`` of its file.

    Attributes:
        mild_copies, strong_copies: of each of the user's images, augmented little and much.
        rehearsal: loss weight of generic samples in the local expert's training.
        gate_cost: share of the gate's loss that counts only the mistakes which cost accuracy.
        loss_budget: accuracy, 0..1, that generic validation images may lose to the gate.
        balance_loss, balance_capacity: of a gate with several local experts (:mod:`training.gate_balance`).
        any_right: of such a gate (:func:`training.gate_loss.gate_losses`).
    """

    mild_copies: int = 0
    strong_copies: int = 0
    rehearsal: float = 0.0
    gate_cost: float = 0.0
    loss_budget: float = LOSS_BUDGET
    balance_loss: float = 0.0
    balance_capacity: float = 0.0
    any_right: float = 0.0

    @property
    def copies(self) -> Copies:
        """Of each of the user's images."""
        return Copies(self.mild_copies, self.strong_copies)

    @staticmethod
    def of(preset: dict) -> Recipe:
        """The recipe of a preset as read from ``configs/gates``.

        Raises:
            InputError: it has a key that there is not, or a share that is none.
        """
        given, known = preset.get("training", {}), [field.name for field in fields(Recipe)]
        name = preset.get("name", "?")
        if unknown := sorted(given.keys() - set(known)):
            raise InputError(f"gate preset '{name}': training has the key {unknown[0]}, known are {', '.join(known)}")
        for key in given.keys() & SHARES:
            value = given[key]
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                raise InputError(f"gate preset '{name}': training.{key} is {value!r}, allowed is 0 to 1")
        return Recipe(**given)


def for_training(preset: dict) -> dict:
    """A preset as read from ``configs/gates`` without how a device learns by itself, which trains nothing on a host."""
    return {key: value for key, value in preset.items() if key != "learning"}


def generic_data(moe: Moe, train: LabelledImages, copies: Copies = NO_COPIES, seed: int = 0) -> GenericData:
    """Features of generic data, split as for the GE: what validated the GE validates the gate.

    Takes about a second per 5,000 images; do it once for all users.

    Args:
        copies: of each of the user's images; of a generic one there is one copy of each kind.
    """
    learning, validation = generic_images(train, seed)
    answers = NetworkModel(moe.network).logits(validation.images).argmax(1)
    return GenericData(extract(moe, learning, copies.once(), seed), extract(moe, validation), answers)


def generic_images(train: LabelledImages, seed: int) -> tuple[LabelledImages, LabelledImages]:
    """Generic images to learn from, ``POOL_PER_CLASS`` of each class at most, and others that validate.

    Args:
        seed: of the choice of those to learn from.
    """
    rest, held_out = validation_split(train)
    rng = np.random.default_rng(seed)
    classes = train.labels[rest]
    chosen = [rng.permutation(rest[classes == label])[:POOL_PER_CLASS] for label in np.unique(classes)]
    return train.select(np.sort(np.concatenate(chosen))), train.select(held_out)


def user_data(moe: Moe, train: LabelledImages, samples: Samples, expert: LocalExpert) -> UserData:
    """What the gate's training needs to know about one user."""
    return UserData(samples, expert, NetworkModel(moe.network).logits(train.images).argmax(1))


@contextmanager
def one_thread() -> Iterator[None]:
    """A head's steps are too small to share: several threads only wait for one another, on a busy machine for long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def fit_expert(
    moe: Moe,
    recipe: Recipe,
    samples: Samples,
    generic: GenericData,
    start: tuple[LayerWeights, ...] | None,
    seed: int = 0,
    epochs: int | None = None,
    of_writers: bool = True,
) -> LocalExpert:
    """Step 2 for one user.

    Args:
        start: the generic or factory head, or None for a preset that starts from random weights.
        epochs: None for the usual number.
        of_writers: whether a factory head has seen other writers; without any it is worth no image of the user's.
    """
    config = USUAL[moe.le_start] if of_writers else replace(USUAL[moe.le_start], start_worth=0.0)
    config = replace(config, seed=seed, epochs=epochs or config.epochs)
    rehearsal = Rehearsal(generic.learning, recipe.rehearsal) if recipe.rehearsal else None
    with one_thread():
        return train_local_expert(moe, samples, start, config, rehearsal)


def fit_gate(
    moe: Moe,
    recipe: Recipe,
    generic: GenericData,
    user: UserData,
    seed: int = 0,
    epochs: int | None = None,
) -> Gate:
    """Step 3 for one user; ``epochs`` None is the usual number."""
    return fit_shared_gate(moe, recipe, generic, [user], seed, epochs)


def fit_shared_gate(
    moe: Moe,
    recipe: Recipe,
    generic: GenericData,
    users: Sequence[UserData],
    seed: int = 0,
    epochs: int | None = None,
) -> Gate:
    """Step 3 for several users of one device, one local expert each; ``epochs`` None is the usual number."""
    config = GATES[moe.le_start] if moe.gate.hidden else LINEAR_GATE
    config = replace(config, seed=seed, epochs=epochs or config.epochs)
    aims = {"cost": recipe.gate_cost, "budget": recipe.loss_budget}
    if len(users) > 1:
        aims["balance"] = Balance(recipe.balance_loss, recipe.balance_capacity)
        aims["any_right"] = recipe.any_right
    with one_thread():
        return train_gate(moe, generic, users, config, **aims)


def make_bank(moe: Moe, experts: list[LocalExpert], gate: Gate) -> Bank:
    """Bundle trained weights; the result fits ``moe`` (checked)."""
    weights = tuple(expert.weights for expert in experts)
    bank = Bank(moe.preset, moe.network.digest(), weights, gate.weights)
    bank.check(moe, "trained bank")
    return bank


@dataclass(frozen=True)
class Measured:
    """What the integer model answers for N labelled images; every field is bool (N,).

    ``ge``, ``le``, ``overall``: the answer of that expert, or of both behind the gate, is right. ``local``: the gate
    lets the local expert answer.
    """

    ge: np.ndarray
    le: np.ndarray
    overall: np.ndarray
    local: np.ndarray


def measure(model: MoeModel, bank: Bank, data: LabelledImages) -> Measured:
    """Let the GE, the local expert and both together answer every image."""
    ge, le, both = (model.run(data.images, mode, bank) for mode in (Mode.GE_ONLY, Mode.LE_ONLY, Mode.MOE_PARALLEL))
    return Measured(*(answers.classes == data.labels for answers in (ge, le, both)), both.experts > 0)


def evaluate(moe: Moe, bank: Bank, user: LabelledImages, generic: LabelledImages) -> dict[str, float]:
    """A row of the paper's Table 2 by the integer model, as shares 0..1.

    ``ge``, ``le``, ``gn``, ``overall`` and ``le_where_ge_wrong`` are on the user's images; ``generic_ge``,
    ``generic_overall`` and ``generic_to_le`` on the generic ones.
    """
    model = MoeModel(moe)
    return table_2_row(measure(model, bank, user), measure(model, bank, generic))


def table_2_row(own: Measured, other: Measured) -> dict[str, float]:
    """The same from what was measured on the user's (``own``) and on generic images (``other``)."""
    return {
        "ge": float(own.ge.mean()),
        "le": float(own.le.mean()),
        "gn": float(own.local.mean()),
        "overall": float(own.overall.mean()),
        "le_where_ge_wrong": float(own.le[~own.ge].mean()) if (~own.ge).any() else 1.0,
        "generic_ge": float(other.ge.mean()),
        "generic_overall": float(other.overall.mean()),
        "generic_to_le": float(other.local.mean()),
    }
