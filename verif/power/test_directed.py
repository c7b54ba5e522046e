# SPDX-License-Identifier: Apache-2.0
"""Power control of the whole device, one situation at a time; sleeping domains lose their state throughout."""

from __future__ import annotations

import numpy as np
import pytest

from driver import Accelerator, DriverError, Results
from driver.accelerator import REASONS
from driver.verilated import SWITCH_STUCK_CLOSED, SWITCH_STUCK_OPEN
from spec.bank import random_bank
from spec.domains import DOMAINS
from spec.network import RUNNING_MODES, Mode
from verif.power.scenario import LONGEST_IDLE, USER, Golden
from verif.power.test_scenarios import device as shared_device

FE, GE, LE, GN = range(4)
POWERED = {  # domains that each mode keeps on without work
    Mode.OFF: set(),
    Mode.GE_ONLY: {FE, GE},
    Mode.LE_ONLY: {FE, LE},
    Mode.MOE_PARALLEL: {FE, GE, LE, GN},
    Mode.MOE_GATED: {FE, LE, GN},
}
STATE_OFF, STATE_ON, STATE_ERROR = 0, 6, 12


@pytest.fixture
def ready() -> tuple[Accelerator, Golden]:
    """A device after power-on with the user's bank, whatever ran on it before."""
    device, golden = shared_device()
    device.transport.reset()
    device.transport.pauses(0)
    device.transport.corrupt(99)
    for domain in range(4):
        device.transport.power_switch(domain)
    device.set_threshold(golden.theta)
    device.load_stream(golden.stream, 0)
    return device, golden


