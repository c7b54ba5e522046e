# SPDX-License-Identifier: Apache-2.0
"""A device that learns, through the driver, against the golden learner: sessions, corrections, banks read back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from driver import Accelerator, DriverError
from driver.lessons import REASONS, Session
from driver.read_back import read_bank
from driver.tests.devices import design, open_device
from driver.tests.golden_pupil import CLASSES, RULE, START, Pupil, lessons
from driver.verilated import VerilatedTransport
from hw.regs.map import encodings
from spec.bank import random_bank
from spec.bank_file import device_words, load_bank
from spec.learning import LearnRule, label_word
from spec.network import Mode
from spec.tiny_variants import random_images


@pytest.fixture
def device():
    with open_device() as opened:
        opened.set_mode(Mode.MOE_GATED)
        opened.load_user(START, 0)
        opened.load_user(START, 1, activate=False)
        yield opened


def same(device: Accelerator, number: int, bank) -> bool:
    return read_bank(device, number).digest() == bank.digest()


@pytest.mark.parametrize("expert", [0, 1])
def test_learns_what_the_golden_learner_learns(device: Accelerator, expert: int, tmp_path) -> None:
    session, pupil = Session(device, RULE, bank=1, expert=expert), Pupil(expert)
    taught = lessons(60, 1)
    answers = pupil.learn(*taught)
    found = session.learn(*taught)
    assert found.classes.tolist() == answers and (found.experts == expert + 1).all() and (found.banks == 1).all()
    own = taught[2]
    right = np.array(answers)[own] == taught[1][own]
    assert device.read("learn_own.value") == own.sum() and device.read("learn_generic_images.value") == (~own).sum()
    assert session.accuracy == pytest.approx(right.mean())
    crc = session.commit()
    bank = device.save_bank(tmp_path / "learned.bank")
    assert bank.digest() == pupil.learner.bank().digest() == load_bank(tmp_path / "learned.bank", design().moe).digest()
    assert crc == int(device_words(bank, design().moe, design().folding)[-1])
    assert device.read("learn_random.value") == pupil.learner.random
    assert device.read("bank_select.bank") == 1 and same(device, 0, START)
    images = random_images(10, 2)
    again = open_device()
    again.set_mode(Mode.MOE_PARALLEL)
    device.set_mode(Mode.MOE_PARALLEL)
    again.load_user(tmp_path / "learned.bank")
    assert (again.classify(images).classes == device.classify(images).classes).all()
    again.close()


def test_corrects_an_answer_without_its_image(device: Accelerator) -> None:
    session, pupil = Session(device, RULE, bank=0), Pupil()
    images, labels, _, _ = lessons(6, 3)
    results = device.classify(images)
    for index in (5, 2, 5):
        pupil.learn(images[index : index + 1], labels[index : index + 1], [True], [True])
        session.correct(results.sequence[index], labels[index])
    with pytest.raises(DriverError, match="image 7 cannot be corrected"):
        session.correct(7, 1)
    with pytest.raises(DriverError, match=f"image 5 cannot be corrected to {CLASSES}"):
        session.correct(5, CLASSES)
    session.commit()
    assert same(device, 0, pupil.learner.bank()) and same(device, 1, START)


def test_cancel_leaves_the_bank_that_was(device: Accelerator) -> None:
    session = Session(device, RULE, bank=1)
    session.learn(*lessons(5, 4))
    session.cancel()
    assert device.read("bank_valid.valid") == 0b01 and same(device, 0, START)
    with pytest.raises(DriverError, match="bank 1 cannot learn: the bank holds no valid weights"):
        Session(device, RULE, bank=1)


def test_what_is_refused(device: Accelerator) -> None:
    with pytest.raises(DriverError, match="bank 2 cannot learn: the bank holds no valid"):
        Session(device, RULE, bank=2)
    with pytest.raises(DriverError, match="no local expert of that number"):
        Session(device, RULE, bank=1, expert=5)
    session = Session(device, RULE, bank=1)
    random = device.read("learn_random.value")
    with pytest.raises(DriverError, match="bank 0 cannot learn: a session is open"):
        Session(device, RULE, bank=0, expert=1)
    assert device.read("learn_random.value") == random and device.read("learn_session.expert") == 0
    device.write("learn_command", start=1)
    assert device.read("learn_status.reason") == encodings()["learn_reason"]["ALREADY_OPEN"]
    with pytest.raises(DriverError, match="bank 1 cannot be loaded: images in flight still use"):
        device.load_user(START, 1)
    with pytest.raises(DriverError, match="one class of 0 to"):
        session.learn(random_images(1, 0), np.array([CLASSES]))
    with pytest.raises(DriverError, match="a learning session is open"):
        read_bank(device, 0)
    session.cancel()
    with pytest.raises(DriverError, match="cannot be cancelled: there is no session"):
        session.cancel()
    with pytest.raises(DriverError, match="cannot be committed: there is no session"):
        session.commit()
    assert device.read("errors.learn_refused") == 1


@pytest.mark.parametrize("end", ["commit", "cancel"])
def test_nothing_is_taught_without_a_session(device: Accelerator, end: str) -> None:
    session = Session(device, RULE, bank=1)
    getattr(session, end)()
    sent = device.classify(random_images(1, 1)).sequence[0]
    with pytest.raises(DriverError, match="images cannot be taught: there is no session"):
        session.learn(*lessons(3, 1))
    with pytest.raises(DriverError, match=f"image {sent} cannot be corrected: there is no session"):
        session.correct(sent, 1)
    assert device.classify(random_images(1, 1)).sequence[0] == sent + 1  # no image was sent
    assert same(device, 0, START) and (end == "cancel" or same(device, 1, START))


def test_a_second_session_leaves_the_open_one_alone(device: Accelerator) -> None:
    session, pupil = Session(device, RULE, bank=1), Pupil()
    for seed in (7, 8):
        taught = lessons(10, seed)
        pupil.learn(*taught)
        session.learn(*taught)
        with pytest.raises(DriverError, match="bank 0 cannot learn: a session is open"):
            Session(device, LearnRule(), bank=0, expert=1)
    session.commit()
    assert same(device, 1, pupil.learner.bank()) and same(device, 0, START)


@pytest.mark.parametrize("mode", [Mode.LE_ONLY, Mode.GE_ONLY, Mode.OFF])
def test_commits_in_any_mode(device: Accelerator, mode: Mode) -> None:
    """The gate's weights are read for the checksum in a mode without it: the domain wakes, and sleeps again."""
    session, pupil, taught = Session(device, RULE, bank=1), Pupil(), lessons(5, 12)
    pupil.learn(*taught)
    session.learn(*taught)
    device.set_mode(mode)
    device.transport.run(1000)
    crc, learned = session.commit(), pupil.learner.bank()
    assert crc == int(device_words(learned, design().moe, design().folding)[-1]) and same(device, 1, learned)
    device.transport.run(1000)
    assert not device.read("power_status[3].on") and device.read("mode_status.mode") == mode


