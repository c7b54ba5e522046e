# SPDX-License-Identifier: Apache-2.0
"""Reference [7]: only the added parts learn, the base passes through, its size is the paper's, and training resumes."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from golden import paper_tables
from golden.tests.small import PRESET, blobs
from golden.torch_model import build_float, to_pixels
from spec.errors import InputError
from training import fit as fitting
from training import harris
from training.fine_tune import accuracy
from training.fit import FitConfig
from training.heads import HeadConfig

TRAIN, TEST = blobs(8, 0), blobs(4, 1)
GENERIC = FitConfig(epochs=2, learning_rate=1e-2, per_class=2, batch=64, averaging=0.5)
CUSTOMISED = HeadConfig(epochs=12, learning_rate=1e-2, batch=64)
SIZE = 4000  # weights of an imagined LE and GN


@pytest.fixture(autouse=True)
def one_thread():
    """As the command has it: the steps are too small to share."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def base() -> nn.Module:
    torch.manual_seed(0)
    return build_float(PRESET).eval()


@pytest.fixture
def model() -> nn.Module:
    return harris.augment(base(), SIZE)


def changed(before: nn.Module, after: nn.Module) -> set[str]:
    """The parts of which a parameter differs: 0 base, 1 task-specific network, 2 aggregation layer."""
    other = after.state_dict()
    return {name[0] for name, value in before.state_dict().items() if not torch.equal(value, other[name])}


def test_it_is_as_large_as_the_paper_says() -> None:
    found = harris.outputs_of_size(180, 62, 11520 / (paper_tables.MOE_BY_HARRIS_SIZE / 100))
    weights = 180 * found + (62 + found) * 62
    one_more = weights + 180 + 62
    wanted = 11520 / (paper_tables.MOE_BY_HARRIS_SIZE / 100)
    assert abs(weights - wanted) < abs(one_more - wanted) and abs(weights - wanted) <= (180 + 62) / 2
    assert 100 * 11520 / weights == pytest.approx(paper_tables.MOE_BY_HARRIS_SIZE, abs=0.1)


def test_the_added_weights_are_counted(model) -> None:
    assert harris.added_weights(model) == model[1].weight.numel() + model[2].weight.numel()
    assert harris.added_weights(model) == pytest.approx(SIZE / 0.5879, abs=98 / 2)


def test_too_small_a_size_is_refused() -> None:
    with pytest.raises(InputError, match="1,000 weights are too few for an aggregation layer of 62 classes"):
        harris.outputs_of_size(180, 62, 1000)


def test_features_that_do_not_divide_are_refused() -> None:
    with pytest.raises(InputError, match="10x10 do not divide"):
        harris.FrozenBase(base(), 10, 4, 62)


def test_it_computes_what_is_written(model) -> None:
    model[2].reset_parameters()
    pixels = to_pixels(TEST.images[:7])
    network, task, aggregation = model[0].network, model[1], model[2]
    features = functional.max_pool2d(network.features(pixels), 4).flatten(1)
    hidden = torch.relu(features @ task.weight.T + task.bias)
    expected = torch.cat([network(pixels), hidden], 1) @ aggregation.weight.T + aggregation.bias
    assert torch.allclose(model(pixels), expected, atol=1e-5)


def test_it_starts_as_the_base(model) -> None:
    pixels = to_pixels(TEST.images[:7])
    assert torch.equal(model(pixels), model[0].network(pixels))


def test_generic_training_learns_and_leaves_the_base_alone(model, tmp_path) -> None:
    before, seen = copy.deepcopy(model), accuracy(model, TEST)
    validation = harris.train_generic(
        model, TRAIN, tmp_path, replace(GENERIC, epochs=12, per_class=7, augmentation=0.0)
    )
    assert changed(before, model) == {"1", "2"}
    assert accuracy(model, TEST) > seen + 0.5 and validation > 0.5


def test_a_base_that_is_not_frozen_would_be_seen(model, tmp_path) -> None:
    """Negative control of the test above."""
    before = copy.deepcopy(model)
    model[0].network.requires_grad_(True)
    harris.train_generic(model, TRAIN, tmp_path, GENERIC)
    assert "0" in changed(before, model)


def test_generic_training_goes_on_after_an_interruption(tmp_path, monkeypatch) -> None:
    whole, parts = harris.augment(base(), SIZE), harris.augment(base(), SIZE)
    harris.train_generic(whole, TRAIN, tmp_path / "whole", GENERIC)
    epochs = []
    train_epoch = fitting._train_epoch

    def interrupted(*arguments):
        if len(epochs) == 1:
            raise KeyboardInterrupt
        epochs.append(1)
        return train_epoch(*arguments)

    monkeypatch.setattr(fitting, "_train_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        harris.train_generic(parts, TRAIN, tmp_path / "parts", GENERIC)
    monkeypatch.setattr(fitting, "_train_epoch", lambda *a: epochs.append(1) or train_epoch(*a))
    parts = harris.augment(base(), SIZE)
    harris.train_generic(parts, TRAIN, tmp_path / "parts", GENERIC)
    assert len(epochs) == GENERIC.epochs and changed(whole, parts) == set()

    again = harris.augment(base(), SIZE)  # finished: nothing is trained
    harris.train_generic(again, TRAIN, tmp_path / "parts", GENERIC)
    assert len(epochs) == GENERIC.epochs and changed(whole, again) == set()
    harris.train_generic(harris.augment(base(), SIZE, seed=1), TRAIN, tmp_path / "parts", GENERIC)
    assert len(epochs) == 2 * GENERIC.epochs  # another start is another run


def test_customising_changes_the_added_parts_alone(model) -> None:
    before = copy.deepcopy(model)
    tuned = harris.customise(model, TRAIN, CUSTOMISED)
    assert changed(before, model) == set()
    assert changed(model, tuned.model) == {"1", "2"}
    assert accuracy(tuned.model, TEST) > accuracy(model, TEST) + 0.5
    assert 1 <= tuned.epochs <= CUSTOMISED.epochs and tuned.validation > 0.5


def test_without_a_learning_rate_nothing_changes(model) -> None:
    tuned = harris.customise(model, TRAIN, replace(CUSTOMISED, epochs=2, learning_rate=0.0))
    assert changed(model, tuned.model) == set()


def test_the_same_seed_gives_the_same_start() -> None:
    once, again, other = (harris.augment(base(), SIZE, seed) for seed in (0, 0, 1))
    assert changed(once, again) == set() and changed(once, other) == {"1"}
    assert harris.digest(once) == harris.digest(again) != harris.digest(other)


def test_a_fresh_start_leaves_the_random_numbers_of_others_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(3)
    network = base()
    torch.manual_seed(3)
    harris.augment(network, SIZE)
    assert np.array_equal(torch.rand(3), expected)
