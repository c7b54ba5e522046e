# SPDX-License-Identifier: Apache-2.0
"""stream_skid: one bit and wide words."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_stream_fifo"


@pytest.mark.parametrize("width", [1, 40])
def test_stream_skid(width: int) -> None:
    run("stream_skid", BENCH, parameters={"Width": width})


DEFECTS = {
    "takes-a-third-word": ("in_ready_o   <= 1'b0;", "in_ready_o   <= 1'b1;", "depth"),
    "half-speed": ("move = !out_valid_o || out_ready_i;", "move = !out_valid_o;", "throughput"),
    "overwrites-the-spare": ("if (ready_copy_q) spare_q", "spare_q", "data/idle=none/stall=random"),
    "keeps-words-over-reset": ("out_valid_o  <= 1'b0;", "", "reset"),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(defect: tuple[str, str, str]) -> None:
    check_found("stream_skid", BENCH, Defect("stream_skid", *defect), {"Width": 40})