def test_a_bank_that_is_forgotten_ends_its_session(device: Accelerator) -> None:
    session = Session(device, RULE, bank=1)
    device.forget_user(1)
    assert device.read("learn_status.state") == encodings()["learn_state"]["CANCELLED"]
    assert device.read("learn_status.reason") == encodings()["learn_reason"]["BANK_NOT_VALID"]
    assert device.read("errors.learn_refused") == 1
    with pytest.raises(DriverError, match="cannot be committed: there is no session"):
        session.commit()
    assert device.read("bank_select.bank") == 0 and device.read("bank_valid.valid") == 0b01


def test_the_expert_of_the_next_session_is_not_that_of_the_open_one(device: Accelerator) -> None:
    session, pupil, taught = Session(device, RULE, bank=1), Pupil(), lessons(10, 13)
    device.write("learn_session", bank=0, expert=1)
    pupil.learn(*taught)
    assert (session.learn(*taught).experts == 1).all()
    session.commit()
    assert same(device, 1, pupil.learner.bank())


def test_a_refused_start_keeps_the_counts(device: Accelerator) -> None:
    session = Session(device, RULE, bank=1)
    session.learn(*lessons(5, 14))
    session.commit()
    counted = device.read("learn_own.value"), device.read("learn_generic_images.value")
    with pytest.raises(DriverError, match="bank 2 cannot learn"):
        Session(device, RULE, bank=2)
    assert (device.read("learn_own.value"), device.read("learn_generic_images.value")) == counted != (0, 0)


