# SPDX-License-Identifier: Apache-2.0
"""feature_store: one to three frames, frames of one and of several words."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_feature_store"
SHAPES = {
    "2 frames": {"Width": 8, "FrameWords": 6, "Frames": 2, "Tags": 8},
    "1 frame": {"Width": 40, "FrameWords": 9, "Frames": 1, "Tags": 3},
    "3 frames of a word": {"Width": 8, "FrameWords": 1, "Frames": 3, "Tags": 8},
}
DATA = "data/idle=none/stall=random"
SEND_AND_DROP = "Send, Drop: if (advance && last_q) state_d = Look;"
DEFECTS = {
    "drops one word too few": (
        SEND_AND_DROP,
        "Send: if (advance && last_q) state_d = Look;\n"
        "      Drop: if (advance && count_q == CountW'(FrameWords - 2)) state_d = Look;",
        DATA,
    ),
    "keeps everything": ("decision_keep_i ? Send : Drop", "Send", DATA),
    "swaps keep and drop": ("decision_keep_i ? Send : Drop", "decision_keep_i ? Drop : Send", DATA),
    "overflows": ("level_d != LevelW'(Depth);", "1'b1;", DATA),
    "everybody waits for a decision": (
        "tag_valid && !tag_gated",
        "tag_valid && !tag_gated && decision_valid_i",
        "waits_for_no_decision",
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_feature_store(shape: dict[str, int]) -> None:
    run("feature_store", BENCH, parameters=shape)


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str, str]) -> None:
    check_found("feature_store", BENCH, Defect("feature_store", *change), SHAPES["2 frames"])
