# SPDX-License-Identifier: Apache-2.0
"""The model of DCCA, as clock_gate has it: whole pulses, and defects of the model."""

from __future__ import annotations

import pytest

from hw.cells import CELLS
from spec.paths import ROOT
from tools.cocotb_run import RTL, Results, run, with_mutant

SOURCES = [CELLS / "DCCA.sv", RTL / "clock_gate.sv", ROOT / "verif" / "unit" / "clock_gate_loop.sv"]


def simulate(change: tuple[str, str] | None = None) -> Results:
    sources = with_mutant(SOURCES, "DCCA", *change) if change else SOURCES
    bench, defines = "verif.unit.bench_clock_gate", {"TARGET_ECP5": 1}
    return run("clock_gate_loop", bench, sources=sources, defines=defines, check=False, levels=2)


def test_a_gated_clock_has_whole_pulses() -> None:
    simulate().check()


@pytest.mark.parametrize(
    "change",
    [
        ("if (!CLKI) enable_q = CE;", "if (!CLKI || !CE) enable_q = CE;"),
        ("assign CLKO = CLKI && enable_q;", "assign CLKO = CLKI;"),
    ],
    ids=["no latch", "no gate"],
)
def test_a_defect_is_found(change: tuple[str, str]) -> None:
    assert simulate(change).failed
