# SPDX-License-Identifier: Apache-2.0
"""power_sequencer: directed and random sequences against the reference model, with full state x event coverage."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.cocotb_run import run
from verif.unit.bench_power_sequencer import COVERAGE_VARIABLE, RANDOM_CYCLES
from verif.unit.controls import Defect, check_found
from verif.unit.power_model import EVENTS, UNREACHABLE, Coverage, Inputs, PowerModel, State

BENCH = "verif.unit.bench_power_sequencer"
DEFECTS = {
    "reset released before the clock runs": (
        "else if (acked) after = PowerClock;",
        "else if (acked) after = PowerReleaseReset;",
        "order/retain=0",
    ),
    "reset before save": (
        "else if (step_done_q) after = PowerSave;",
        "else if (step_done_q) after = PowerReset;",
        "order/retain=1",
    ),
    "isolates too late": ("state_d > PowerDrain;", "state_d > PowerIsolate;", "order/retain=0"),
    "closes on who comes": ("isolate_q && (isolate_o || !on_i)", "isolate_q", "withdrawn_at_every_cycle"),
    "no acknowledge filter": ("switch_ack_i && ack_q;", "switch_ack_i;", "glitching_switch"),
    "drain skipped": ("else if (idle_i) after", "else after", "drains"),
    "retention dropped when a wake-up is withdrawn": (
        "if (state_d == PowerUnisolate) keep_d",
        "if (state_q == PowerRestore) keep_d",
        "retained_over_withdrawn_wake_ups",
    ),
    "time-out one cycle late": ("<= count_q >= timeout_i -", "<= count_q > timeout_i -", "late_switch/timeout=8"),
}


def test_power_sequencer(tmp_path: Path) -> None:
    table = tmp_path / "coverage.txt"
    run("power_sequencer", BENCH, env={COVERAGE_VARIABLE: str(table)})
    print(f"power_sequencer, {RANDOM_CYCLES} random cycles:\n{table.read_text()}")


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str, str]) -> None:
    check_found("power_sequencer", BENCH, Defect("power_sequencer", *change), {})


def test_coverage_notices_what_is_missing() -> None:
    """One cycle in Off covers what happens in it; all other reachable pairs are missing."""
    coverage = Coverage()
    coverage.sample(PowerModel(), Inputs(on=1, clear_error=1))
    reachable = len(State) * len(EVENTS) - len(UNREACHABLE)
    assert len(coverage.missing()) == reachable - 2
    assert f"2 of {reachable} reachable pairs" in coverage.table()


def test_coverage_notices_what_should_not_happen() -> None:
    coverage, model = Coverage(), PowerModel()
    coverage.sample(model, Inputs(on=0))
    model.state = State.ON
    coverage.sample(model, Inputs(on=1))
    assert coverage.impossible() == [(State.ON, "on rises")]
