# SPDX-License-Identifier: Apache-2.0
"""Smoke test of the trained network at full size (preset ``ecp5_85``): all layers, all modes, pauses, a few images."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from golden.data import generate_generic
from golden.integer_model import MoeModel, gate_decision
from hw.gen.build import generate
from spec.bank import Bank, random_bank
from spec.network import Mode
from spec.presets import Accelerator, load_accelerator
from spec.result_word import numbers_from
from verif.bulk.library import build_library
from verif.bulk.simulator import BulkSimulator

IMAGES = 6


@pytest.fixture(scope="module")
def accelerator() -> Accelerator:
    return load_accelerator()


@pytest.fixture(scope="module")
def bank(accelerator: Accelerator) -> Bank:
    return random_bank(accelerator.moe, seed=1)


@pytest.fixture(scope="module")
def simulator(accelerator: Accelerator, bank: Bank) -> Iterator[BulkSimulator]:
    # For a few images, what an optimised build takes longer is more than what it then runs faster.
    simulator = BulkSimulator(accelerator, library=build_library(generate(accelerator), optimise=False))
    simulator.load_bank(bank, number=1)
    yield simulator
    simulator.close()


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return generate_generic(1, "test", seed=5).images[:: 62 // IMAGES][:IMAGES]


@pytest.fixture(scope="module")
def theta(accelerator: Accelerator, bank: Bank, images: np.ndarray) -> int:
    """A threshold that sends half of the images to the local expert."""
    logits = MoeModel(accelerator.moe).run(images, Mode.MOE_PARALLEL, bank, keep_layers=True).layers["gate_out"]
    theta = int(np.median(logits[:, 1:].max(1).astype(np.int64) - logits[:, 0]))
    assert 0 < np.count_nonzero(gate_decision(logits, theta)) < IMAGES
    return theta


@pytest.mark.parametrize("mode", [Mode.GE_ONLY, Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED])
def test_equals_the_integer_model(
    accelerator: Accelerator, bank: Bank, simulator: BulkSimulator, images: np.ndarray, theta: int, mode: Mode
) -> None:
    expected = MoeModel(accelerator.moe).run(images, mode, bank, theta, keep_layers=True)
    result = simulator.run(images, mode, bank=1, theta=theta, keep_layers=True, pause_seed=3)
    np.testing.assert_array_equal(result.classes, expected.classes)
    np.testing.assert_array_equal(result.experts, expected.experts)
    np.testing.assert_array_equal(result.banks, 1)
    np.testing.assert_array_equal(result.status, 0)
    np.testing.assert_array_equal(result.sequence, numbers_from(int(result.sequence[0]), len(result.sequence)))
    assert set(result.layers) == set(expected.layers)
    for name, values in expected.layers.items():
        np.testing.assert_array_equal(result.layers[name], values.reshape(-1), err_msg=name)


def test_an_empty_bank_is_not_used(
    accelerator: Accelerator, simulator: BulkSimulator, images: np.ndarray, theta: int
) -> None:
    """Bank 0 was never loaded: the GE answers, and the result says why."""
    expected = MoeModel(accelerator.moe).run(images, Mode.GE_ONLY, None, keep_layers=True)
    result = simulator.run(images, Mode.MOE_GATED, bank=0, theta=theta, keep_layers=True)
    np.testing.assert_array_equal(result.classes, expected.classes)
    np.testing.assert_array_equal(result.status, 4)
    assert set(result.layers) == set(expected.layers), "local experts or the gate ran without weights"
