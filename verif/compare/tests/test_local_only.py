# SPDX-License-Identifier: Apache-2.0
"""A device of front end and local experts: equal in LE_ONLY, a defect is seen, and nothing else can be asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw.gen.taps import taps
from spec.errors import InputError
from spec.network import Mode
from spec.tiny import local_only_accelerator
from verif.compare.comparison import run_stage
from verif.compare.stages.rtl import FIELDS, RtlStage
from verif.compare.tests.setup import image_set, setup_of
from verif.faults import find_fault


def compared(directory: Path, fault: str | None = None, mode: Mode = Mode.LE_ONLY):
    setup = setup_of(local_only_accelerator(), directory, fault and find_fault(fault))
    stage = RtlStage(setup)
    try:
        return run_stage(setup, stage, image_set().images, mode)
    finally:
        stage.close()


def test_every_layer_equals_the_integer_model(tmp_path: Path) -> None:
    report = compared(tmp_path)
    assert not report.differs, report.first or report.stopped
    assert report.answered.all() and set(report.experts) == {1}
    assert {"conv1", "pool1", "le_pool", "le0_hidden", "le0", *FIELDS} < set(report.mismatches)


@pytest.mark.parametrize(("fault", "layer"), [("relu", "conv1"), ("le_weight", "le0")])
def test_a_defect_is_seen_at_its_layer(tmp_path: Path, fault: str, layer: str) -> None:
    report = compared(tmp_path, fault)
    assert report.differs and report.first.layer == layer


def test_other_modes_cannot_be_asked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is local_only: there is no mode GE_ONLY, only OFF and LE_ONLY"):
        compared(tmp_path, mode=Mode.GE_ONLY)


def test_only_what_is_there_is_watched() -> None:
    design = local_only_accelerator()
    names = [tap.name for tap in taps(design.moe, design.folding)]
    assert names == ["conv1", "pool1", "le_pool", "le0_hidden", "le0", "le1_hidden", "le1"]
