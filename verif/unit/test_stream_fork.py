# SPDX-License-Identifier: Apache-2.0
"""stream_fork: two and three outputs, every select mask."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_stream_fork"


@pytest.mark.parametrize(("width", "outputs"), [(8, 2), (20, 3)])
def test_stream_fork(width: int, outputs: int) -> None:
    run("stream_fork", BENCH, parameters={"Width": width, "Outputs": outputs})


DEFECTS = {
    "takes-twice": ("in_select_i & ~done_q;", "in_select_i;", "eager"),
    "waits-for-the-unselected": ("&(~in_select_i | done_q", "&(done_q", "unselected"),
    "completes-early": ("&(~in_select_i | done_q | out_ready_i)", "|(in_select_i & out_ready_i)", "mixed"),
    "remembers-over-reset": ("if (!rst_ni) done_q <= '0;\n    else if", "if", "reset"),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(defect: tuple[str, str, str]) -> None:
    check_found("stream_fork", BENCH, Defect("stream_fork", *defect), {"Width": 20, "Outputs": 3})
