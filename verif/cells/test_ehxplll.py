# SPDX-License-Identifier: Apache-2.0
"""The model of EHXPLLL: frequencies, limits, and defects of the model."""

from __future__ import annotations

import pytest

from hw.board.boards import pll
from hw.cells import CELLS
from tools.cocotb_run import Results, run, with_mutant

BENCH = "verif.cells.bench_ehxplll"
SOURCES = [CELLS / "EHXPLLL.sv"]
IN_TIME = ("--timing", "--no-sched-zero-delay", "--timescale", "1ps/1ps")


def simulate(dividers: tuple[int, int, int], input_ps: int = 40_000, change: tuple[str, str] | None = None) -> Results:
    names = ("CLKI_DIV", "CLKFB_DIV", "CLKOP_DIV")
    return run(
        "EHXPLLL", BENCH, sources=with_mutant(SOURCES, "EHXPLLL", *change) if change else SOURCES,
        parameters=dict(zip(names, dividers, strict=True)), build_args=IN_TIME, env={"PLL_INPUT_PS": str(input_ps)},
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("mhz", [75.0, 62.5])
def test_the_output_has_the_frequency(mhz: float) -> None:
    found = pll(25.0, mhz)
    simulate((found.input, found.feedback, found.output)).check()


@pytest.mark.parametrize(
    ("dividers", "input_ps", "sentence"),
    [
        ((1, 3, 4), 40_000, "the oscillator is 300.000000 MHz, it must be 400.000000 to 800.000000"),
        ((1, 3, 11), 40_000, "the oscillator is 825.0"),
        ((9, 27, 8), 40_000, "the phase detector is 2.777778 MHz"),
        ((1, 20, 4), 200_000, "the input is 5.0"),
    ],
)
def test_what_the_cell_cannot_do_is_an_error(dividers: tuple[int, int, int], input_ps: int, sentence: str) -> None:
    assert any(sentence in said for said in simulate(dividers, input_ps).failed.values())


@pytest.mark.parametrize(
    "change",
    [
        ("real'(CLKI_DIV) / real'(CLKFB_DIV) / 2.0", "real'(CLKI_DIV) / real'(CLKFB_DIV)"),
        ("    wait (left == 0);\n", "    wait (left == 18);\n    CLKOP = 1'b1;\n    wait (left == 0);\n"),
    ],
    ids=["half the frequency", "runs before it locks"],
)
def test_a_defect_is_found(change: tuple[str, str]) -> None:
    assert simulate((1, 3, 8), change=change).failed
