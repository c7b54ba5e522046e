# SPDX-License-Identifier: Apache-2.0
"""Learning and power: no domain sleeps in the middle of a lesson, sessions live as long as their bank's memories, and
what a sleeping domain holds never becomes a weight."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from driver import Accelerator, DriverError
from driver.learn_check import LearnCheck
from driver.learn_load import Done, LearnLoad
from driver.lessons import Session
from driver.read_back import read_bank
from driver.tests.devices import Defect, design
from driver.tests.golden_pupil import RULE, START, Pupil, lessons
from driver.transport import DeviceFault
from hw.regs.map import encodings
from spec.bank import random_bank
from spec.learning import label_word
from spec.network import Mode
from spec.tiny_variants import random_images
from verif.power.test_directed import GN, LE, enter, powered
from verif.power.test_scenarios import device as shared_device

STATES, REASONS = encodings()["learn_state"], encodings()["learn_reason"]
PHASES = range(0, 560, 7)  # cycles from the first pixel of a lesson to a request of another mode
POOL = random_images(100, 1)
USERS = [random_bank(design().moe, 100 + user) for user in range(4)]
LOADS, IMAGES, PACE = 3, 300, 300


def fresh(defect: Defect | None = None) -> Accelerator:
    """A device after power-on with the same bank twice; whatever sleeps becomes random."""
    device, _ = shared_device(defect)
    device.transport.reset()
    device.transport.pauses(0)
    device.transport.corrupt(99)
    for domain in range(4):
        device.transport.power_switch(domain)
    for number in (0, 1):
        device.load_user(START, number, activate=number == 0)
    return device


def same(device: Accelerator, number: int, bank) -> bool:
    """Whether a bank in the device is this one."""
    return read_bank(device, number).digest() == bank.digest()


# ---- No domain sleeps with a lesson open ----------------------------------------------------------------------------
def lessons_at_every_phase(device: Accelerator, pupil: Pupil) -> bool:
    """GE_ONLY is asked for at every phase of a lesson; whether all of them were learned wholly."""
    enter(device, Mode.MOE_PARALLEL)
    session = Session(device, RULE, bank=1)
    images, labels, _, _ = lessons(len(PHASES), 3)
    for phase, image, label in zip(PHASES, images, labels, strict=True):
        device.transport.send(image.ravel(), label=label_word(int(label)))
        device.transport.run(phase)
        enter(device, Mode.GE_ONLY)
        learned = not device.transport.pixels_waiting  # else the request was faster than the first pixel
        if device.read("learn_status.lessons") or powered(device) & {LE, GN}:
            return False
        words, _ = device.transport.receive(1, timeout=5000)
        if len(words) != 1:
            return False
        if learned:
            pupil.learn(image[None], [label], [True], [True])
        enter(device, Mode.MOE_PARALLEL)
    session.commit(activate=False)
    return same(device, 1, pupil.learner.bank()) and same(device, 0, START)


def corrections_at_every_phase(device: Accelerator, pupil: Pupil) -> bool:
    """The same for corrections, each of which is learned wholly or refused; every other one waits for an image."""
    enter(device, Mode.MOE_PARALLEL)
    session, learned = Session(device, RULE, bank=1), 0
    images, labels, _, _ = lessons(120, 4)
    for phase, (image, label) in enumerate(zip(images, labels, strict=True)):
        device.transport.send(image.ravel())
        sequence = int(device.transport.receive(1, timeout=5000)[0][0]) >> 20
        device.write("errors", correction_refused=1)
        waits = phase % 2
        if waits:  # while the features of another image go by
            device.transport.send(images[0].ravel())
            device.transport.run(30 + phase)
        else:
            device.transport.run(100)  # long enough for all to be quiet
        device.write("learn_correct", sequence_number=sequence, label=int(label), own=1, gate=1)
        device.transport.run(0 if waits else phase)
        enter(device, Mode.GE_ONLY)
        if (
            len(device.transport.receive(waits, timeout=5000)[0]) != waits
            or device.read("learn_status.correcting")
            or powered(device) & {LE, GN}
        ):
            return False
        if not device.read("errors.correction_refused"):
            pupil.learn(image[None], [label], [True], [True])
            learned += 1
        enter(device, Mode.MOE_PARALLEL)
    session.commit(activate=False)
    return learned > 0 and same(device, 1, pupil.learner.bank())


def test_no_domain_sleeps_in_a_lesson() -> None:
    assert lessons_at_every_phase(fresh(), Pupil())


def test_no_domain_sleeps_in_a_correction() -> None:
    assert corrections_at_every_phase(fresh(), Pupil())


BUSY_DEFECTS = {
    "the gate sleeps in a lesson": (
        lessons_at_every_phase,
        ("gn_branch.sv", "in_valid_i || decision_valid || busy_o);", "in_valid_i || decision_valid);"),
    ),
    "a correction that waits holds a change up": (
        corrections_at_every_phase,
        ("moe_core.sv", ".replay_i        (correct_learning),", ".replay_i        (correct_busy_o),"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("checked", "defect"), BUSY_DEFECTS.values(), ids=BUSY_DEFECTS)
def test_a_domain_that_sleeps_in_a_lesson_is_seen(checked: Callable, defect: Defect) -> None:
    assert not holds(lambda: checked(fresh(defect), Pupil()))


def holds(check) -> bool:
    """Whether a check holds; a device that stops or does not answer is one in which it does not."""
    try:
        return check()
    except (AssertionError, DriverError, DeviceFault):
        return False


# ---- A session lives as long as the memories of its bank ------------------------------------------------------------
def session_survives(device: Accelerator, pupil: Pupil) -> bool:
    """Learn, sleep with retention while other images are answered, and go on."""
    enter(device, Mode.MOE_GATED)
    session = Session(device, RULE, bank=1)
    for part in range(4):
        taught = lessons(6, 20 + part)
        answers = pupil.learn(*taught)
        found = session.learn(*taught)
        while device.read("learn_status.lessons"):
            device.transport.run(10)
        moves = device.read("learn_local_moves.value"), device.read("learn_gate_moves.value")
        enter(device, Mode.GE_ONLY)
        device.classify(random_images(3, part))
        device.transport.run(300)
        asleep = not powered(device) & {LE, GN}
        state = device.read("learn_status.state") == STATES["OPEN"] and device.read("learn_status.reason") == 0
        counted = moves == (device.read("learn_local_moves.value"), device.read("learn_gate_moves.value"))
        enter(device, Mode.MOE_GATED)
        if not (asleep and state and counted and found.classes.tolist() == answers):
            return False
        try:  # the rings have forgotten
            session.correct(int(found.sequence[-1]), 0)
            return False
        except DriverError:
            pass
    session.commit(activate=False)
    return same(device, 1, pupil.learner.bank()) and same(device, 0, START)


def session_ends(device: Accelerator) -> bool:
    """Without retention the session ends with the memories, and says why; a bank that is loaded again can learn."""
    enter(device, Mode.MOE_GATED)
    device.write("power_control", retain=0)
    Session(device, RULE, bank=1).learn(*lessons(3, 5))
    device.write("errors", learn_refused=1)
    enter(device, Mode.GE_ONLY)
    state, reason = device.read("learn_status.state"), device.read("learn_status.reason")
    ended = (state, reason) == (STATES["CANCELLED"], REASONS["POWER_OFF"]) and device.read("errors.learn_refused")
    if not ended or device.read("bank_valid.valid"):
        return False
    enter(device, Mode.MOE_GATED)
    device.load_user(START, 1, activate=False)
    session, pupil, taught = Session(device, RULE, bank=1), Pupil(), lessons(6, 6)
    pupil.learn(*taught)
    session.learn(*taught)
    session.commit(activate=False)
    return same(device, 1, pupil.learner.bank())


def test_a_session_survives_a_sleep_with_retention() -> None:
    assert session_survives(fresh(), Pupil())


def test_a_session_ends_with_its_memories() -> None:
    assert session_ends(fresh())


def test_a_session_does_not_open_without_memories() -> None:
    device = fresh()
    enter(device, Mode.GE_ONLY)
    session = Session(device, RULE, bank=1)  # retained: it opens in a mode that has nothing to learn
    session.cancel()
    device.write("power_control", retain=0)
    device.transport.run(10)
    with pytest.raises(DriverError, match="bank 0 cannot learn"):
        Session(device, RULE, bank=0)


SLEEP_DEFECTS = {
    "memories lose their supply": (
        "moe_accelerator.sv",
        "pd_switch_o[d] || retained || settings.power_control.retain.value;",
        "pd_switch_o[d];",
    ),
    "rings remember what is lost": (
        "corrections.sv", "if (!rst_ni || le_off_i) kept_q[k].le <= '0;", "if (!rst_ni) kept_q[k].le <= '0;"
    ),
}  # fmt: skip


@pytest.mark.parametrize("defect", SLEEP_DEFECTS.values(), ids=SLEEP_DEFECTS)
def test_a_session_that_sleep_spoils_is_seen(defect: Defect) -> None:
    assert not holds(lambda: session_survives(fresh(defect), Pupil()))


def test_a_session_without_memories_is_seen() -> None:
    defect = ("learn_control.sv", "bank_lost = !bank_valid_i[b];", "bank_lost = 1'b0;")
    assert not holds(lambda: session_ends(fresh(defect)))


# ---- What sleeps never becomes a weight -----------------------------------------------------------------------------
def random_load(seed: int, corruption: int, defect: Defect | None = None) -> tuple[Done, LearnLoad]:
    device, _ = shared_device(defect)
    device.transport.reset()
    device.transport.corrupt(corruption)
    for domain in range(4):
        device.transport.power_switch(domain)
    run = LearnLoad(device, IMAGES, seed, POOL, USERS, RULE, PACE)
    return run.run(), run


def observed(run: LearnLoad) -> list[object]:
    """Everything that the device showed."""
    return [np.concatenate(run.words).tolist(), [(read.number, read.bank.digest()) for read in run.log.reads]]


def nothing_leaks(check: LearnCheck, seed: int, defect: Defect | None = None) -> tuple[bool, Done]:
    """The same random load with two different corruptions: both as the golden learner has it, and both alike."""
    runs = [random_load(seed, corruption, defect) for corruption in (1000 + seed, 2000 + seed)]
    clean = all(
        not done.surprises and not done.stuck
        and check.compare(run.log, np.concatenate(run.events), np.concatenate(run.words)).clean
        for done, run in runs
    )  # fmt: skip
    return clean and observed(runs[0][1]) == observed(runs[1][1]), runs[0][0]


@pytest.fixture(scope="module")
def check() -> LearnCheck:
    return LearnCheck(design(), POOL, USERS)


def test_what_sleeps_never_becomes_a_weight(check: LearnCheck) -> None:
    total = Done()
    for seed in range(LOADS):
        clean, done = nothing_leaks(check, seed)
        assert clean, f"seed {seed}"
        total.counts += done.counts
    for what in ("commits", "to GE_ONLY", "to OFF", "to LE_ONLY", "banks read back"):
        assert total[what] >= 5, total


LEAKS = {
    "what sleeping experts say is not clamped": (
        "le_branch.sv", "u_isolation (\n      .isolate_i,", "u_isolation (\n      .isolate_i(1'b0),"
    ),
    "memories lose their supply": SLEEP_DEFECTS["memories lose their supply"],
    "rings remember what is lost": SLEEP_DEFECTS["rings remember what is lost"],
}  # fmt: skip


@pytest.mark.parametrize(
    "defect",
    [
        pytest.param(change, id=name, marks=[pytest.mark.long] * (name in SLEEP_DEFECTS))
        for name, change in LEAKS.items()
    ],
)
def test_a_leak_is_seen(check: LearnCheck, defect: Defect) -> None:
    assert not all(holds(lambda seed=seed: nothing_leaks(check, seed, defect)[0]) for seed in range(LOADS))
