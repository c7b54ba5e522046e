# SPDX-License-Identifier: Apache-2.0
"""stream_fifo: the register, depths that are and are not powers of two."""

from __future__ import annotations

import re

import pytest

from tools.cocotb_run import RTL, run
from tools.manifest import compile_order
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


def test_a_word_too_many_is_asserted() -> None:
    """Where nothing may ever wait, the test that fills the queue stops the simulation."""
    results = run(
        "stream_fifo", BENCH, parameters={"Width": 8, "Depth": 4, "NeverFull": 1}, testcase="depth", check=False
    )
    assert "must never be full, and a word comes while it holds all 4" in str(results.failed)


# Queues that may be full: they hold up what is in front of them.
MAY_BE_FULL = {
    ("max_average_pool", "u_queue"),
    ("pooled_words", "u_queue"),
    ("runtime_dense", "u_words"),
    ("runtime_head", "u_queue"),
}


def test_every_other_queue_of_the_design_has_the_assertion() -> None:
    instances = {
        (path.stem, name): "NeverFull" in parameters
        for path in compile_order(RTL)
        for parameters, name in re.findall(r"stream_fifo #\((.*?)\n *\) (\w+) \(", path.read_text(), re.S)
    }
    assert len(instances) > 10
    assert {place for place, watched in instances.items() if not watched} == MAY_BE_FULL
