# SPDX-License-Identifier: Apache-2.0
"""feature_router: 1, 2 and 8 local experts, frames of one and of several words."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_feature_router"
SHAPES = {
    "2 local experts": {"Width": 16, "FrameWords": 5, "LocalExperts": 2},
    "8 local experts": {"Width": 8, "FrameWords": 4, "LocalExperts": 8},
    "1-word frames": {"Width": 160, "FrameWords": 1, "LocalExperts": 1},
}
DEFECTS = {
    "descriptor leaves early": ("count_d == CountW'(FrameWords - 1)", "count_d == CountW'(FrameWords - 2)"),
    "announces to all": ("frame_start_o = select;", "frame_start_o = '1;"),
    "announces every offer": (
        "= taken && first_q;",
        "= feature_valid_i && image_valid_i && first_q;",
    ),
    "swaps gate and GE": (
        "{image_i.use_gate, image_i.use_le[LocalExperts-1:0], image_i.use_ge}",
        "{image_i.use_ge, image_i.use_le[LocalExperts-1:0], image_i.use_gate}",
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_feature_router(shape: dict[str, int]) -> None:
    run("feature_router", BENCH, parameters=shape)


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str]) -> None:
    defect = Defect("feature_router", *change, found_by="data/idle=none/stall=random")
    check_found("feature_router", BENCH, defect, SHAPES["2 local experts"])


CORRECTION_DEFECTS = {
    "starts in the middle of an image": (
        "2 local experts",
        "replay_valid_q && first_q;",
        "replay_valid_q;",
    ),
    "the word at hand goes with it": (
        "2 local experts",
        ".in_valid_i (feature_valid_i && image_valid_i && !replay)",
        ".in_valid_i (feature_valid_i && image_valid_i)",
    ),
    "starts right behind an image that it cannot know of": (
        "1-word frames",
        "!replay && !image_start_o && started_q == '0;",
        "!replay;",
    ),
    "starts twice": ("2 local experts", "replay_valid_i && !replay && ", "replay_valid_i && "),
}


@pytest.mark.parametrize("change", CORRECTION_DEFECTS.values(), ids=CORRECTION_DEFECTS)
def test_a_correction_at_the_wrong_time_is_found(change: tuple[str, str, str]) -> None:
    shape, *texts = change
    defect = Defect("feature_router", *texts, found_by="corrections/idle=none/stall=random")
    check_found("feature_router", BENCH, defect, SHAPES[shape])
