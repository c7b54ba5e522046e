# SPDX-License-Identifier: Apache-2.0
"""stream_chain: the bench of stream_fifo, with a word every other cycle. That it closes up: test_mvu."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_stream_fifo"


@pytest.mark.parametrize(("width", "depth"), [(8, 1), (8, 2), (1, 3), (100, 5)])
def test_stream_chain(width: int, depth: int) -> None:
    run("stream_chain", BENCH, parameters={"Width": width, "Depth": depth})


DEFECTS = {
    "overfills": ("!(&valid_copy_q[Depth-1:i])", "!(&valid_copy_q[Depth-1:i]) || i == 0", "depth"),
    "gives-a-word-twice": (
        "!(&valid_copy_q[Depth-1:i])",
        "!(&valid_copy_q[Depth-1:i]) || (i == Depth - 1 && out_ready_i)",
        "data/idle=none/stall=none",
    ),
    "waits-for-the-last": ("!(&valid_copy_q[Depth-1:i])", "!(|valid_copy_q[Depth-1:i])", "throughput"),
    "keeps-words-over-reset": ("if (!rst_ni) valid_copy_q[i] <= 1'b0;\n        else if", "if", "reset"),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(defect: tuple[str, str, str]) -> None:
    check_found("stream_chain", BENCH, Defect("stream_chain", *defect), {"Width": 40, "Depth": 5})


def test_a_word_too_many_is_asserted() -> None:
    results = run(
        "stream_chain", BENCH, parameters={"Width": 8, "Depth": 4, "NeverFull": 1}, testcase="depth", check=False
    )
    assert "must never be full, and a word comes while it holds all 4" in str(results.failed)
