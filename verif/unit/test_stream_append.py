# SPDX-License-Identifier: Apache-2.0
"""stream_append: group sizes around powers of two, and single words."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_stream_append"
SHAPES = {
    "5 + 3": dict(Width=8, FirstWords=5, SecondWords=3),
    "1 + 1": dict(Width=3, FirstWords=1, SecondWords=1),
    "2 + 4": dict(Width=40, FirstWords=2, SecondWords=4),
}
DEFECTS = {
    "one word early": ("count_q == CountW'(FirstWords - 1)", "count_q == CountW'(FirstWords - 2)"),
    "counts offers": ("else if (out_valid_o && out_ready_i)", "else if (out_valid_o)"),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_stream_append(shape: dict[str, int]) -> None:
    run("stream_append", BENCH, parameters=shape)


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str]) -> None:
    defect = Defect("stream_append", *change, found_by="data/idle=none/stall=random")
    check_found("stream_append", BENCH, defect, SHAPES["5 + 3"])
