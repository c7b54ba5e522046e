# SPDX-License-Identifier: Apache-2.0
"""row_compare: the output layer of a gate with one and with several experts, folded or not."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_row_compare"
SHAPES = {
    "a gate for one expert": {"InWords": 12, "OutWords": 2, "Pe": 1, "Simd": 1, "WgtW": 8},
    "two rows a word": {"InWords": 4, "OutWords": 2, "Pe": 2, "Simd": 3, "WgtW": 8},
    "one word": {"InWords": 1, "OutWords": 1, "Pe": 3, "Simd": 4, "WgtW": 4},
}
DEFECTS = {
    "unsigned": ("signed'(first_q[s]) > signed'(weights_q[s])", "first_q[s] > weights_q[s]"),
    "equal is less": ("signed'(first_q[s]) < signed'(weights_q[s])", "signed'(first_q[s]) <= signed'(weights_q[s])"),
    "the first row twice": ("row = turn_q ? second_i : first_i;", "row = first_i;"),
    "always the first lane": ("32'(row) == 32'(fold) * Pe + p", "p == 0"),
}


@pytest.mark.parametrize("parameters", SHAPES.values(), ids=SHAPES)
def test_row_compare(parameters: dict[str, int]) -> None:
    run("row_compare", BENCH, parameters=parameters)


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str]) -> None:
    defect = Defect("row_compare", *change, found_by="data")
    check_found("row_compare", BENCH, defect, SHAPES["two rows a word"])
