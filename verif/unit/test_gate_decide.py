# SPDX-License-Identifier: Apache-2.0
"""gate_decide: 1, 2, 3, 5 and 8 local experts, logits narrower and wider than the threshold."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_gate_decide"
SHAPES = {
    "1 local expert": dict(Count=2, DataW=21),
    "2 local experts": dict(Count=3, DataW=21),
    "3 local experts, 4 bits": dict(Count=4, DataW=4),
    "5 local experts, as wide as the threshold": dict(Count=6, DataW=32),
    "8 local experts, 34 bits": dict(Count=9, DataW=34),
}
DEFECTS = {
    "a tie goes to the local expert": ("(difference > DiffW'(theta_i))", "(difference >= DiffW'(theta_i))"),
    "the highest index wins a tie": ("in_data_i > best_q;", "in_data_i >= best_q;"),
    "unsigned threshold": ("DiffW'(theta_i)", "DiffW'($unsigned(theta_i))"),
    "overwrites a waiting decision": ("= !last || !(whole_q || out_valid_o);", "= 1'b1;"),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_gate_decide(shape: dict[str, int]) -> None:
    run("gate_decide", BENCH, parameters=shape)


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str]) -> None:
    defect = Defect("gate_decide", *change, found_by="data/idle=none/stall=bursty")
    check_found("gate_decide", BENCH, defect, SHAPES["3 local experts, 4 bits"])
