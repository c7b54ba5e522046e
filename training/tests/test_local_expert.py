# SPDX-License-Identifier: Apache-2.0
"""A local expert learns its user, and its held-out logits are really held out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from golden.tests.small import GATE, blobs
from spec.errors import InputError
from spec.kinds.average_pool import AveragePool
from spec.network import LayerWeights, build_moe
from spec.paths import MODELS
from spec.presets import TRAINED_GATES, load_moe
from training import local_expert
from training.features import Copies, Samples, extract
from training.heads import Head, integer_logits
from training.local_expert import (
    ExpertConfig,
    Rehearsal,
    Weights,
    between,
    train_epochs,
    train_generic_head,
    train_local_expert,
)
from training.store import head_file, load_expert, load_head, save_expert, save_head

CONFIG = ExpertConfig(epochs=12, learning_rate=2e-2, batch=64)


@pytest.fixture(autouse=True)
def small_epochs(monkeypatch) -> None:
    """Epochs of the generic head that fit the small data set."""
    monkeypatch.setattr(local_expert, "GENERIC_PER_CLASS", 8)


@pytest.fixture(scope="module")
def samples(moe) -> Samples:
    return extract(moe, blobs(8, 0), Copies(mild=1))


def accuracy(logits: np.ndarray, samples: Samples) -> float:
    return float((logits.argmax(1) == samples.labels).mean())


def renumbered(samples: Samples) -> Samples:
    """The same samples with sources 0, 1, ... as if the other images did not exist."""
    return replace(samples, source=np.unique(samples.source, return_inverse=True)[1])


def test_it_learns(moe, samples) -> None:
    expert = train_local_expert(moe, samples, config=CONFIG)
    test = extract(moe, blobs(4, 1))
    assert accuracy(integer_logits(moe.le.layers, expert.weights, test.local), test) > 0.8
    assert 1 <= expert.epochs <= CONFIG.epochs
    assert expert.validation > 0.8


def test_with_one_image_of_each_class_no_epoch_is_chosen(moe) -> None:
    """Cross-validation would only see classes that its experts never saw, and stop at once."""
    once = extract(moe, blobs(1, 0), Copies(mild=1))
    config = replace(CONFIG, epochs=30)
    expert = train_local_expert(moe, once, config=config)
    assert expert.epochs == config.epochs
    assert accuracy(integer_logits(moe.le.layers, expert.weights, once.local), once) > 0.8
    assert accuracy(expert.held_out_logits, once) < 0.1


def test_few_images_leave_an_expert_near_its_start(moe, samples) -> None:
    """As far as so many images a class carry it; by default nothing holds it back."""
    config = replace(CONFIG, epochs=3)
    start = train_epochs(moe, extract(moe, blobs(2, 5)), None, config, None, 3)[-1]
    few = samples.select(samples.source < 62)  # the first image of every class
    for learning, each in ((few, 1), (samples, 8)):
        free = train_epochs(moe, learning, start, config, None, 3)
        held = train_epochs(moe, learning, start, replace(config, start_worth=2.0), None, 3)
        for one, other in zip(free, held, strict=True):
            assert same(between(start, one, each / (each + 2)), other) and not same(one, other)
        assert same(train_local_expert(moe, learning, start, replace(config, choose=False)).weights, free[-1])
    without = train_epochs(moe, few, None, config, None, 3)
    assert all(map(same, without, train_epochs(moe, few, None, replace(config, start_worth=2.0), None, 3)))


def test_between_two_heads() -> None:
    start, end = ((LayerWeights(np.full((1, 2), a), np.array([b])),) for a, b in ((0, -4), (3, 5)))
    assert same(between(start, end, 0.0), start) and same(between(start, end, 1.0), end)
    middle = between(start, end, 0.5)[0]
    assert middle.weight.tolist() == [[2, 2]] and middle.bias.tolist() == [0]  # half to even


def same(one: Weights, other: Weights) -> bool:
    """Whether all weights and biases are equal."""
    pairs = [(a.weight, b.weight) for a, b in zip(one, other, strict=True)]
    pairs += [(a.bias, b.bias) for a, b in zip(one, other, strict=True)]
    return all((a == b).all() for a, b in pairs)


def test_a_single_image_is_enough_to_run(moe) -> None:
    single = extract(moe, blobs(1, 0).select(slice(1)), Copies(mild=1))
    expert = train_local_expert(moe, single, config=CONFIG)
    assert expert.held_out_logits.shape == (2, moe.network.classes)


def test_held_out_logits_know_nothing_of_their_own_labels(network) -> None:
    """With random labels an expert can only memorise; that must not show in the held-out logits."""
    moe = build_moe(network, {**GATE, "local_expert": {**GATE["local_expert"], "pool": 12}})
    samples = extract(moe, blobs(2, 0), Copies(mild=1))
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(2), 62))[samples.source]
    random = replace(samples, labels=labels)
    expert = train_local_expert(moe, random, config=ExpertConfig(epochs=3, learning_rate=2e-2, batch=4))
    memorised = accuracy(integer_logits(moe.le.layers, expert.weights, random.local), random)
    assert memorised > 0.75
    assert accuracy(expert.held_out_logits, random) < 0.65


def test_normalised_inputs_change_what_is_learned_and_not_the_start(moe, samples) -> None:
    start = Head(moe.le.layers, 5).integers()

    def after(rate: float, normalise: bool) -> list[bytes]:
        config = ExpertConfig(epochs=2, learning_rate=rate, normalise=normalise)
        return [one.weight.tobytes() for one in train_epochs(moe, samples, start, config, None, 2)[-1]]

    assert after(0.0, True) == after(0.0, False) == [one.weight.tobytes() for one in start]
    assert after(1e-2, True) != after(1e-2, False)


def test_a_start_is_used(moe, samples) -> None:
    generic = train_generic_head(moe, samples, samples, CONFIG)
    short = replace(CONFIG, epochs=1, learning_rate=1e-4)
    warm, cold = (
        train_local_expert(moe, samples, generic, short),
        train_local_expert(moe, samples, None, short),
    )
    assert warm.validation > cold.validation + 0.3


def test_rehearsal_keeps_generic_knowledge(moe, samples) -> None:
    """The user never writes the first 30 classes; only rehearsal keeps them alive."""
    generic = samples.select(samples.labels < 30)
    user = renumbered(samples.select(samples.labels >= 30))
    start = train_generic_head(moe, samples, samples, CONFIG)
    plain = train_local_expert(moe, user, start, CONFIG)
    kept = train_local_expert(moe, user, start, CONFIG, Rehearsal(generic, 1.0))
    lost = accuracy(integer_logits(moe.le.layers, plain.weights, generic.local), generic)
    assert accuracy(integer_logits(moe.le.layers, kept.weights, generic.local), generic) > lost


def test_stored_experts_come_back_and_are_checked(moe, samples, tmp_path) -> None:
    expert = train_local_expert(moe, samples, config=replace(CONFIG, epochs=1))
    path = tmp_path / "user01.npz"
    with pytest.raises(InputError, match="run the step le first"):
        load_expert(path, moe, samples)
    save_expert(path, moe, expert)
    stored = load_expert(path, moe, samples)
    assert np.array_equal(stored.weights[-1].weight, expert.weights[-1].weight)
    assert np.array_equal(stored.held_out_logits, expert.held_out_logits)
    with pytest.raises(InputError, match="run the step le again"):
        load_expert(path, moe, samples.select(np.arange(10)))
    averaged = replace(moe, le=replace(moe.le, pool=AveragePool(**vars(moe.le.pool))))
    with pytest.raises(InputError, match="features pooled otherwise"):
        load_expert(path, averaged, samples)
    save_head(path, moe, expert.weights)
    assert np.array_equal(load_head(path, moe)[-1].bias, expert.weights[-1].bias)
    assert load_head(path, averaged) is None
    assert load_head(tmp_path / "none.npz", moe) is None


def test_the_heads_that_presets_start_from_are_shipped() -> None:
    for gate in TRAINED_GATES:
        moe = load_moe(gate)
        if moe.le_start == "generic":
            (layer,) = load_head(head_file(MODELS, gate), moe)
            assert layer.weight.shape == (moe.le.out.outputs, moe.le.out.inputs) and layer.weight.any()