def test_a_session_ends_a_reading_that_began_before(device: Accelerator) -> None:
    device.write("bank_target", bank=1)
    device.write("bank_read_command", start=1)
    device.transport.run(100)
    assert device.read("bank_read_status.ready") == 1
    session, pupil, taught = Session(device, RULE, bank=1), Pupil(), lessons(5, 15)
    assert device.read("bank_read_status.busy") == device.read("bank_read_status.ready") == 0
    pupil.learn(*taught)
    session.learn(*taught)
    session.commit()
    assert same(device, 1, pupil.learner.bank())


def test_an_image_that_nobody_took_is_not_corrected(device: Accelerator) -> None:
    """Without a valid bank no local expert sees the image: its slot does not keep the one that was eight before."""
    session, images = Session(device, RULE, bank=1), random_images(9, 16)
    first = int(device.classify(images[:1]).sequence[0])
    device.set_mode(Mode.GE_ONLY)
    device.classify(images[1:])
    device.set_mode(Mode.MOE_GATED)
    with pytest.raises(DriverError, match=f"image {first} cannot be corrected"):
        session.correct(first, 1)
    session.cancel()


# ---- Protected banks -------------------------------------------------------------------------------------------------
def test_a_protected_bank_never_learns(device: Accelerator) -> None:
    check_protection(device)


def check_protection(device: Accelerator) -> None:
    """Refused while it is protected, active or not; learns what the golden learner learns when it is not any more."""
    device.load_user(START, 2, activate=False, protect=True)
    device.protect_bank(0)
    assert device.read("bank_protect.protect") == 0b101
    for bank in (0, 2):
        device.write("errors", learn_refused=1)
        with pytest.raises(DriverError, match=f"bank {bank} cannot learn: the bank is protected from learning"):
            Session(device, RULE, bank=bank)
        assert device.read("errors.learn_refused") == 1
        assert device.read("learn_status.reason") == encodings()["learn_reason"]["BANK_PROTECTED"]
        taught = lessons(5, bank)
        words = [label_word(int(label)) for label in taught[1]]
        device.classify(taught[0], words)
        assert device.read("learn_own.value") == 0 and same(device, bank, START)
    assert device.read("bank_valid.valid") == 0b111
    device.load_user(START, 2, activate=False)
    assert device.read("bank_protect.protect") == 0b001
    session, pupil, taught = Session(device, RULE, bank=2), Pupil(), lessons(10, 9)
    pupil.learn(*taught)
    session.learn(*taught)
    session.commit()
    assert same(device, 2, pupil.learner.bank()) and same(device, 0, START)


def test_protection_counts_at_the_next_start(device: Accelerator) -> None:
    session, pupil = Session(device, RULE, bank=1), Pupil()
    for seed in (10, 11):
        taught = lessons(10, seed)
        pupil.learn(*taught)
        session.learn(*taught)
        device.protect_bank(1)
    session.commit()
    assert device.read("bank_select.bank") == 1 and same(device, 1, pupil.learner.bank())
    with pytest.raises(DriverError, match="bank 1 cannot learn: the bank is protected"):
        Session(device, RULE)
    device.protect_bank(1, protect=False)
    Session(device, RULE).cancel()


def test_a_protected_bank_can_be_loaded_anew(device: Accelerator) -> None:
    other = random_bank(design().moe, 6)
    device.protect_bank(1)
    assert device.load_user(other, 1, protect=True) == 1
    assert same(device, 1, other) and device.read("bank_protect.protect") == 0b010
    with pytest.raises(DriverError, match="images in flight|selected"):
        device.load_user(START, 1)
    assert device.read("bank_protect.protect") == 0b010  # a load that is refused takes no protection away


def test_no_other_bank_is_protected(device: Accelerator) -> None:
    for number in (-1, device.banks, 16):
        with pytest.raises(DriverError, match=f"bank {number} cannot be protected: the device has no bank"):
            device.protect_bank(number)
    assert device.read("bank_protect.protect") == 0


