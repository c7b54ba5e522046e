# SPDX-License-Identifier: Apache-2.0
"""Learning under load: no image is lost, none sees half a lesson, every commit leaves the golden learner's weights."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

from driver.learn_check import Findings, LearnCheck
from driver.learn_load import Done, LearnLoad
from driver.learn_log import History, Log
from driver.tests.devices import Defect, design, open_device
from driver.tests.golden_pupil import RULE
from driver.transport import DriverError
from driver.verilated import CORRECTED, STARTED
from spec.bank import random_bank
from spec.network import Mode
from spec.tests.cases import some_always
from spec.tiny_variants import random_images

IMAGES, CONTROL_IMAGES, SEED, SEEDS = 2000, 400, 1, 3
PACE = 300  # cycles an image
POOL = random_images(300, SEED)
USERS = [random_bank(design().moe, 100 + user) for user in range(4)]


@pytest.fixture(scope="module")
def check() -> LearnCheck:
    return LearnCheck(design(), POOL, USERS)


def load(images: int, seed: int, defect: Defect | None = None) -> tuple[Done, LearnLoad]:
    with open_device(defect) as device:
        run = LearnLoad(device, images, seed, POOL, USERS, RULE, PACE)
        return run.run(), run


@pytest.fixture(scope="module")
def run() -> tuple[Done, LearnLoad]:
    """One run for all the tests that look at it."""
    return load(IMAGES, SEED)


def compare(check: LearnCheck, run: LearnLoad, **other: object) -> Findings:
    """What is found with some of what the run left exchanged."""
    left = {"log": run.log, "events": np.concatenate(run.events), "words": np.concatenate(run.words)} | other
    return check.compare(**left)


def test_learning_under_load(check: LearnCheck, run: tuple[Done, LearnLoad]) -> None:
    done, ran = run
    found = compare(check, ran)
    assert found.clean, found
    assert not done.surprises and not done.stuck, done
    # The run was one that could have gone wrong.
    assert found.counts["commits that learned"] >= 10 and found.counts["lessons"] >= 200, found
    assert found.counts["corrections learned"] >= 100, found
    assert found.counts["corrections before images in flight"] >= 50, found
    assert found.counts["answers with weights that were learned"] >= 200, found
    assert found.counts["images with one possible descriptor"] >= 0.95 * IMAGES, found
    some = ("commits that select", "cancels", "sessions lost with the power", "sessions refused", "reads refused")
    some += ("commands refused", "loads refused", "damaged loads refused", "corrections refused", "banks invalidated")
    assert all(done[what] for what in (*some, *(f"to {mode.name}" for mode in Mode))), done


# ---- What the golden learner must not agree with --------------------------------------------------------------------
def _another_seed(log: Log, events: np.ndarray, words: np.ndarray) -> dict:
    log = deepcopy(log)
    for session in log.sessions:
        session.rule = replace(session.rule, seed=session.rule.seed ^ 0x10)
    return {"log": log}


def _without(kind: int) -> Callable:
    """One event too few, of those that have a lesson."""

    def change(log: Log, events: np.ndarray, words: np.ndarray) -> dict:
        lessons = np.flatnonzero((events["kind"] == kind) & (events["image"][:, 0] >> 10 & 1 == 1))
        return {"events": np.delete(events, lessons[len(lessons) // 2])}

    return change


def _later(log: Log, events: np.ndarray, words: np.ndarray) -> dict:
    """A correction and the image after it change places."""
    swapped = events.copy()
    for at in np.flatnonzero(events["kind"] == CORRECTED):
        behind = at + 1 + np.flatnonzero(events["kind"][at + 1 :] == STARTED)[:1]
        if len(behind) and events["image"][behind[0], 0] >> 10 & 1:
            swapped["kind"][[at, behind[0]]] = events["kind"][[behind[0], at]]
            swapped["image"][[at, behind[0]]] = events["image"][[behind[0], at]]
            swapped["outputs"][[at, behind[0]]] = events["outputs"][[behind[0], at]]
    return {"events": swapped}


def _lost(log: Log, events: np.ndarray, words: np.ndarray) -> dict:
    return {"words": np.delete(words, 500)}


def _two_swapped(log: Log, events: np.ndarray, words: np.ndarray) -> dict:
    words = words.copy()
    words[[500, 501]] = words[[501, 500]]
    return {"words": words}


def _another_mode(log: Log, events: np.ndarray, words: np.ndarray) -> dict:
    log = deepcopy(log)
    log.settings["mode"] = History(Mode.MOE_GATED)
    return {"log": log}


def _another_counter(log: Log, events: np.ndarray, words: np.ndarray) -> dict:
    log = deepcopy(log)
    next(session for session in log.sessions if session.counters).counters["right"] += 1
    return {"log": log}


def _no_session(log: Log, events: np.ndarray, words: np.ndarray) -> dict:
    log = deepcopy(log)
    log.sessions, log.reads = [], [read for read in log.reads if read.session is None]
    return {"log": log}


CONTROLS = {
    "no session at all": (_no_session, "wrong_corrections"),
    "another seed": (_another_seed, "wrong_weights"),
    "a lesson too few": (_without(STARTED), "wrong_starts"),
    "a correction too few": (_without(CORRECTED), "wrong_counters"),
    "corrections after the next lesson": (_later, "wrong_weights"),
    "a result lost": (_lost, "lost"),
    "results in another order": (_two_swapped, "out_of_order"),
    "another mode": (_another_mode, "wrong_descriptors"),
    "another counter": (_another_counter, "wrong_counters"),
}


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_a_difference_is_seen(check: LearnCheck, run: tuple[Done, LearnLoad], control: tuple[Callable, str]) -> None:
    change, name = control
    ran = run[1]
    events, words = np.concatenate(ran.events), np.concatenate(ran.words)
    found = compare(check, ran, **change(ran.log, events, words))
    assert found.wrong()[name], found


# ---- Defects of the RTL ---------------------------------------------------------------------------------------------
DEFECTS = {
    "a correction that waits holds a change of mode up, which it waits for": (
        "moe_core.sv", ".replay_i        (correct_learning),", ".replay_i        (correct_busy_o),"
    ),
    "the LFSR moves for every image": (
        "moe_core.sv", "frame_image.lesson.valid && (|frame_start)", "(|frame_start)"
    ),
    "an image that is no longer there is corrected": (
        "corrections.sv", "kept.turn == now_q.sequence_number[SeqW-1:ReplaySlotW]", "1'b1"
    ),
    "a correction learns with the bank of now": (
        "corrections.sv", "replay_o.bank            = learn_i.bank;", "replay_o.bank            = '0;"
    ),
    "the bank that learns is loaded": ("moe_accelerator.sv", "(bank_busy | learning_bank)", "(bank_busy)"),
    "a cancelled bank stays valid": ("learn_control.sv", "assign drop_o[b] = ends &&", "assign drop_o[b] = lost &&"),
}  # fmt: skip


def seen(check: LearnCheck, seed: int, defect: Defect | None = None) -> str:
    """What a short run shows that a sound device does not; empty when nothing."""
    try:
        done, ran = load(CONTROL_IMAGES, seed, defect)
    except DriverError as error:
        return str(error)  # an assertion of the RTL
    if done.surprises or done.stuck:
        return str(done)
    found = compare(check, ran)
    return "" if found.clean else str(found)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_sound_device_shows_no_defect(check: LearnCheck, seed: int) -> None:
    assert not seen(check, seed)


@pytest.mark.parametrize("defect", some_always(DEFECTS, 2))
def test_a_defect_is_seen(check: LearnCheck, defect: Defect) -> None:
    assert any(seen(check, seed, defect) for seed in range(SEEDS))
