# SPDX-License-Identifier: Apache-2.0
"""max_pool: shapes with one and several words a pixel, windows from 1 to the whole image."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_pool"
SHAPES = {
    "2x2-words": {"Height": 6, "Width": 8, "WordsPerPixel": 3, "Lanes": 2, "ActW": 8, "Size": 2},
    "3x3-one-word": {"Height": 6, "Width": 9, "WordsPerPixel": 1, "Lanes": 4, "ActW": 5, "Size": 3},
    "whole-image": {"Height": 4, "Width": 4, "WordsPerPixel": 5, "Lanes": 1, "ActW": 8, "Size": 4},
    "words-apart": {"Height": 6, "Width": 8, "WordsPerPixel": 1, "Lanes": 2, "ActW": 8, "Size": 2, "Apart": 1},
    "three-pieces": {"Height": 4, "Width": 6, "WordsPerPixel": 2, "Lanes": 50, "ActW": 8, "Size": 2},
    "two-pieces-apart": {"Height": 4, "Width": 4, "WordsPerPixel": 1, "Lanes": 21, "ActW": 8, "Size": 2, "Apart": 1},
    "size-1-apart": {"Height": 2, "Width": 3, "WordsPerPixel": 2, "Lanes": 3, "ActW": 8, "Size": 1, "Apart": 1},
    "size-1": {"Height": 3, "Width": 5, "WordsPerPixel": 2, "Lanes": 3, "ActW": 8, "Size": 1},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_max_pool(shape: dict[str, int]) -> None:
    run("max_pool", BENCH, parameters=shape)


DEFECTS = {
    "minimum": ("max_pool_piece", "partial[i] > lane[i]", "partial[i] < lane[i]"),
    "forgets-a-row": ("pool_position", "<= next_dy == '0;", "<= 1'b1;"),
    "overwrites-a-waiting-word": ("max_pool_piece", "!complete || !out_valid_o || out_ready_i", "!complete || 1'b1"),
}


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str, str]) -> None:
    defect = Defect(*change, found_by="data/idle=none/stall=random")
    check_found("max_pool", BENCH, defect, SHAPES["2x2-words"])


def test_a_word_that_is_not_compared_yet_is_found() -> None:
    defect = Defect(
        "max_pool_piece", "compared = compared_q", "compared = 1'b1", found_by="data/idle=none/stall=random"
    )
    check_found("max_pool", BENCH, defect, SHAPES["words-apart"])


def test_a_piece_of_the_wrong_lanes_is_found() -> None:
    defect = Defect(
        "max_pool",
        ".in_data_i  (in_data_i[First*ActW",
        ".in_data_i  (in_data_i[0*ActW",
        found_by="data/idle=none/stall=random",
    )
    check_found("max_pool", BENCH, defect, SHAPES["three-pieces"])
