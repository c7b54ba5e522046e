# SPDX-License-Identifier: Apache-2.0
"""The soft gate: near temperature zero it is the binary one of the integer model, and weights are what is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from golden.integer_model import MoeModel
from golden.tests.small import blobs
from spec.bank import random_bank
from spec.network import Mode
from training import soft_study
from training.personalize import measure
from training.seen import Seen, measure_seen
from training.soft_gate import (
    Logits,
    Output,
    binary_answers,
    choose_temperature,
    soft_answers,
    softmax,
)
from training.table_files import TableData

DATA = blobs(3, 0)


@pytest.fixture(scope="module")
def logits(moe) -> Logits:
    model = MoeModel(moe)
    return Logits.of(model, random_bank(moe, 1), Seen.of(model, DATA))


def test_logits_are_those_of_the_device_on_their_real_scale(moe, logits) -> None:
    answers = MoeModel(moe).run(DATA.images, Mode.MOE_PARALLEL, random_bank(moe, 1), keep_layers=True)
    layers = {"ge": moe.network.layers[-1], "gate": moe.gate.out}
    for name, layer in layers.items():
        raw = answers.layers[layer.name].reshape(len(DATA), -1)
        assert np.array_equal(getattr(logits, name), raw * layer.accumulator.scale)
    assert logits.le.shape == (len(DATA), 62) and logits.le.std() > 0


def test_what_is_measured_on_seen_images_is_what_the_device_answers(moe) -> None:
    model, bank = MoeModel(moe), random_bank(moe, 1)
    ours, device = measure_seen(model, bank, Seen.of(model, DATA)), measure(model, bank, DATA)
    other = measure_seen(model, random_bank(moe, 2), Seen.of(model, DATA))
    for name in ("ge", "le", "overall", "local"):
        assert np.array_equal(getattr(ours, name), getattr(device, name))
    assert not np.array_equal(other.le, ours.le) or not np.array_equal(other.local, ours.local)


def test_binary_answers_are_those_of_the_device(moe, logits) -> None:
    answers = MoeModel(moe).run(DATA.images, Mode.MOE_PARALLEL, random_bank(moe, 1))
    assert len(np.unique(answers.experts)) == 2
    assert np.array_equal(binary_answers(logits), answers.classes)


@pytest.mark.parametrize("output", Output)
def test_near_zero_temperature_is_the_binary_gate_and_a_high_one_is_not(logits, output: Output) -> None:
    assert np.array_equal(soft_answers(logits, output, 1e-9), binary_answers(logits))
    assert not np.array_equal(soft_answers(logits, output, 1e9), binary_answers(logits))


def test_equal_weights_are_the_mean_of_both(logits) -> None:
    assert np.array_equal(soft_answers(logits, Output.LOGITS, 1e12), (logits.ge + logits.le).argmax(1))
    mean = softmax(logits.ge) + softmax(logits.le)
    assert np.array_equal(soft_answers(logits, Output.SOFTMAX, 1e12), mean.argmax(1))


def test_two_unsure_experts_can_agree_on_a_third_class() -> None:
    """What a binary gate can never answer."""
    ge, le = np.array([[2.0, 1.9, 0.0]]), np.array([[0.0, 1.9, 2.0]])
    one = Logits(ge, le, np.zeros((1, 2)), np.array([1]))
    assert binary_answers(one).tolist() == [0]
    assert [soft_answers(one, output, 1.0).tolist() for output in Output] == [[1], [1]]


def test_weights_follow_the_gate() -> None:
    ge, le = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    for difference, expected in ((-0.1, 0), (0.1, 1)):
        one = Logits(ge, le, np.array([[0.0, difference]]), np.array([0]))
        assert [soft_answers(one, output, 4.0).tolist() for output in Output] == [[expected], [expected]]


def test_softmax_is_stable() -> None:
    found = softmax(np.array([[1000.0, 1000.0], [-1000.0, 1000.0]]))
    assert found.tolist() == [[0.5, 0.5], [0.0, 1.0]]


def test_the_temperature_with_the_best_mean_is_chosen_the_lowest_on_a_tie() -> None:
    assert choose_temperature(np.array([0.8, 0.9, 0.7]), np.array([0.7, 0.7, 0.8])) == 1
    assert choose_temperature(np.array([0.5, 0.75, 0.5]), np.array([0.75, 0.5, 0.75])) == 0


def test_test_images_do_not_choose_the_temperature() -> None:
    """They would take the last one: of users and of EMNIST it is by far the best, but not of what chooses."""
    count = len(soft_study.TEMPERATURES)
    right = {"users": 0.1, "users_balanced": 0.1, "emnist": 0.1, "selection_users": 0.8, "selection_emnist": 0.8}
    points = [dict(right) for _ in range(count)]
    points[2] |= {"selection_users": 0.9, "selection_emnist": 0.85}
    points[-1] |= {"users": 0.99, "users_balanced": 0.99, "emnist": 0.99}

    class Made(soft_study.Study):
        def row(self, number: int) -> dict:
            return {"user": number, "binary": right, **{output.value: list(points) for output in Output}}

    data = TableData.load((1, 2))
    found = soft_study.table(Made("paper", data, Path()))
    for output in Output:
        assert found["mean"][output.value]["temperature"] == soft_study.TEMPERATURES[2]
        assert found["mean"][output.value]["users"] == pytest.approx(0.1)
