# SPDX-License-Identifier: Apache-2.0
"""Average pooling in the GE, before the local experts and before the gate: every implementation gives the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from golden.kinds.average_pool import Average
from spec.network import Mode
from spec.tiny import averaged_accelerator
from verif.compare.comparison import run_modes, run_stage
from verif.compare.stage import Setup, Stage
from verif.compare.stages import open_stages
from verif.compare.tests.setup import image_set, setup_of

STAGES = ("torch", "int", "hls4ml", "hls", "rtl")
IMAGES = 24
POOLS = ("pool1", "le_pool", "gate_pool")


@pytest.fixture(scope="module")
def setup(tmp_path_factory) -> Setup:
    return setup_of(averaged_accelerator(), tmp_path_factory.mktemp("averaged"))


@pytest.fixture(scope="module")
def stages(setup: Setup) -> Iterator[dict[str, Stage]]:
    opened = open_stages(list(STAGES), setup)
    yield {stage.name: stage for stage in opened}
    for stage in opened:
        stage.close()


def test_every_implementation_is_equal_in_every_layer(setup: Setup, stages: dict[str, Stage]) -> None:
    modes = [mode for mode in Mode if mode != Mode.OFF]
    for mode, reports in run_modes(setup, list(stages.values()), image_set(IMAGES).images, modes).items():
        assert [report.stage for report in reports] == [name for name in stages]
        for report in reports:
            assert not report.differs, f"{mode.name} {report.stage}: {report.first or report.stopped}"
            assert report.answered.all()
            if mode == Mode.MOE_PARALLEL and report.stage != "int":
                assert set(POOLS) <= set(report.mismatches)
        if mode in (Mode.MOE_PARALLEL, Mode.MOE_GATED):
            assert len(np.unique(reports[-1].experts > 0)) == 2, "the images do not use the GE and a local expert"


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
