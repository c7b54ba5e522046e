# SPDX-License-Identifier: Apache-2.0
"""The model of DP16KD: widths of both ports, writes of single groups, initial contents, and defects of the model."""

from __future__ import annotations

import pytest

from hw.cells import CELLS
from tools.cocotb_run import Results, lint, run, with_mutant
from verif.cells.block_memory import initial_groups, initial_values

BENCH = "verif.cells.bench_dp16kd"
SOURCES = [CELLS / "DP16KD.sv"]


def simulate(a: int, b: int, mode: str = "READBEFOREWRITE", change: tuple[str, str] | None = None) -> Results:
    # Verilog literals, as the tool's command line takes them.
    given = [f"-G{name}={value}" for name, value in initial_values(initial_groups()).items()]
    return run(
        "DP16KD", BENCH, sources=with_mutant(SOURCES, "DP16KD", *change) if change else SOURCES,
        parameters={"DATA_WIDTH_A": a, "DATA_WIDTH_B": b}, build_args=[*given, f'-GWRITEMODE_A="{mode}"'],
        env={"DP16KD_READS_OLD": str(int(mode == "READBEFOREWRITE"))}, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("a", "b", "mode"),
    [
        (36, 36, "NORMAL"),
        (18, 18, "READBEFOREWRITE"),
        (9, 18, "READBEFOREWRITE"),
        (18, 9, "NORMAL"),
        (36, 18, "NORMAL"),
        (4, 2, "READBEFOREWRITE"),
        (1, 4, "NORMAL"),
    ],
)
def test_both_ports_of_every_width(a: int, b: int, mode: str) -> None:
    simulate(a, b, mode).check()


DEFECTS = {
    "initial slices of 18 bits": (18, 18, "SliceW = 20;", "SliceW = 18;"),
    "writes all groups": (18, 18, "(address_a[i]) memory[{address_a[13:4]", "(1'b1) memory[{address_a[13:4]"),
    "halves of a word swapped": (36, 36, "? out_b[35:18] :", "? out_b[17:0] :"),
    "reads without an enable": (9, 18, "if (CEB) read_b", "read_b"),
    "does not read when it writes": (9, 18, '(!write_a || WRITEMODE_A == "READBEFOREWRITE")', "!write_a"),
    "narrow ports see the ninth bit": (4, 2, "{1'b0, address_a[2], 2'b0}", "{1'b0, address_a[2], 2'b1}"),
}  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(defect: tuple[int, int, str, str]) -> None:
    a, b, *change = defect
    assert simulate(a, b, change=tuple(change)).failed


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [({"DATA_WIDTH_A": 16}, "a port of 16 and one of 18 bits"), ({"WRITEMODE_A": "WRITETHROUGH"}, "this mode is not")],
)
def test_what_the_model_does_not_know_is_an_error(parameters: dict, sentence: str) -> None:
    assert sentence in lint("DP16KD", parameters, SOURCES)
