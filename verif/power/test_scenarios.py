# SPDX-License-Identifier: Apache-2.0
"""Mode changes at any moment with images in flight, while sleeping domains lose their state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from driver import Accelerator, DriverError
from driver.tests.devices import design
from driver.verilated import VerilatedTransport, build_device
from hw.gen.altered import altered_sources
from hw.gen.build import generate
from tools.mutants import Replacement
from verif.power.scenario import Golden, Outcome, Scenario

SCENARIOS = 200
CHUNKS = 8  # so that `make test`, which is asked after every change, need not run all of them: `make power` does
CONTROL_SCENARIOS = 40
Defect = tuple[str, str, str]


@cache
def device(defect: Defect | None = None) -> tuple[Accelerator, Golden]:
    hardware = generate(design())
    if defect:
        hardware = replace(hardware, rtl=altered_sources((Replacement(*defect),), "power"))
    library = build_device(hardware, optimise=defect is None, corruption=True, watch=True)
    opened = Accelerator(VerilatedTransport(design(), library), design())
    return opened, Golden(opened)


def both(seed: int, defect: Defect | None = None) -> Iterator[Outcome]:
    """The same scenario with two different corruptions of whatever sleeps, one after the other."""
    opened, golden = device(defect)
    for corruption in (1000, 2000):
        yield Scenario(opened, golden, seed, corruption + seed).run()


@pytest.mark.parametrize("chunk", [0, *(pytest.param(chunk, marks=pytest.mark.long) for chunk in range(1, CHUNKS))])
def test_mode_changes_lose_nothing(chunk: int) -> None:
    images = changes = 0
    for seed in range(chunk, SCENARIOS, CHUNKS):
        first, second = both(seed)
        assert first.clean, f"scenario {seed}: {first}"
        assert first.trace == second.trace, f"scenario {seed}: what a sleeping domain holds is seen outside"
        images, changes = images + first.images, changes + first.changes
    assert images > 5 * SCENARIOS / CHUNKS and changes > 3 * SCENARIOS / CHUNKS


def test_corruption_reaches_the_domains() -> None:
    """The check above would be empty if nothing were overwritten."""
    opened, golden = device()
    transport = opened.transport
    Scenario(opened, golden, 0, 5).run()
    before = transport.corrupted_bits
    transport.reset()
    transport.run(300)
    assert transport.corrupted_bits > before
    for domain in range(4):
        assert transport.corruptible_bits(domain) > 2000
    for domain in (2, 3):
        assert transport.corruptible_bits(domain, memories=True) > transport.corruptible_bits(domain)
    assert transport.corruptible_bits(0, True) == transport.corruptible_bits(0, False)


DEFECTS = {
    "isolation opens while the domain sleeps": (
        "ge_branch.sv",
        "u_isolation (\n      .isolate_i,",
        "u_isolation (\n      .isolate_i(isolate_i && !in_valid_i),",
    ),
    "switched off before isolated": (
        "power_sequencer.sv",
        "isolate_q   <= state_d < PowerUnisolate || state_d > PowerDrain;",
        "isolate_q   <= state_d < PowerUnisolate || state_d > PowerReset;",
    ),
    "reset released after un-isolation": (
        "power_sequencer.sv",
        "rst_no      <= state_d >= PowerReleaseReset &&",
        "rst_no      <= state_d >= PowerOn &&",
    ),
    "no wait for images in flight": (
        "power_manager.sv",
        "assign drained = !in_flight_i && !ge_work_i && (&(idle | off_i));",
        "assign drained = 1'b1;",
    ),
    "memories lose their supply": (
        "moe_accelerator.sv",
        "pd_switch_o[d] || retained || settings.power_control.retain.value;",
        "pd_switch_o[d];",
    ),
    "no reset at wake-up": (
        "power_sequencer.sv", "<= state_d >= PowerReleaseReset && state_d <= PowerSave;", "<= 1'b1;"
    ),
    "GE is not woken for its work": (
        "power_manager.sv",
        "needed[DomainGe] = ge_work_i || !(ge_expired_q && idle[DomainGe]);",
        "needed[DomainGe] = 1'b0;",
    ),
}  # fmt: skip


SEEN_LATE = {"isolation opens while the domain sleeps", "no wait for images in flight"}  # tens of scenarios


@pytest.mark.parametrize(
    "defect",
    [pytest.param(change, id=name, marks=[pytest.mark.long] * (name in SEEN_LATE)) for name, change in DEFECTS.items()],
)
def test_a_defect_is_seen(defect: Defect) -> None:
    for seed in range(CONTROL_SCENARIOS):
        try:
            runs = both(seed, defect)
            first = next(runs)
            if not first.clean or first.trace != next(runs).trace:
                return
        except DriverError:
            return  # an assertion of the RTL, or the watch on the order of levels
    raise AssertionError(f"{CONTROL_SCENARIOS} scenarios did not notice it")