def test_without_learning_protection_means_nothing() -> None:
    frozen = replace(design(), folding=replace(design().folding, learning=False))
    with Accelerator(VerilatedTransport(frozen, optimise=False), frozen) as opened:
        opened.set_mode(Mode.MOE_GATED)
        for protect in (True, False):
            number = opened.load_user(START, protect=protect)
            assert opened.read("bank_protect.protect") == int(protect) and opened.read("bank_select.bank") == number
            with pytest.raises(DriverError, match="cannot learn: the device was built without learning"):
                Session(opened, RULE)
            opened.forget_user(number)


@pytest.mark.parametrize(
    "defect",
    [
        ("learn_control.sv", "else if (bank_protected) start_reason = learn_reason__BANK_PROTECTED;", ""),
        ("learn_control.sv", "bank_protected = bank_protect_i[b];", "bank_protected = bank_protect_i[0];"),
        ("learn_control.sv", "active && bank_lost;", "active && (bank_lost || bank_protect_i[0]);"),
    ],
    ids=["protection is not asked for", "of another bank", "ends a session"],
)  # fmt: skip
def test_a_device_without_protection_is_seen(defect: tuple[str, str, str]) -> None:
    with open_device(defect) as opened:
        opened.set_mode(Mode.MOE_GATED)
        opened.load_user(START, 0)
        opened.load_user(START, 1, activate=False)
        with pytest.raises((AssertionError, DriverError, pytest.fail.Exception)):
            check_protection(opened)


def test_bad_label_is_reported_and_learns_nothing(device: Accelerator) -> None:
    session = Session(device, RULE, bank=1)
    image = random_images(1, 0)
    device.classify(image, [1 << 10 | 1 << 8 | CLASSES])
    assert device.read("errors.bad_label") == 1 and device.read("learn_own.value") == 0
    session.commit(activate=False)
    assert same(device, 1, START) and device.read("bank_select.bank") == 0


def test_labels_without_a_session_mean_nothing(device: Accelerator) -> None:
    images, labels, _, _ = lessons(4, 6)
    plain = device.classify(images)
    words = [1 << 10 | 1 << 9 | 1 << 8 | int(label) for label in labels]
    assert (device.classify(images, words).classes == plain.classes).all()
    assert device.read("errors.bad_label") == 0 and same(device, 0, START)


def test_steps_may_change_between_lessons(device: Accelerator) -> None:
    session, pupil = Session(device, RULE, bank=1), Pupil()
    for shift in (8, 10):
        slower = replace(RULE, local_shift=shift)
        session.set_rule(slower)
        pupil.learner.rule = slower
        taught = lessons(20, shift)
        pupil.learn(*taught)
        session.learn(*taught)
    session.commit()
    assert same(device, 1, pupil.learner.bank())


def taught_at_once(device: Accelerator, count: int) -> None:
    """Queue labelled images, and wait for none of them."""
    for image, label in zip(*lessons(count, 8)[:2], strict=True):
        device.transport.send(image.ravel(), label=label_word(int(label)))


def test_lessons_of_a_cancelled_session_are_not_those_of_the_next(device: Accelerator) -> None:
    session = Session(device, RULE, bank=1)
    taught_at_once(device, 8)
    while device.transport.pixels_waiting > 2 * device.image_beats:
        device.transport.run(10)
    session.cancel()
    assert device.read("learn_status.lessons") == 1
    device.write("learn_session", bank=0)
    device.write("learn_command", start=1)
    status = device.read("learn_status.state"), device.read("learn_status.reason")
    assert status == (encodings()["learn_state"]["CANCELLED"], encodings()["learn_reason"]["ALREADY_OPEN"])
    session, pupil = Session(device, RULE, bank=0), Pupil()  # waits
    assert device.read("learn_own.value") == 0 and device.read("learn_random.value") == RULE.seed
    device.transport.receive(8)
    taught = lessons(10, 9)
    pupil.learn(*taught)
    session.learn(*taught)
    session.commit()
    assert same(device, 0, pupil.learner.bank()) and device.read("learn_random.value") == pupil.learner.random


