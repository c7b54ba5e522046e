# SPDX-License-Identifier: Apache-2.0
"""activity_counters: every counter counts what its name says, for one, two and eight local experts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools.cocotb_run import PARAMETERS_VARIABLE, Results, run, with_mutant
from verif.unit.counter_model import TOP, VARIANTS, sources

BENCH = "verif.unit.bench_activity_counters"


def simulate(variant: str, files: list[Path], testcase: str | None = None, start: int = 0) -> Results:
    """Run the bench, or one test of it, on the counters of a tiny accelerator."""
    env = {PARAMETERS_VARIABLE: json.dumps({"variant": variant, "start": start})}
    return run(TOP, BENCH, sources=files, testcase=testcase, env=env, check=False, levels=2)


@pytest.mark.parametrize("variant", VARIANTS)
def test_activity_counters(variant: str) -> None:
    simulate(variant, sources(variant)).check()


@pytest.mark.parametrize("start", [(1 << 32) - 100, (1 << 64) - 100])
def test_carry(start: int) -> None:
    """Into the upper half, and over the end."""
    variant = next(iter(VARIANTS))
    simulate(variant, sources(variant, start), "carry", start).check()


# Text, replacement, the test that must see it, and the module if it is not activity_counters.
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
        "restart_q ? Bits'(increment_q)",
        "restart_q ? '0",
        "clear_loses_nothing",
        "counter_store",
    ),
    "two counters have exchanged their places": (
        "at.bank_swaps           = place(MOE_REGS__COUNTERS__BANK_SWAPS);",
        "at.bank_swaps           = place(MOE_REGS__COUNTERS__STALL_OUT);",
        "one_event_one_counter",
        "counter_pkg",
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
def test_a_defect_is_found(change: tuple[str, ...]) -> None:
    old, new, found_by, *module = change
    variant = next(iter(VARIANTS))
    files = with_mutant(sources(variant), *(module or ["activity_counters"]), old, new)
    results = simulate(variant, files, found_by)
    assert list(results.failed) == [found_by], f"{found_by} did not notice that {old!r} became {new!r}"


TOO_SMALL = {
    "of the GE's layers": ("most.domain[DomainGe].macs + CounterW'(GeStepMacs[l])", "CounterW'(GeStepMacs[l])"),
    "of one local expert for all": ("CounterW'(LocalExperts * LeStepMacs[l])", "CounterW'(LeStepMacs[l])"),
    "of an event": ("most.bank_swaps           = CounterW'(1)", "most.bank_swaps           = CounterW'(0)"),
}


@pytest.mark.parametrize("change", TOO_SMALL.values(), ids=TOO_SMALL)
def test_a_largest_increment_that_is_too_small_is_asserted(change: tuple[str, str]) -> None:
    variant = next(iter(VARIANTS))
    results = simulate(variant, with_mutant(sources(variant), "counter_pkg", *change), "randomised")
    assert re.search(r"counter \d+ goes up by \d+, at most by \d+ is allowed", str(results.failed))
