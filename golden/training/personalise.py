# SPDX-License-Identifier: Apache-2.0
"""From a user's handwriting to a bank: the local expert, then the gate, on features of the frozen GE."""

from __future__ import annotations

import numpy as np

from golden.bank import Bank
from golden.data import LabelledImages
from golden.integer_model import MoeModel, NetworkModel
from golden.spec import Mode, Moe
from golden.training.features import Samples, extract
from golden.training.gate import Gate, GenericData, UserData
from golden.training.global_expert import VALIDATION_FRACTION
from golden.training.local_expert import LocalExpert
from golden.training.sampling import stratified_split

POOL_PER_CLASS = 400
"""Generic images of each class, at most, of which the generic head and the gate know the features."""


def generic_data(moe: Moe, train: LabelledImages, augmented: bool, seed: int = 0) -> GenericData:
    """Features of generic data, split as for the GE: what validated the GE validates the gate.

    Takes about a second per 5,000 images; do it once for all users.

    Args:
        augmented: also compute one augmented copy of each image, for users whose images are augmented too.
    """
    rest, held_out = stratified_split(train.labels, VALIDATION_FRACTION, seed)
    rng = np.random.default_rng(seed)
    classes = train.labels[rest]
    chosen = [rng.permutation(rest[classes == label])[:POOL_PER_CLASS] for label in np.unique(classes)]
    validation = train.select(held_out)
    answers = NetworkModel(moe.network).logits(validation.images).argmax(1)
    learning = train.select(np.sort(np.concatenate(chosen)))
    return GenericData(extract(moe, learning, int(augmented), seed=seed), extract(moe, validation), answers)


def user_samples(moe: Moe, train: LabelledImages, copies: int, seed: int = 0) -> Samples:
    """One user's training samples with augmented copies."""
    return extract(moe, train, copies, seed=seed)


def user_data(moe: Moe, train: LabelledImages, samples: Samples, expert: LocalExpert) -> UserData:
    """What the gate's training needs to know about one user."""
    return UserData(samples, expert, NetworkModel(moe.network).logits(train.images).argmax(1))


def make_bank(moe: Moe, experts: list[LocalExpert], gate: Gate) -> Bank:
    """Bundle trained weights; the result fits ``moe`` (checked)."""
    weights = tuple(expert.weights for expert in experts)
    bank = Bank(moe.preset, moe.network.digest(), weights, gate.hidden, gate.out)
    bank.check(moe, "trained bank")
    return bank


def evaluate(moe: Moe, bank: Bank, user: LabelledImages, generic: LabelledImages) -> dict[str, float]:
    """A row of the paper's Table 2 by the integer model, as shares 0..1.

    ``ge``, ``le``, ``gn``, ``overall`` and ``le_where_ge_wrong`` are on the user's images; ``generic_ge``,
    ``generic_overall`` and ``generic_to_le`` on the generic ones.
    """
    model = MoeModel(moe)

    def answers(mode: Mode, data: LabelledImages) -> tuple[np.ndarray, np.ndarray]:
        result = model.run(data.images, mode, bank)
        return result.classes == data.labels, result.experts

    ge, _ = answers(Mode.GE_ONLY, user)
    le, _ = answers(Mode.LE_ONLY, user)
    overall, expert = answers(Mode.MOE_PARALLEL, user)
    generic_ge, _ = answers(Mode.GE_ONLY, generic)
    generic_overall, generic_expert = answers(Mode.MOE_PARALLEL, generic)
    return {
        "ge": float(ge.mean()),
        "le": float(le.mean()),
        "gn": float((expert > 0).mean()),
        "overall": float(overall.mean()),
        "le_where_ge_wrong": float(le[~ge].mean()) if (~ge).any() else 1.0,
        "generic_ge": float(generic_ge.mean()),
        "generic_overall": float(generic_overall.mean()),
        "generic_to_le": float((generic_expert > 0).mean()),
    }
