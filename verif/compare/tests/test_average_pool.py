# SPDX-License-Identifier: Apache-2.0
"""Average pooling in the GE, before the local experts and before the gate: every implementation gives the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from golden.kinds.average_pool import Average
from spec.network import Mode
from spec.tiny import averaged_accelerator
from verif.compare.comparison import run_stage
from verif.compare.stage import Setup, Stage
from verif.compare.tests.setup import check_every_layer, image_set, opened, setup_of

STAGES = ("torch", "int", "hls4ml", "hls", "rtl")
IMAGES = 24
POOLS = ("pool1", "le_pool", "gate_pool")


@pytest.fixture(scope="module")
def setup(tmp_path_factory) -> Setup:
    return setup_of(averaged_accelerator(), tmp_path_factory.mktemp("averaged"))


@pytest.fixture(scope="module")
def stages(setup: Setup) -> Iterator[dict[str, Stage]]:
    with opened(setup, STAGES) as stages:
        yield stages


def test_every_implementation_is_equal_in_every_layer(setup: Setup, stages: dict[str, Stage]) -> None:
    check_every_layer(setup, stages, image_set(IMAGES).images, set(POOLS))


@pytest.mark.parametrize("name", [name for name in STAGES if name != "int"])
@pytest.mark.parametrize("rounding", ["truncates", "half up"])
def test_another_rounding_of_the_mean_is_seen(
    setup: Setup, stages: dict[str, Stage], name: str, rounding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the reference rounds otherwise, so every implementation must differ in every average."""
    offset = {"truncates": 0.0, "half up": 0.5}[rounding]

    def activate(self, accumulator: torch.Tensor) -> torch.Tensor:
        return (accumulator * 2.0**-self.layer.shift + offset).floor_()

    monkeypatch.setattr(Average, "activate", activate)
    report = run_stage(setup, stages[name], image_set(IMAGES).images, Mode.MOE_PARALLEL)
    assert report.first.layer == "pool1"
    assert all(report.mismatches[layer] for layer in POOLS)
