# SPDX-License-Identifier: Apache-2.0
"""activity_counters: every counter counts what its name says, for one, two and eight local experts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.cocotb_run import PARAMETERS_VARIABLE, Results, run, with_mutant
from verif.unit.counter_model import TOP, VARIANTS, sources

BENCH = "verif.unit.bench_activity_counters"


def simulate(variant: str, files: list[Path], testcase: str | None = None) -> Results:
    """Run the bench, or one test of it, on the counters of a tiny accelerator."""
    env = {PARAMETERS_VARIABLE: json.dumps({"variant": variant})}
    return run(TOP, BENCH, sources=files, testcase=testcase, env=env, check=False, levels=2)


@pytest.mark.parametrize("variant", VARIANTS)
def test_activity_counters(variant: str) -> None:
    simulate(variant, sources(variant)).check()


DEFECTS = {
    "a stalled pixel counts when it moves": (
        "one_if(pixel_valid_i && !pixel_ready_i)",
        "one_if(pixel_valid_i && pixel_ready_i)",
        "streams",
    ),
    "the GE gets the answers of nobody": (
        "one_if(taken && result_i.class_index != NoClass && result_i.expert == '0)",
        "one_if(taken && result_i.expert == '0)",
        "answers",
    ),
    "a clear loses the events of its cycle": (
        "(clear_q[n] ? CounterW'(0) : total_q[n]) + increment_q[n]",
        "clear_q[n] ? CounterW'(0) : total_q[n] + increment_q[n]",
        "clear_loses_nothing",
    ),
    "a snapshot is of the next cycle": (
        "snapshot_q[n] <= total_q[n];",
        "snapshot_q[n] <= total_q[n] + increment_q[n];",
        "randomised",
    ),
    "32 bits": (
        "total_q[n] <= (clear_q[n] ? CounterW'(0) : total_q[n])",
        "total_q[n] <= (clear_q[n] ? CounterW'(0) : CounterW'(total_q[n][31:0]))",
        "carry/at=33",
    ),
    "two layers in a cycle are two active cycles": (
        "one_if(|events_i.ge)",
        "CounterW'($countones(events_i.ge))",
        "layers",
    ),
    "the first layer's buffer for all": ("one_if(events_i.fe[l].write)", "one_if(events_i.fe[0].write)", "layers"),
    "an adder graph reads weights": ("one_if(FrontHasMemory[l])", "CounterW'(1)", "layers"),
}


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str, str]) -> None:
    old, new, found_by = change
    variant = next(iter(VARIANTS))
    files = with_mutant(sources(variant), "activity_counters", old, new)
    results = simulate(variant, files, found_by)
    assert list(results.failed) == [found_by], f"{found_by} did not notice that {old!r} became {new!r}"
