# SPDX-License-Identifier: Apache-2.0
"""average_pool: shapes with one and several words a pixel, windows from 1 to the whole image, and broken roundings."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_pool"
SHAPES = {
    "2x2-words": {"Height": 6, "Width": 8, "WordsPerPixel": 3, "Lanes": 2, "ActW": 8, "Size": 2},
    "4x4-one-word": {"Height": 4, "Width": 12, "WordsPerPixel": 1, "Lanes": 4, "ActW": 5, "Size": 4},
    "whole-image": {"Height": 8, "Width": 8, "WordsPerPixel": 2, "Lanes": 1, "ActW": 8, "Size": 8},
    "size-1": {"Height": 3, "Width": 5, "WordsPerPixel": 2, "Lanes": 3, "ActW": 8, "Size": 1},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_average_pool(shape: dict[str, int]) -> None:
    run("average_pool", BENCH, parameters=shape)


DEFECTS = {
    "truncates": ("average_pool", ".acc_i ($signed({1'b0, sum_q[i]}))",
                  ".acc_i ($signed({1'b0, sum_q[i] & {SumW{1'b1}} << Shift}))"),
    "rounds-half-up": ("requantize", "(|magnitude[Shift-2:0]) | magnitude[Shift]", "1'b1"),
    "divides-by-the-side": ("average_pool", "Shift = 2 * $clog2(Size)", "Shift = $clog2(Size)"),
    "the-sum-wraps": ("average_pool", "SumW  = ActW + Shift", "SumW  = ActW + Shift - 1"),
    "forgets-a-row": ("pool_position", "<= next_dy == '0;", "<= 1'b1;"),
    "keeps-the-last-window": ("average_pool", "next_first ? '0 : ", ""),
    "overwrites-a-waiting-word": ("average_pool", "!complete || !out_valid_o || out_ready_i", "!complete || 1'b1"),
}  # fmt: skip


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str, str]) -> None:
    defect = Defect(*change, found_by="data/idle=none/stall=random")
    check_found("average_pool", BENCH, defect, SHAPES["2x2-words"])
