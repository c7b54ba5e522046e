# SPDX-License-Identifier: Apache-2.0
"""requantize: exhaustive for narrow accumulators, ties and limits for wide ones."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_requantize"
# (AccW, Shift, OutW): no shift, shift by one, usual, wide, more shift than the accumulator has bits.
SHAPES = [(12, 0, 8), (12, 1, 8), (12, 4, 5), (24, 9, 8), (10, 9, 4)]


def parameters(shape: tuple[int, int, int]) -> dict[str, int]:
    return dict(zip(("AccW", "Shift", "OutW"), shape, strict=True))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_requantize(shape: tuple[int, int, int]) -> None:
    run("requantize", BENCH, parameters=parameters(shape))


DEFECTS = {
    "round-half-up": ("((|magnitude[Shift-2:0]) | magnitude[Shift])", "1'b1"),
    "truncate": ("magnitude[Shift-1] & ((|", "1'b0 & ((|"),
    "wrap": ("(|quotient[QuotW:OutW])", "(1'b0)"),
    "no-relu": ("if (acc_i[AccW-1]) data_o = '0;\n    else if", "if"),
}


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str]) -> None:
    defect = Defect("requantize", *change, found_by="all_values")
    check_found("requantize", BENCH, defect, parameters((12, 4, 5)))
