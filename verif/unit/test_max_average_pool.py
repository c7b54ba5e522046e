# SPDX-License-Identifier: Apache-2.0
"""max_average_pool: one and several words a pixel, windows from 1 to the whole image, and defects of either half."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_pool"
SHAPES = {
    "2x2-words": {"Height": 6, "Width": 8, "WordsPerPixel": 3, "Lanes": 2, "ActW": 8, "Size": 2},
    "2x2-one-word": {"Height": 6, "Width": 8, "WordsPerPixel": 1, "Lanes": 3, "ActW": 8, "Size": 2},
    "4x4-5-bit": {"Height": 4, "Width": 12, "WordsPerPixel": 2, "Lanes": 4, "ActW": 5, "Size": 4},
    "whole-image": {"Height": 8, "Width": 8, "WordsPerPixel": 5, "Lanes": 1, "ActW": 8, "Size": 8},
    "size-1-words": {"Height": 3, "Width": 5, "WordsPerPixel": 2, "Lanes": 3, "ActW": 8, "Size": 1},
    "size-1-one-word": {"Height": 3, "Width": 5, "WordsPerPixel": 1, "Lanes": 3, "ActW": 8, "Size": 1},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_max_average_pool(shape: dict[str, int]) -> None:
    run("max_average_pool", BENCH, parameters=shape)


DEFECTS = {
    "halves-swapped": ("stream_append", "second_q ? second_data_i : first_data_i",
                       "second_q ? first_data_i : second_data_i"),
    "averages-twice": ("max_average_pool", "\n  max_pool #(", "\n  average_pool #("),
    "the-average-truncates": ("average_pool", ".acc_i ($signed({1'b0, sum_q[i]}))",
                              ".acc_i ($signed({1'b0, sum_q[i] & {SumW{1'b1}} << Shift}))"),
    "sums-of-the-last-window": ("average_pool", "next_first ? '0 : ", ""),
    "maxima-of-the-last-window": ("max_pool_piece", "!rst_ni || (take && next_first)", "!rst_ni"),
    "the-average-waits-for-nobody": ("max_average_pool", ".in_valid_i (in_valid_i && max_in_ready)",
                                     ".in_valid_i (in_valid_i)"),
    "a-word-of-averages-less": ("max_average_pool", ".SecondWords(WordsPerPixel)", ".SecondWords(WordsPerPixel - 1)"),
    "the-queue-is-too-short": ("max_average_pool", ".Depth(WordsPerPixel)", ".Depth(WordsPerPixel - 1)"),
    "overwrites-a-waiting-word": ("max_pool_piece", "!complete || !out_valid_o || out_ready_i", "!complete || 1'b1"),
}  # fmt: skip


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str, str]) -> None:
    defect = Defect(*change, found_by="data/idle=random/stall=random")
    check_found("max_average_pool", BENCH, defect, SHAPES["2x2-words"])


def test_swapped_halves_are_found_where_nothing_gets_stuck() -> None:
    """With one word a pixel the averages can leave first, so only the values are wrong."""
    defect = Defect(*DEFECTS["halves-swapped"], found_by="data/idle=none/stall=none")
    check_found("max_average_pool", BENCH, defect, SHAPES["2x2-one-word"])
