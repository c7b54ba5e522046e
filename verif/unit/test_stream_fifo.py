# SPDX-License-Identifier: Apache-2.0
"""stream_fifo: the register, depths that are and are not powers of two."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_stream_fifo"


@pytest.mark.parametrize(("width", "depth"), [(8, 1), (1, 2), (40, 5), (100, 16)])
def test_stream_fifo(width: int, depth: int) -> None:
    run("stream_fifo", BENCH, parameters={"Width": width, "Depth": depth})


DEFECTS = {
    "wraps-late": (
        "(rd_ptr_q == PtrW'(Depth - 1))",
        "(rd_ptr_q == PtrW'(Depth))",
        "data/idle=none/stall=random",
    ),
    "overfills": ("count_q != CountW'(Depth)", "1'b1", "depth"),
    "keeps-words-over-reset": ("count_q  <= '0;", "", "reset"),
    "loses-a-count": ("else if (pop && !push)", "else if (pop)", "data/idle=random/stall=random"),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(defect: tuple[str, str, str]) -> None:
    check_found("stream_fifo", BENCH, Defect("stream_fifo", *defect), {"Width": 40, "Depth": 5})