def enter(device: Accelerator, mode: Mode, limit: int = 5000) -> None:
    """Ask for a mode and wait until it is in force and no domain moves any more."""
    device.set_mode(mode)
    for _ in range(limit // 20):
        device.transport.run(20)
        states = {device.read(f"power_status[{d}].state") for d in range(4)}
        if not device.read("mode_status.pending") and states <= {STATE_OFF, STATE_ON}:
            return
    raise AssertionError(f"{mode.name} was not in force after {limit} cycles")


def powered(device: Accelerator) -> set[int]:
    return {d for d, closed in enumerate(device.transport.power.switch) if closed}


def answers_equal(device: Accelerator, golden: Golden, mode: Mode, count: int = 8) -> bool:
    results = device.classify(golden.images[:count])
    expected = golden.answers[mode]
    right = (results.classes == expected.classes[:count]) & (results.experts == expected.experts[:count])
    return bool(right.all() and not results.no_bank.any())


@pytest.mark.parametrize("mode", POWERED)
def test_each_mode_supplies_its_domains_only(ready, mode: Mode) -> None:
    device, golden = ready
    for before in POWERED:
        enter(device, before)
        enter(device, mode)
        device.transport.run(200)
        assert powered(device) == POWERED[mode], f"from {before.name}"
        levels = device.transport.power
        for domain in range(4):
            on = domain in POWERED[mode]
            assert levels.clock[domain] == levels.reset_released[domain] == on
            assert levels.isolated[domain] != on
        if mode != Mode.OFF:
            assert answers_equal(device, golden, mode)


@pytest.mark.parametrize("mode", RUNNING_MODES)
def test_off_request_at_every_pipeline_phase(ready, mode: Mode) -> None:
    """An image is in some layer when OFF is asked for: it is answered, and then the device is off."""
    device, golden = ready
    device.write("power_delay", cycles=0)
    for phase in range(0, 900, 7):
        enter(device, mode)
        image = phase % len(golden.images)
        device.transport.send(golden.images[image].ravel())
        device.transport.run(phase)
        enter(device, Mode.OFF)
        words, _ = device.transport.receive(2, timeout=50)
        accepted = not device.transport.pixels_waiting
        assert len(words) == int(accepted), f"phase {phase}"
        if accepted:
            results = Results.decode(words)
            assert results.classes[0] == golden.answers[mode].classes[image]
        else:  # the request was faster than the first pixel
            enter(device, mode)
            assert len(device.transport.receive(1, timeout=5000)[0]) == 1
            enter(device, Mode.OFF)
        assert powered(device) == set()


def test_wake_and_reset_together(ready) -> None:
    device, golden = ready
    for delay in range(0, 60, 3):
        device.set_mode(Mode.MOE_PARALLEL)
        device.transport.run(delay)
        device.transport.reset()
        assert powered(device) == set() and device.read("mode_status.mode") == Mode.OFF
        device.set_threshold(golden.theta)
        device.load_stream(golden.stream, 0)
        enter(device, Mode.MOE_PARALLEL)
        assert answers_equal(device, golden, Mode.MOE_PARALLEL, 2)
        device.transport.reset()


def test_bank_write_to_a_sleeping_domain(ready) -> None:
    """With retention the memories have supply: a user is replaced while LE and gate sleep, and answers later."""
    device, golden = ready
    enter(device, Mode.GE_ONLY)
    assert not powered(device) & {LE, GN}
    device.load_stream(golden.other_stream, 1)
    device.load_stream(golden.stream, 0)
    device.transport.run(500)
    assert not powered(device) & {LE, GN}
    enter(device, Mode.MOE_PARALLEL)
    assert answers_equal(device, golden, Mode.MOE_PARALLEL)


def test_retention_or_reload(ready) -> None:
    device, golden = ready
    enter(device, Mode.MOE_PARALLEL)
    enter(device, Mode.GE_ONLY)
    enter(device, Mode.LE_ONLY)  # retained: the bank is still there
    assert answers_equal(device, golden, Mode.LE_ONLY)
    device.write("power_control", retain=0)
    assert answers_equal(device, golden, Mode.LE_ONLY), "LE is on, its memories keep their weights"
    enter(device, Mode.GE_ONLY)
    assert device.read("bank_valid.valid") == 0
    with pytest.raises(DriverError, match=REASONS["MEMORY_OFF"]):
        device.load_stream(golden.stream, 0)
    enter(device, Mode.MOE_PARALLEL)
    assert device.classify(golden.images[:3]).no_bank.all()
    device.load_stream(golden.stream, 0)  # reload
    assert answers_equal(device, golden, Mode.MOE_PARALLEL)


def test_a_load_ends_when_its_memory_goes_off(ready) -> None:
    device, golden = ready
    device.write("power_control", retain=0)
    enter(device, Mode.MOE_PARALLEL)
    device.load_stream(golden.stream, 0)
    device.write("bank_target", bank=1)
    device.write("bank_command", start=1)
    enter(device, Mode.OFF)
    assert device.read("bank_status.reason") == 13  # MEMORY_OFF
    assert device.read("errors.bank_refused") == 1


@pytest.mark.parametrize("idle", [0, 500, LONGEST_IDLE])
def test_idle_time_of_the_ge(ready, idle: int) -> None:
    """The GE sleeps that many cycles after its last work, and wakes for the next image that needs it."""
    device, golden = ready
    device.write("power_idle", cycles=idle)
    enter(device, Mode.GE_ONLY)
    device.set_mode(Mode.MOE_GATED)
    device.transport.run(200)
    generic = np.flatnonzero(golden.answers[Mode.MOE_GATED].experts == 0)
    local = np.flatnonzero(golden.answers[Mode.MOE_GATED].experts != 0)
    assert len(generic) > 5 and len(local) > 5
    before = device.counters().domains["ge"].wake_ups
    for image in (*generic[:3], *local[:3], *generic[3:5]):
        device.transport.send(golden.images[image].ravel())
        words, _ = device.transport.receive(1)
        assert Results.decode(words).classes[0] == golden.answers[Mode.MOE_GATED].classes[image]
        device.transport.run(300)
        assert (GE in powered(device)) == (idle > 300 and (idle == LONGEST_IDLE or image in generic))
    wakes = device.counters().domains["ge"].wake_ups - before
    assert wakes == {0: 5, 500: wakes, LONGEST_IDLE: 0}[idle]


@pytest.mark.parametrize("domain", range(4), ids=DOMAINS)
def test_a_switch_that_never_closes(ready, domain: int) -> None:
    """Error flag, interrupt, safe state; modes without the domain go on; the repaired switch is tried again."""
    device, golden = ready
    device.write("power_timeout", cycles=50)
    device.write("irq_enable", power_error=1)
    device.transport.power_switch(domain, kind=SWITCH_STUCK_OPEN)
    device.set_mode(Mode.MOE_PARALLEL)
    device.transport.run(300)
    assert device.read("mode_status.pending") == 1
    assert device.read(f"power_status[{domain}].error") == 1
    assert device.read(f"power_status[{domain}].state") == STATE_ERROR
    assert device.read(f"errors.power_timeout_{DOMAINS[domain]}") == 1
    assert device.transport.interrupt
    levels = device.transport.power
    assert levels.isolated[domain] and not levels.clock[domain] and not levels.reset_released[domain]
    device.transport.power_switch(domain)
    device.write("power_command", clear_error=1)
    enter(device, Mode.MOE_PARALLEL)
    assert answers_equal(device, golden, Mode.MOE_PARALLEL)


def test_modes_without_a_failed_domain_go_on(ready) -> None:
    device, golden = ready
    device.write("power_timeout", cycles=50)
    device.transport.power_switch(LE, kind=SWITCH_STUCK_OPEN)
    device.set_mode(Mode.MOE_PARALLEL)
    device.transport.run(300)
    device.transport.power_switch(LE)
    device.write("power_command", clear_error=1)  # its switch is off and says so: LE counts as off again
    enter(device, Mode.GE_ONLY)
    assert answers_equal(device, golden, Mode.GE_ONLY)


def test_a_switch_that_never_opens(ready) -> None:
    device, golden = ready
    device.write("power_timeout", cycles=50)
    enter(device, Mode.MOE_PARALLEL)
    device.transport.power_switch(GE, kind=SWITCH_STUCK_CLOSED)
    device.set_mode(Mode.LE_ONLY)
    device.transport.run(500)
    assert device.read("power_status[1].error") == 1
    assert device.transport.power.isolated[GE] and not device.transport.power.switch[GE]
    device.transport.power_switch(GE)
    device.write("power_command", clear_error=1)
    enter(device, Mode.LE_ONLY)
    assert answers_equal(device, golden, Mode.LE_ONLY)


@pytest.mark.parametrize("latency", [0, 1, 30, 900])
def test_late_acknowledge(ready, latency: int) -> None:
    device, golden = ready
    for domain in range(4):
        device.transport.power_switch(domain, latency)
    for mode in (Mode.MOE_GATED, Mode.LE_ONLY, Mode.MOE_PARALLEL):
        enter(device, mode, limit=10_000)
        assert answers_equal(device, golden, mode)
    assert device.read("errors.power_timeout_ge") == 0


def test_back_to_back_mode_changes(ready) -> None:
    """A change every few cycles, images in between; in the end everything is answered in the last mode."""
    device, golden = ready
    rng = np.random.default_rng(4)
    for gap in (0, 1, 2, 5, 9, 17, 33):
        for _ in range(20):
            device.set_mode(Mode(int(rng.choice([*RUNNING_MODES, Mode.OFF]))))
            device.transport.run(gap)
        enter(device, Mode.MOE_GATED)
        assert answers_equal(device, golden, Mode.MOE_GATED, 3)


def test_the_interrupt_says_when_a_change_is_complete(ready) -> None:
    device, _ = ready
    device.write("irq_enable", mode_changed=1)
    device.write("irq_status", mode_changed=1)
    device.set_mode(Mode.LE_ONLY)
    for _ in range(200):
        before = device.transport.interrupt
        pending = device.read("mode_status.pending")  # takes some cycles, in which the change may become complete
        assert not (before and pending) and (pending or device.transport.interrupt)
        if before:
            break
        device.transport.run(1)
    else:
        raise AssertionError("no interrupt")
    assert device.read("mode_status.mode") == Mode.LE_ONLY


def test_force_on_keeps_a_domain_on(ready) -> None:
    device, golden = ready
    device.write("power_control", retain=1, force_on=1 << GE)
    enter(device, Mode.LE_ONLY)
    assert powered(device) == {FE, GE, LE}
    assert answers_equal(device, golden, Mode.LE_ONLY)
    device.write("power_control", retain=1, force_on=0)
    device.transport.run(300)
    assert powered(device) == {FE, LE}


def test_another_user_in_the_golden_model_is_seen(ready) -> None:
    """Control of the checks above: with another user's bank the answers are not the golden ones."""
    device, golden = ready
    device.load_user(random_bank(device.design.moe, USER + 5))
    enter(device, Mode.LE_ONLY)
    assert not answers_equal(device, golden, Mode.LE_ONLY)
