# SPDX-License-Identifier: Apache-2.0
"""weight_mover: two rows of an output layer, every row of a hidden layer, wide and narrow words."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_weight_mover"


def shape(inputs: int, outputs: int, pe: int, simd: int, pair: bool, bits: int = 8) -> dict[str, int]:
    """Parameters of a layer with so many words and folds."""
    return {"InWords": inputs, "OutWords": outputs, "Pe": pe, "Simd": simd, "WgtW": bits, "Pair": int(pair)}


SHAPES = {
    "an expert's output layer": shape(10, 62, 1, 4, True),
    "rows that share a word": shape(5, 3, 2, 3, True),
    "all rows in a word": shape(3, 1, 6, 2, True),
    "a gate's hidden layer": shape(9, 3, 4, 4, False),
    "one input word, 4-bit weights": shape(1, 5, 1, 2, False, 4),
}
DEFECTS = {
    "wraps at the end of the range": ("to_move && !at_end", "to_move"),
    "does not count what is lost": ("StuckW'(stuck_q[p][s]);", "StuckW'(0);"),
    "every input has the same random number": ("read_dither_q + MostShift'(s * Weyl);", "read_dither_q;"),
    "words of inputs have the same random numbers": ("dither_q + MostShift'(Simd * Weyl);", "dither_q;"),
    "a factor of two": ("(shift_i - ShiftW'(LeastShift))", "(shift_i - ShiftW'(LeastShift - 1))"),
    "the border moves too": ("(x_q[s*ActW+:ActW]) >", "(x_q[s*ActW+:ActW]) >="),
    "up is down": ("up_q   <= (up_q >> Pe)", "up_q   <= (down_q >> Pe)"),
    "writes while the memory is taken": (".out_ready_i(wr_ready_i)", ".out_ready_i(1'b1)"),
    "reads without a place for the word": ("busy_q && reserved_q != PlacesW'(Places);", "busy_q;"),
    "says that it is done when the last word waits": ("done_o <= pop && last;", "done_o <= push && step4_q.last;"),
}
PATTERN = {"writes while the memory is taken": "random", "reads without a place for the word": "bursty"}


@pytest.mark.parametrize("parameters", SHAPES.values(), ids=SHAPES)
def test_weight_mover(parameters: dict[str, int]) -> None:
    run("weight_mover", BENCH, parameters=parameters)


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_found(name: str) -> None:
    defect = Defect("weight_mover", *DEFECTS[name], found_by=f"data/pattern={PATTERN.get(name, 'none')}")
    check_found("weight_mover", BENCH, defect, SHAPES["a gate's hidden layer"])
