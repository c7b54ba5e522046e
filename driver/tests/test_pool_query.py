# SPDX-License-Identifier: Apache-2.0
"""A query to a pool of experts on a small simulated device: right answers in every mode, and times of every part."""

from __future__ import annotations

import numpy as np
import pytest

from driver import DeviceFault
from driver.pool_query import QueryTimer
from golden.integer_model import MoeModel
from spec.folding import build_folding
from spec.network import LayerWeights, Mode
from spec.presets import Accelerator as Design
from spec.tiny import FOLDING, tiny_moe
from spec.tiny_variants import random_images
from training.pool import Pool
from training.pool_file import save_pool

GROUPS = {"low": np.arange(3), "high": np.arange(4, 7)}


def tiny_pool(moe) -> Pool:
    """Random weights; class 3 is in no group."""
    rng = np.random.default_rng(0)

    def draw(outputs: int, inputs: int) -> LayerWeights:
        return LayerWeights(rng.integers(-128, 128, (outputs, inputs)), rng.integers(-900, 900, outputs))

    library = tuple(draw(layer.outputs, layer.inputs) for layer in moe.le.hidden)
    return Pool(library, GROUPS, {name: draw(len(classes), moe.le.out.inputs) for name, classes in GROUPS.items()})


@pytest.fixture(scope="module")
def timer():
    moe = tiny_moe("deep")
    timer = QueryTimer(Design(moe, build_folding(FOLDING, moe)))
    yield timer
    timer.close()


@pytest.fixture
def pool_path(timer, tmp_path):
    save_pool(tmp_path / "pool.npz", timer.design.moe, tiny_pool(timer.design.moe), {})
    return tmp_path / "pool.npz"


@pytest.mark.parametrize("names", [("low",), ("high",), ("high", "low")], ids="+".join)
def test_the_device_answers_the_query_in_every_mode(timer, pool_path, names) -> None:
    images, moe = random_images(30, 1), timer.design.moe
    time = timer(pool_path, names, images[0])
    assert min(time.compose, time.load, time.answer, time.load_cycles, time.answer_cycles) > 0
    assert time.total == pytest.approx(time.compose + time.load + time.answer)
    bank = tiny_pool(moe).bank(moe, names)
    allowed = np.concatenate([GROUPS[name] for name in names])
    for mode in (Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED):
        timer.device.set_mode(mode)
        found = timer.device.classify(images)
        assert np.array_equal(found.classes, MoeModel(moe).run(images, mode, bank).classes)
        assert np.isin(found.classes, allowed).all() and (found.experts == 1).all()
        assert len(np.unique(found.classes)) > 1


def test_another_answer_than_the_models_is_a_fault(timer, pool_path, monkeypatch) -> None:
    load_user = timer.device.load_user
    wrong = tiny_pool(timer.design.moe).bank(timer.design.moe, ("low",))
    monkeypatch.setattr(timer.device, "load_user", lambda bank: load_user(wrong))
    with pytest.raises(DeviceFault, match="another answer to a query for high"):
        timer(pool_path, ("high",), random_images(1, 1)[0])