def test_a_change_of_mode_does_not_wait_for_a_correction(device: Accelerator) -> None:
    """A correction that waits when another mode is asked for is refused, if that mode has no local expert."""
    session, refused = Session(device, RULE, bank=1), 0
    images = random_images(40, 3)
    device.write("errors", correction_refused=1)
    for number, image in enumerate(images):
        device.set_mode(Mode.MOE_GATED)
        device.transport.send(image.ravel())
        device.transport.receive(1)
        device.transport.send(images[0].ravel())
        device.transport.run(30 + 5 * number)  # its features go by
        device.write("learn_correct", sequence_number=2 * number % 4096, label=1, own=1, gate=1)
        device.set_mode(Mode.GE_ONLY)
        device.transport.run(2000)
        assert not device.read("mode_status.pending") and not device.read("learn_status.correcting")
        refused += device.read("errors.correction_refused")
        device.write("errors", correction_refused=1)
        device.transport.receive(1)
    assert 0 < refused < len(images)
    session.cancel()


def reset_while_learning(device: Accelerator, after: int) -> tuple[bool, bool]:
    """A reset so many cycles after the first pixel of some lessons; whether both banks are what they were."""
    device.transport.reset()
    device.set_mode(Mode.MOE_GATED)
    device.load_user(START, 0)
    device.load_user(START, 1, activate=False)
    Session(device, RULE, bank=1)
    taught_at_once(device, 6)
    device.transport.run(after)
    device.transport.reset()
    assert device.read("bank_valid.valid") == 0 and device.read("learn_status.state") == 0
    device.set_mode(Mode.MOE_GATED)
    return same(device, 0, START), same(device, 1, START)


def test_a_reset_leaves_the_bank_that_did_not_learn() -> None:
    """No bank is valid after it, but the memories are not touched: what did not learn can be read back and loaded."""
    images, moved = random_images(6, 4), 0
    with open_device() as device:
        device.set_mode(Mode.MOE_GATED)
        device.load_user(START, 0)
        expected = device.classify(images)
        for after in range(150, 1200, 21):
            kept, still = reset_while_learning(device, after)
            assert kept, f"{after} cycles after the first pixel"
            moved += not still
        assert moved > 20, "the reset came before the first lesson"
        assert device.classify(images).no_bank.all()
        device.load_user(read_bank(device, 0), 0)
        assert (device.classify(images).classes == expected.classes).all()


def test_a_bank_that_a_lesson_spoils_is_seen() -> None:
    """Control of the test above: a learner that moves bank 0, whichever learns."""
    with open_device(("head_learner.sv", "assign access_bank_o = now_q.bank;", "assign access_bank_o = '0;")) as device:
        assert not all(reset_while_learning(device, after)[0] for after in range(150, 1200, 105))


def commits_in_time(device: Accelerator) -> bool:
    """A commit in the middle of a labelled image; whether it waits for the rest, and its CRC knows the lesson."""
    session, pupil = Session(device, RULE, bank=1), Pupil()
    (image,), labels, own, with_gate = lessons(1, 8)
    label = label_word(int(labels[0]), bool(own[0]), bool(with_gate[0]))
    device.transport.send(image.ravel()[:50], last=False, label=label)
    device.transport.run(200)
    device.write("learn_command", commit=1)
    device.transport.run(5000)
    waits = device.read("learn_status.state") == encodings()["learn_state"]["CLOSING"]
    device.transport.send(image.ravel()[50:])
    device.transport.receive(1)
    device.transport.run(5000)
    pupil.learn(image[None], labels, own, with_gate)
    bank = pupil.learner.bank()
    crc = int(device_words(bank, design().moe, design().folding)[-1])
    return waits and device.read("learn_crc.value") == crc and same(device, session.bank, bank)


def test_a_commit_waits_for_the_last_lesson(device: Accelerator) -> None:
    assert commits_in_time(device)


def test_a_commit_that_does_not_wait_is_seen() -> None:
    defect = ("learn_control.sv", "&& !reading_q && !lessons_i &&", "&& !reading_q &&")
    with open_device(defect) as device:
        device.set_mode(Mode.MOE_GATED)
        device.load_user(START, 1)
        assert not commits_in_time(device)


def test_every_reason_has_words() -> None:
    assert set(REASONS) == set(encodings()["learn_reason"])
