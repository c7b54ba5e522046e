# SPDX-License-Identifier: Apache-2.0
"""power_manager: every change of mode against the reference model, with a short and with the usual quiet time."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_power_manager"
SHAPES = {
    "quiet for 6, short rests": dict(Quiet=6, IdleW=10),
    "as in the device": dict(Quiet=32, IdleW=24),
}
LOCAL_ONLY = dict(Quiet=6, IdleW=10, LocalOnly=1)
OF_LOCAL_ONLY = ("without_ge_and_gate", "randomised")
LOCAL_DEFECTS = {
    "has every mode": ("(!LocalOnly && mode_i", "(mode_i"),
    "wakes what is not there": ("(needed | force_on_i) & Present", "needed | force_on_i"),
}
DEFECTS = {
    "accepts in the cycle of the request": (
        "assign accept_o  = state_q == Run && !differs;",
        "assign accept_o  = state_q == Run;",
        "change/old=1/new=2",
    ),
    "does not wait for images in flight": (
        "assign drained = !in_flight_i && ",
        "assign drained = ",
        "drains",
    ),
    "accepts before the domains have arrived": ("if (settled && !differs)", "if (!differs)", "change/old=0/new=3"),
    "tells a change that was none": (
        "changed_o   <= mode_q != last_mode_q;",
        "changed_o   <= 1'b1;",
        "in_the_middle/delay=12/back=1",
    ),
    "rests a cycle longer": (
        "ge_idle_d >= (IdleW + 1)'(idle_i)",
        "ge_idle_d > (IdleW + 1)'(idle_i)",
        "ge_rests/idle=1000",
    ),
    "sleeps while its layers work": (
        "ge_work_i || !(ge_expired_q && idle[DomainGe])",
        "ge_work_i || !ge_expired_q",
        "ge_rests/idle=0",
    ),
    "ignores a request while it settles": (
        "|| (state_q == Settle && differs)) mode_q",
        ") mode_q",
        "stuck_sequencer/domain=0",
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_power_manager(shape: dict[str, int]) -> None:
    run("power_manager", BENCH, parameters=shape)


def test_a_device_of_local_experts() -> None:
    run("power_manager", BENCH, parameters=LOCAL_ONLY, testcase=OF_LOCAL_ONLY)


@pytest.mark.parametrize("change", LOCAL_DEFECTS.values(), ids=LOCAL_DEFECTS)
def test_a_defect_of_a_device_of_local_experts_is_found(change: tuple[str, str]) -> None:
    check_found("power_manager", BENCH, Defect("power_manager", *change, OF_LOCAL_ONLY[0]), LOCAL_ONLY)


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str, str]) -> None:
    check_found("power_manager", BENCH, Defect("power_manager", *change), SHAPES["quiet for 6, short rests"])
