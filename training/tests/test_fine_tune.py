# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning learns its user, changes the last two dense layers and nothing else, and validates on held-out images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from golden.data import LabelledImages
from golden.tests.small import PRESET, blobs
from golden.torch_model import Network, build_float
from spec.errors import InputError
from training import fine_tune as tuning
from training.fine_tune import accuracy, fine_tune, retrained_weights
from training.heads import HeadConfig

CONFIG = HeadConfig(epochs=12, learning_rate=1e-2, batch=64)
TRAIN, TEST = blobs(8, 0), blobs(4, 1)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """As the command has it: the steps are too small to share."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def model() -> Network:
    """An untrained float network of the small preset."""
    torch.manual_seed(0)
    return build_float(PRESET).eval()


@pytest.fixture(scope="module")
def tuned(model) -> tuning.FineTuned:
    return fine_tune(model, TRAIN, CONFIG)


def changed(before: Network, after: Network) -> set[str]:
    """Names of the parameters that differ."""
    other = after.state_dict()
    return {name for name, value in before.state_dict().items() if not torch.equal(value, other[name])}


def test_it_learns_and_leaves_the_network_alone(model, tuned) -> None:
    before = accuracy(model, TEST)
    assert accuracy(tuned.model, TEST) > before + 0.6
    assert tuned.validation > before + 0.3
    assert accuracy(model, TEST) == before


def test_only_the_last_two_dense_layers_change(model, tuned) -> None:
    assert changed(model, tuned.model) == {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}


def test_one_layer_fewer_changes_one_layer_fewer(model) -> None:
    tuned = fine_tune(model, TRAIN, replace(CONFIG, epochs=1), layers=1)
    assert changed(model, tuned.model) == {"fc2.weight", "fc2.bias"}


def test_without_a_learning_rate_nothing_changes(model) -> None:
    tuned = fine_tune(model, TRAIN, replace(CONFIG, epochs=2, learning_rate=0.0))
    assert changed(model, tuned.model) == set()
    assert accuracy(tuned.model, TEST) == accuracy(model, TEST)
    assert tuned.validation == pytest.approx(accuracy(model, TRAIN))


def test_validation_images_are_held_out(model) -> None:
    """Noise with random labels can only be memorised: validation must not see that, unless there are copies."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (100, 28, 28)).astype(np.uint8), rng.integers(0, 2, 100).astype(np.uint8)
    config = replace(CONFIG, batch=16)
    noise = LabelledImages(images, labels, "noise")
    assert fine_tune(model, noise, config).validation < 0.7
    four_times = noise.select(np.tile(np.arange(100), 4))
    assert fine_tune(model, four_times, config).validation > 0.9


def test_the_same_seed_gives_the_same_network(model) -> None:
    short = replace(CONFIG, epochs=1)
    once, again, other = (fine_tune(model, TRAIN, replace(short, seed=seed)).model for seed in (0, 0, 1))
    assert changed(once, again) == set()
    assert changed(once, other)


def test_weights_are_counted_without_biases(model) -> None:
    assert retrained_weights(model) == 12 * 12 * 4 * 20 + 20 * 62


def test_what_cannot_be_fine_tuned_is_refused(model) -> None:
    with pytest.raises(InputError, match="1 images are too few"):
        fine_tune(model, TRAIN.take(1), CONFIG)
    with pytest.raises(InputError, match="the network has 2"):
        fine_tune(model, TRAIN, CONFIG, layers=3)
