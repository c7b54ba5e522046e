# SPDX-License-Identifier: Apache-2.0
"""feature_register: the bench of stream_fifo, for words that come every cycle and every other one."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_stream_fifo"


@pytest.mark.parametrize("apart", [0, 1])
def test_feature_register(apart: int) -> None:
    run("feature_register", BENCH, parameters={"Width": 40, "Apart": apart})


DEFECTS = {
    "one-word-for-every-cycle": (0, "if (Apart)", "if (1'b1)", "throughput"),
    "two-words-for-every-other-cycle": (1, "if (Apart)", "if (1'b0)", "depth"),
    "two-words-in-a-row": (1, ".Depth(1)", ".Depth(2)", "depth"),
}


@pytest.mark.parametrize("case", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(case: tuple[int, str, str, str]) -> None:
    apart, *defect = case
    check_found("feature_register", BENCH, Defect("feature_register", *defect), {"Width": 40, "Apart": apart})
