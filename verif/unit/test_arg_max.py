# SPDX-License-Identifier: Apache-2.0
"""arg_max: the two outputs of a gate, the 62 classes, ties and limits."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_arg_max"


@pytest.mark.parametrize(("count", "bits"), [(2, 8), (7, 5), (62, 20)])
def test_arg_max(count: int, bits: int) -> None:
    run("arg_max", BENCH, parameters={"Count": count, "DataW": bits})


DEFECTS = {
    "tie-to-the-highest": ("(in_data_i > max_q)", "(in_data_i >= max_q)"),
    "forgets-the-second": ("second_d = max_q;", "second_d = second_q;"),
    "keeps-the-last-vector": ("if (first) begin", "if (1'b0) begin"),
}


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str]) -> None:
    defect = Defect("arg_max", *change, found_by="data/idle=none/stall=none")
    check_found("arg_max", BENCH, defect, {"Count": 7, "DataW": 5})
