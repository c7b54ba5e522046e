# SPDX-License-Identifier: Apache-2.0
"""Maxima and averages before the local experts and before the gate: every implementation gives the same.

Once all channels of a pixel come in one word, once in two; the local experts have a hidden layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from golden.integer_model import MoeModel
from golden.kinds.max_average_pool import MaxAverage
from spec.network import Mode
from spec.tiny import max_averaged_accelerator
from tools.mutants import Replacement
from verif.compare.comparison import run_stage
from verif.compare.stage import Setup, Stage
from verif.compare.stages import open_stages
from verif.compare.tests.setup import check_every_layer, image_set, opened, setup_of
from verif.faults import Fault

STAGES = ("torch", "int", "hls4ml", "hls", "rtl")
IMAGES = 24
POOLS = ("le_pool", "gate_pool")


@pytest.fixture(scope="module", params=[pytest.param(4, marks=pytest.mark.long), 2], ids=lambda lanes: f"{lanes} lanes")
def setup(request: pytest.FixtureRequest, tmp_path_factory) -> Setup:
    return setup_of(max_averaged_accelerator(lanes=request.param), tmp_path_factory.mktemp("max_averaged"))


@pytest.fixture(scope="module")
def stages(setup: Setup) -> Iterator[dict[str, Stage]]:
    with opened(setup, STAGES) as stages:
        yield stages


def test_every_implementation_is_equal_in_every_layer(setup: Setup, stages: dict[str, Stage]) -> None:
    check_every_layer(setup, stages, image_set(IMAGES).images, {*POOLS, "le0_hidden", "le1_hidden"})


def test_both_halves_have_something_to_compare(setup: Setup) -> None:
    """Otherwise swapped halves could not be seen: maxima differ from averages, and each from image to image."""
    moe = setup.accelerator.moe
    layers = MoeModel(moe).run(image_set(IMAGES).images, Mode.MOE_PARALLEL, setup.bank, keep_layers=True).layers
    for name in POOLS:
        maxima, averages = np.split(layers[name].astype(int), 2, axis=-1)
        assert maxima.shape[-1] == moe.network.features.channels
        assert (maxima >= averages).all() and (maxima > averages).any()
        assert np.ptp(maxima, axis=0).any() and np.ptp(averages, axis=0).any()


@pytest.mark.parametrize("name", [name for name in STAGES if name != "int"])
@pytest.mark.parametrize("change", ["halves swapped", "mean truncated"])
def test_another_order_or_rounding_is_seen(
    setup: Setup, stages: dict[str, Stage], name: str, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the reference does otherwise, so every implementation must differ in both pools."""
    sound = MaxAverage.activate

    def swapped(self: MaxAverage, accumulator: torch.Tensor) -> torch.Tensor:
        return sound(self, accumulator).roll(accumulator.shape[-1] // 2, -1)

    def truncated(self: MaxAverage, accumulator: torch.Tensor) -> torch.Tensor:
        maxima, sums = accumulator.chunk(2, -1)
        return torch.cat([maxima, (sums * 2.0 ** -self.halves[1].layer.shift).floor()], -1)

    monkeypatch.setattr(MaxAverage, "activate", swapped if change == "halves swapped" else truncated)
    report = run_stage(setup, stages[name], image_set(IMAGES).images, Mode.MOE_PARALLEL)
    assert report.first.layer == POOLS[0]
    assert all(report.mismatches[layer] for layer in POOLS)


def test_swapped_halves_in_the_rtl_alone_are_seen(setup: Setup) -> None:
    """Negative control: the defect is in one implementation, the reference is sound."""
    edits = (
        Replacement("max_average_pool.sv", "\n  max_pool #(", "\n  average_pool  #("),
        Replacement("max_average_pool.sv", "\n  average_pool #(", "\n  max_pool #("),
    )
    broken = replace(setup, fault=Fault("max_average_pool", "the pools of both halves are swapped", edits))
    [stage] = open_stages(["rtl"], broken)
    try:
        report = run_stage(broken, stage, image_set(IMAGES).images, Mode.MOE_PARALLEL)
    finally:
        stage.close()
    assert report.first.layer == POOLS[0]
    assert all(report.mismatches[layer] for layer in POOLS)
