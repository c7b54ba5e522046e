# SPDX-License-Identifier: Apache-2.0
"""replay_ring: words of one piece and of several."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_replay_ring"
SHAPES = {
    "a word is a piece": {"LaneW": 8, "Lanes": 4, "Words": 9, "Tags": 9},
    "five pieces": {"LaneW": 8, "Lanes": 20, "Words": 3, "Tags": 9},
    "five pieces, one word": {"LaneW": 8, "Lanes": 20, "Words": 1, "Tags": 9},
    "three lanes, one word": {"LaneW": 4, "Lanes": 3, "Words": 1, "Tags": 4},
}
DEFECTS = {
    "one slot for all": ("five pieces", "if (slot[i]) first", "if (slot[i] && 1'b0) first"),
    "a word is not stored before the next": ("five pieces", "(left_q >> 1) == '0;", "1'b1;"),
    "a word without its last piece": ("five pieces", "fetch_q[3] && last_q[3]", "fetch_q[3]"),
    "a replay takes a vector, too": (
        "five pieces",
        "assign in_ready_o  = out_ready_i && passes;",
        "assign in_ready_o  = out_ready_i;",
    ),
}


@pytest.mark.parametrize("parameters", SHAPES.values(), ids=SHAPES)
def test_replay_ring(parameters: dict[str, int]) -> None:
    run("replay_ring", BENCH, parameters=parameters)


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str, str]) -> None:
    shape, old, new = change
    check_found("replay_ring", BENCH, Defect("replay_ring", old, new, "data/idle=none/stall=none"), SHAPES[shape])
