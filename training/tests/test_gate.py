# SPDX-License-Identifier: Apache-2.0
"""The gate tells a user from the rest, keeps its budget, and carries its threshold in the biases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from golden.data import LabelledImages
from golden.integer_model import MoeModel, gate_decision
from golden.tests.small import GATE, blobs
from spec.errors import InputError
from spec.network import LayerWeights, Mode, Moe, build_moe
from training.features import Copies, Kind, extract
from training.gate import (
    GenericData,
    HeadConfig,
    UserData,
    choose_threshold,
    fold_threshold,
    gate_inputs,
    gate_scores,
    lowest_threshold,
    train_gate,
)
from training.local_expert import ExpertConfig, train_local_expert
from training.personalize import evaluate, make_bank

EXPERT = ExpertConfig(epochs=8, learning_rate=2e-2, batch=64)
CONFIG = HeadConfig(epochs=8, learning_rate=1e-2, batch=128)
DIM = 120  # brightness of the second writer's pen


def generic_data(moe: Moe, images: LabelledImages) -> GenericData:
    learning, validation = extract(moe, images, Copies(mild=1)), extract(moe, blobs(4, 11))
    return GenericData(learning, validation, validation.labels)


def user_data(moe: Moe, images: LabelledImages) -> UserData:
    samples = extract(moe, images, Copies(mild=1))
    expert = train_local_expert(moe, samples, config=EXPERT)
    return UserData(samples, expert, np.zeros(len(images), np.int64))


@pytest.mark.parametrize("hidden", [0, 4])
@pytest.mark.parametrize("confidence", [False, True])
def test_it_tells_the_user_apart_on_new_images(network, hidden: int, confidence: bool) -> None:
    preset = {**GATE, "gate": {**GATE["gate"], "hidden": hidden, "confidence": confidence}}
    moe = build_moe(network, preset)
    user = user_data(moe, blobs(6, 1, brightness=DIM))
    gate = train_gate(moe, generic_data(moe, blobs(6, 2)), [user], CONFIG, cost=0.3)
    bank = make_bank(moe, [user.expert], gate)
    figures = evaluate(moe, bank, blobs(3, 5, brightness=DIM), blobs(3, 6))
    assert figures["gn"] > 0.9
    assert figures["generic_to_le"] < 0.1


def test_a_gate_without_a_difference_to_learn_stays_within_its_budget(moe) -> None:
    """Negative control: a user who writes like everybody cannot be told apart, and the GE must not suffer."""
    user = user_data(moe, blobs(6, 1))
    (layer,) = user.expert.weights
    wrong = replace(user.expert, weights=(LayerWeights(-layer.weight, layer.bias),))
    gate = train_gate(moe, generic_data(moe, blobs(6, 2)), [replace(user, expert=wrong)], CONFIG)
    assert gate.metrics["generic_validation_loss"] <= 0.01


def test_strong_copies_of_a_user_teach_the_gate_nothing(moe) -> None:
    """Whatever they look like; mild ones do."""
    generic = generic_data(moe, blobs(6, 2))
    user = user_data(moe, blobs(6, 1, brightness=DIM))
    copies = user.samples.kind != Kind.IMAGE
    noise = np.random.default_rng(0).integers(0, 256, user.samples.gate[copies].shape, np.uint8)

    def weights(kind: Kind) -> bytes:
        samples = replace(user.samples, gate=user.samples.gate.copy(), kind=user.samples.kind.copy())
        samples.gate[copies], samples.kind[copies] = noise, kind
        found = train_gate(moe, generic, [replace(user, samples=samples)], replace(CONFIG, epochs=2)).weights
        return b"".join(layer.weight.tobytes() for layer in found)

    images = replace(user, samples=replace(user.samples, kind=np.where(copies, Kind.STRONG, Kind.IMAGE)))
    alone = train_gate(moe, generic, [images.without_strong_copies()], replace(CONFIG, epochs=2)).weights
    assert weights(Kind.STRONG) == b"".join(layer.weight.tobytes() for layer in alone) != weights(Kind.MILD)


def test_two_local_experts(network) -> None:
    moe = build_moe(network, {**GATE, "local_experts": 2})
    generic = generic_data(moe, blobs(6, 2))
    users = [user_data(moe, blobs(6, 1, brightness=DIM)), user_data(moe, blobs(6, 3, brightness=70))]
    bank = make_bank(moe, [u.expert for u in users], train_gate(moe, generic, users, CONFIG))
    assert bank.gate[-1].weight.shape == (3, 4)
    for number, brightness in enumerate((DIM, 70), start=1):
        answers = MoeModel(moe).run(blobs(3, 8, brightness=brightness).images, Mode.MOE_PARALLEL, bank)
        assert (answers.experts == number).mean() > 0.8


def test_the_number_of_users_must_fit(moe) -> None:
    with pytest.raises(InputError, match="needs as many users, 0 given"):
        train_gate(moe, generic_data(moe, blobs(2, 2)), [])


def test_inputs_are_those_of_the_integer_model(moe) -> None:
    data = blobs(2, 0)
    user = user_data(moe, data)
    gate = train_gate(moe, generic_data(moe, blobs(2, 2)), [user], replace(CONFIG, epochs=1))
    bank = make_bank(moe, [user.expert], gate)
    layers = MoeModel(moe).run(data.images, Mode.MOE_PARALLEL, bank, keep_layers=True).layers
    inputs = gate_inputs(moe, extract(moe, data), [layers["le0"]]).astype(np.int64)
    hidden = inputs @ bank.gate[0].weight.T + bank.gate[0].bias
    shifted = np.clip(np.rint(hidden / 2 ** moe.gate.layers[0].shift), 0, 255).astype(np.int64)
    assert np.array_equal(shifted, layers["gate_hidden"].reshape(len(data), -1))


@pytest.mark.parametrize("threshold", [-7, 0, 5, 6])
def test_a_folded_threshold_decides_the_same(moe, threshold: int) -> None:
    logits = np.random.default_rng(0).integers(-12, 12, (500, 3))
    out = LayerWeights(np.zeros((3, 4), np.int64), np.zeros(3, np.int64))
    folded = logits + fold_threshold(out, threshold, moe.gate.out.bias).bias
    assert np.array_equal(gate_decision(folded, 0), gate_decision(logits, threshold))


def test_a_threshold_beyond_the_biases_is_refused(moe) -> None:
    out = LayerWeights(np.zeros((2, 4), np.int64), np.zeros(2, np.int64))
    with pytest.raises(InputError, match="does not fit the output biases of 16 bits"):
        fold_threshold(out, 140_000, moe.gate.out.bias)
    lowest = lowest_threshold(out, moe.gate.out.bias)
    assert moe.gate.out.bias.contains(fold_threshold(out, lowest, moe.gate.out.bias).bias)
    with pytest.raises(InputError):
        fold_threshold(out, lowest - 2, moe.gate.out.bias)


def test_the_threshold_spends_the_budget_and_no_more() -> None:
    scores = np.array([5, 4, 3, 2, 1])
    gains = np.array([0.0, -0.01, 0.01, -0.01, -0.01])
    assert choose_threshold(scores, gains, budget=0.015) == 1
    assert choose_threshold(scores, gains, budget=0.005) == 4
    assert choose_threshold(scores, np.zeros(5), budget=0.0) < 1


def test_scores_compare_the_best_local_expert() -> None:
    assert gate_scores(np.array([[1, 5, 3], [4, 2, 1]])).tolist() == [4, -2]
