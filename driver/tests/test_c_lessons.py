# SPDX-License-Identifier: Apache-2.0
"""The C driver lets the simulated device learn: the golden learner's weights, and refusals that change nothing."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from driver.accelerator import VERSION
from driver.tests.c_driver import DRIVER, LEARN, PROGRAM, C, calls, compile_c, compile_with_device
from driver.tests.devices import design
from driver.tests.golden_pupil import CLASSES, RULE, START, Pupil, lessons
from hw.regs.map import encodings, register
from spec.bank import Bank
from spec.bank_file import bank_of_stream, device_words, save_bank
from spec.learning import LARGEST_SHIFT, MARGIN_BITS, SMALLEST_SHIFT, LearnRule, label_word
from spec.network import Mode
from spec.tiny_variants import random_images
from tools.cocotb_run import mutate

OK, BUS_ERROR, REFUSED, NOT_VALID, LEARN_REFUSED, NO_LABELS, BAD_LABEL, BAD_RULE, UNKNOWN_IMAGE = (
    0, 1, 5, 7, 9, 10, 11, 12, 13,
)  # fmt: skip
NO_SPACE, TIMEOUT = 14, 16
REASON = encodings()["learn_reason"]
OTHER = LearnRule(local_margin=1, own_margin=2, generic_margin=3, local_shift=15, gate_shift=15, seed=9)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_with_device(tmp_path_factory.mktemp("c"), PROGRAM)


# ---- Files and lines for the program ---------------------------------------------------------------------------------
def rule_file(path: Path, rule: LearnRule, **altered: int) -> Path:
    """A rule as the program reads it; ``altered`` may be out of range."""
    names = ("local_margin", "own_margin", "generic_margin", "local_shift", "gate_shift", "seed")
    path.write_text(" ".join(str(altered.get(name, getattr(rule, name))) for name in names))
    return path


def lessons_file(path: Path, taught: tuple) -> Path:
    """Images, uint8 (N, H, W), with their labels behind them."""
    images, *rest = taught
    words = [label_word(int(label), bool(own), bool(gate)) for label, own, gate in zip(*rest, strict=True)]
    path.write_bytes(images.tobytes() + np.array(words, "<u2").tobytes())
    return path


def begin(directory: Path) -> list[str]:
    """The device in MOE_GATED, with the same weights in banks 0, which is selected and protected, and 1."""
    save_bank(start := directory / "start.bank", START, design().moe, design().folding, {})
    return [
        "open - 0 0", f"mode - {int(Mode.MOE_GATED)} 0", f"load {start} 0 1", f"load {start} 1 0", "protect - 0 1",
    ]  # fmt: skip


def correction(sequence: int, label: int) -> str:
    return f"correct - {sequence} {label_word(label)}"


def saved(path: Path) -> Bank:
    """The bank in a file that the program wrote, which is the stream and nothing else."""
    words = np.fromfile(path, "<u4")
    assert len(words) == len(device_words(START, design().moe, design().folding))
    return bank_of_stream(words, design().moe, design().folding, path.name)


def statuses(printed: list[dict]) -> list[int]:
    return [entry["status"] for entry in printed]


def reasons(printed: list[dict]) -> list[str]:
    names = {value: name for name, value in REASON.items()}
    return [names[entry["reason"]] for entry in printed if entry["status"] == LEARN_REFUSED]


# ---- A session -------------------------------------------------------------------------------------------------------
def check_session(program: Path, directory: Path, expert: int = 0) -> None:
    """40 images and 3 corrections, commit, banks read back and loaded again."""
    pupil, taught = Pupil(expert), lessons(40, 1)
    images, labels, _, _ = lessons(6, 2)
    images.tofile(directory / "images")
    answers = pupil.learn(*taught)
    corrected = (5, 2, 5)
    for index in corrected:
        pupil.learn(images[index : index + 1], labels[index : index + 1], [True], [True])
    printed = calls(
        program, *begin(directory), f"start {rule_file(directory / 'rule', RULE)} 1 {expert}",
        f"learn {lessons_file(directory / 'lessons', taught)} 40 0", f"classify {directory / 'images'} 0 0",
        *(correction(40 + index, int(labels[index])) for index in corrected), "lessons - 0 0", "commit - 1 0",
        f"save {directory / 'learned'} 1 0", f"save {directory / 'start'} 0 0", f"load {directory / 'learned'} 2 0",
        f"save {directory / 'again'} 2 0", f"classify {directory / 'images'} 0 0",
    )  # fmt: skip
    assert set(statuses(printed)) == {OK}, printed
    by_call = {entry["call"]: entry for entry in printed}
    found = np.array(by_call["learn"]["results"])
    assert found[:, 0].tolist() == answers and set(found[:, 1]) == {expert + 1} and set(found[:, 2]) == {1}
    assert found[:, 3].tolist() == list(range(40))
    own = taught[2]
    right = int((np.array(answers)[own] == taught[1][own]).sum())
    counted = by_call["lessons"]
    assert (counted["own"], counted["right"], counted["generic"]) == (own.sum(), right, (~own).sum())
    assert 0 < counted["local_moves"] <= own.sum() + len(corrected) and counted["gate_moves"] > 0
    learned = pupil.learner.bank()
    assert saved(directory / "learned").digest() == saved(directory / "again").digest() == learned.digest()
    assert saved(directory / "start").digest() == START.digest() != learned.digest()
    assert by_call["commit"]["crc"] == int(device_words(learned, design().moe, design().folding)[-1])
    first, last = (entry["results"] for entry in printed if entry["call"] == "classify")
    assert {result[2] for result in first} == {0} and {result[2] for result in last} == {1}  # the commit activated it


@pytest.mark.parametrize("expert", [0, 1])
def test_learns_what_the_golden_learner_learns(program: Path, tmp_path: Path, expert: int) -> None:
    check_session(program, tmp_path, expert)


@pytest.mark.parametrize(
    ("source", "old", "new"),
    [
        (LEARN, "return 1u << LABEL_VALID |", "return"),
        (LEARN, "label.own << LABEL_OWN", "label.own << LABEL_GATE"),
        (LEARN, "PUT(sequence, LEARN_CORRECT__SEQUENCE_NUMBER)", "PUT(sequence - 1, LEARN_CORRECT__SEQUENCE_NUMBER)"),
        (LEARN, "PUT(label.with_gate, LEARN_CORRECT__GATE)", "0"),
        (LEARN, "PUT(rule->gate_shift, LEARN_GATE__SHIFT)", "PUT(rule->local_shift, LEARN_GATE__SHIFT)"),
        (LEARN, "REGISTER(learn_seed), PUT(rule->seed,", "REGISTER(learn_seed), PUT(1,"),
        (LEARN, "for (size_t i = 0; i < group; ++i) words[i] = label_word(labels[i]);",
         "for (size_t i = 0; i < group; ++i) words[i] = label_word(labels[0]);"),
        (LEARN, "if (activate) command |=", "if (!activate) command |="),
        (DRIVER, "(uint8_t)(word >> 8 * byte)", "(uint8_t)(word >> 8 * (3 - byte))"),
        (DRIVER, "data[4 * (size_t)i + byte]", "data[byte]"),
        (DRIVER, "images + i * pixels, pixels, labels[i]", "images, pixels, labels[i]"),
    ],
    ids=["not valid", "own", "another image", "gate left out", "shift", "seed", "labels", "activate", "byte order",
         "place", "images"],
)  # fmt: skip
def test_a_defect_is_seen(tmp_path: Path, source: Path, old: str, new: str) -> None:
    altered = {"driver" if source == DRIVER else "learn": mutate(source, old, new)}
    defective = compile_with_device(tmp_path, PROGRAM, **altered)
    with pytest.raises(AssertionError):
        check_session(defective, tmp_path)


def test_another_rule_between_lessons(program: Path, tmp_path: Path) -> None:
    pupil, lines = Pupil(), [*begin(tmp_path), f"start {rule_file(tmp_path / 'rule', RULE)} 1 0"]
    for shift in (8, 10):
        pupil.learner.rule = replace(RULE, local_shift=shift)
        taught = lessons(20, shift)
        pupil.learn(*taught)
        lines += [
            f"rule {rule_file(tmp_path / f'rule{shift}', pupil.learner.rule)} 0 0",
            f"learn {lessons_file(tmp_path / f'lessons{shift}', taught)} 20 0",
        ]
    printed = calls(program, *lines, "commit - 0 0", f"save {tmp_path / 'learned'} 1 0")
    assert set(statuses(printed)) == {OK}
    assert saved(tmp_path / "learned").digest() == pupil.learner.bank().digest()


def test_cancel_leaves_the_bank_that_was(program: Path, tmp_path: Path) -> None:
    rule = rule_file(tmp_path / "rule", RULE)
    printed = calls(
        program, *begin(tmp_path), f"start {rule} 1 0",
        f"learn {lessons_file(tmp_path / 'lessons', lessons(5, 4))} 5 0", "cancel - 0 0",
        f"save {tmp_path / 'start'} 0 0", f"save {tmp_path / 'gone'} 1 0", "select - 1 0", f"start {rule} 1 0",
    )  # fmt: skip
    assert statuses(printed)[-7:] == [OK, OK, OK, OK, NOT_VALID, NOT_VALID, LEARN_REFUSED]
    assert reasons(printed) == ["BANK_NOT_VALID"]
    assert saved(tmp_path / "start").digest() == START.digest() and not (tmp_path / "gone").exists()


# ---- Without labels beside the images --------------------------------------------------------------------------------
def test_a_way_without_labels_corrects(program: Path, tmp_path: Path) -> None:
    taught, pupil = lessons(3, 6), Pupil()
    taught[0].tofile(tmp_path / "images")
    pupil.learn(taught[0], taught[1], [True] * 3, [True] * 3)
    printed = calls(
        program, *begin(tmp_path), "unlabelled - 0 0", f"start {rule_file(tmp_path / 'rule', RULE)} 1 0",
        f"learn {lessons_file(tmp_path / 'lessons', taught)} 3 0", "lessons - 0 0",
        f"classify {tmp_path / 'images'} 0 0", *(correction(i, int(taught[1][i])) for i in range(3)),
        "commit - 0 0", f"save {tmp_path / 'learned'} 1 0",
    )  # fmt: skip
    assert statuses(printed)[6:] == [OK, NO_LABELS, *[OK] * 7]
    assert printed[8]["own"] == printed[8]["generic"] == 0
    assert [result[3] for result in printed[9]["results"]] == [0, 1, 2]  # no image was sent before
    assert saved(tmp_path / "learned").digest() == pupil.learner.bank().digest()


# ---- Refusals --------------------------------------------------------------------------------------------------------
def check_refusals_without_a_session(program: Path, directory: Path) -> None:
    rule, taught = rule_file(directory / "rule", RULE), lessons_file(directory / "lessons", lessons(3, 1))
    work = [
        (f"learn {taught} 3 0", LEARN_REFUSED, "NOT_OPEN"), (correction(0, 1), LEARN_REFUSED, "NOT_OPEN"),
        ("commit - 1 0", LEARN_REFUSED, "NOT_OPEN"), ("cancel - 0 0", LEARN_REFUSED, "NOT_OPEN"),
        (f"start {rule} 0 0", LEARN_REFUSED, "BANK_PROTECTED"), (f"start {rule} 2 0", LEARN_REFUSED, "BANK_NOT_VALID"),
        (f"start {rule} 17 0", LEARN_REFUSED, "BANK_NOT_VALID"), (f"start {rule} 1 2", LEARN_REFUSED, "NO_SUCH_EXPERT"),
        (f"start {rule} 1 8", LEARN_REFUSED, "NO_SUCH_EXPERT"), (f"learn {taught} 3 0", LEARN_REFUSED, "NOT_OPEN"),
        ("protect - 3 1", REFUSED, None), ("protect - 32 1", REFUSED, None),
        (f"save {directory / 'none'} 2 0", NOT_VALID, None), (f"save {directory / 'none'} 16 0", NOT_VALID, None),
        (f"save {directory / 'none'} 0 {4 * len(device_words(START, design().moe, design().folding)) - 1}",
         NO_SPACE, None),
        (f"classify {directory / 'images'} 0 0", OK, None),
        (f"save {directory / 'first'} 0 0", OK, None), (f"save {directory / 'second'} 1 0", OK, None),
    ]  # fmt: skip
    random_images(1, 1).tofile(directory / "images")
    printed = calls(program, *begin(directory), *(line for line, *_ in work))[5:]
    assert statuses(printed) == [status for _, status, _ in work]
    assert reasons(printed) == [reason for *_, reason in work if reason]
    assert printed[-3]["results"][0][2:4] == [0, 0]  # bank 0, and the first image that was sent
    assert saved(directory / "first").digest() == saved(directory / "second").digest() == START.digest()
    assert not (directory / "none").exists()


def test_refusals_without_a_session(program: Path, tmp_path: Path) -> None:
    check_refusals_without_a_session(program, tmp_path)


def check_refusals_in_a_session(program: Path, directory: Path) -> None:
    """Nothing of what is refused changes what the session learns."""
    pupil, lines, images = Pupil(), [], random_images(12, 3)
    images.tofile(directory / "images")
    rule, other = rule_file(directory / "rule", RULE), rule_file(directory / "other", OTHER)
    for seed in (1, 2):
        taught = lessons(10, seed)
        pupil.learn(*taught)
        lines.append(f"learn {lessons_file(directory / f'lessons{seed}', taught)} 10 0")
    wrong = (*lessons(5, 3)[:1], np.array([0, 1, 2, CLASSES, 3]), *lessons(5, 3)[2:])
    refused = [
        (f"start {other} 0 1", LEARN_REFUSED), (f"start {other} 1 1", LEARN_REFUSED),
        (f"learn {lessons_file(directory / 'wrong', wrong)} 5 0", BAD_LABEL),
        (correction(21, CLASSES), BAD_LABEL), (correction(0, 1), UNKNOWN_IMAGE), (correction(40, 1), UNKNOWN_IMAGE),
        (correction(4096 + 21, 1), UNKNOWN_IMAGE), (f"save {directory / 'none'} 0 0", LEARN_REFUSED),
        (f"load {directory / 'start.bank'} 1 0", REFUSED),
    ]  # fmt: skip
    for name, value in (
        ("local_margin", 1 << MARGIN_BITS), ("own_margin", 1 << MARGIN_BITS), ("generic_margin", 1 << 31),
        ("local_shift", SMALLEST_SHIFT - 1), ("local_shift", LARGEST_SHIFT + 1), ("gate_shift", LARGEST_SHIFT + 1),
        ("gate_shift", 0), ("seed", 0),
    ):  # fmt: skip
        bad = rule_file(directory / f"{name}{value}", OTHER, **{name: value})
        refused += [(f"rule {bad} 0 0", BAD_RULE), (f"start {bad} 1 0", BAD_RULE)]
    printed = calls(
        program, *begin(directory), f"start {rule} 1 0", lines[0], f"classify {directory / 'images'} 0 0",
        "protect - 1 1", *(line for line, _ in refused), lines[1], "commit - 0 0", f"save {directory / 'learned'} 1 0",
        f"save {directory / 'start'} 0 0", f"start {rule} 1 0", "protect - 1 0", f"start {rule} 1 0",
    )[9:]  # fmt: skip
    assert statuses(printed) == [*(status for _, status in refused), OK, OK, OK, OK, LEARN_REFUSED, OK, OK]
    assert reasons(printed) == [*["ALREADY_OPEN"] * 3, "BANK_PROTECTED"]
    answered = next(entry for entry in printed if entry["call"] == "learn" and entry["status"] == OK)
    assert answered["results"][0][3] == 22  # no image was sent meanwhile
    assert saved(directory / "learned").digest() == pupil.learner.bank().digest()
    assert saved(directory / "start").digest() == START.digest() and not (directory / "none").exists()


def test_refusals_in_a_session(program: Path, tmp_path: Path) -> None:
    check_refusals_in_a_session(program, tmp_path)


@pytest.mark.parametrize(
    ("source", "old", "new", "check"),
    [
        (LEARN, "return state == MOE_LEARN_STATE_OPEN ? MOE_OK :", "return state != state + 1 ? MOE_OK :", "without"),
        (LEARN, "if (bank >= device->banks)", "if (bank > 255)", "without"),
        (LEARN, "if (expert >= device->local_experts)", "if (expert > 255)", "without"),
        (DRIVER, "if (size / 4 < device->bank_words) return MOE_NO_SPACE;", "(void)size;", "without"),
        (LEARN, "state == MOE_LEARN_STATE_OPEN || state == MOE_LEARN_STATE_CLOSING", "state == MOE_LEARN_STATE_CLOSING",
         "in"),
        (LEARN, "if (labels[i].answer >= device->classes) return MOE_BAD_LABEL;", "", "in"),
        (LEARN, "if (sequence > LAST_SEQUENCE) return MOE_UNKNOWN_IMAGE;", "", "in"),
        (LEARN, "return GET(word, ERRORS__CORRECTION_REFUSED) ? MOE_UNKNOWN_IMAGE : MOE_OK;", "return MOE_OK;", "in"),
        (LEARN, "is_shift(rule->gate_shift) && rule->seed", "is_shift(rule->gate_shift)", "in"),
    ],
    ids=["no session", "bank", "expert", "space", "second session", "label", "sequence", "unknown image", "seed"],
)  # fmt: skip
def test_a_missing_refusal_is_seen(tmp_path: Path, source: Path, old: str, new: str, check: str) -> None:
    altered = {"driver" if source == DRIVER else "learn": mutate(source, old, new)}
    defective = compile_with_device(tmp_path, PROGRAM, **altered)
    checks = {"without": check_refusals_without_a_session, "in": check_refusals_in_a_session}
    with pytest.raises(AssertionError):
        checks[check](defective, tmp_path)


def test_a_bank_is_read_in_any_mode(program: Path, tmp_path: Path) -> None:
    """Local experts and gate wake for it."""
    modes = (Mode.GE_ONLY, Mode.OFF, Mode.LE_ONLY, Mode.MOE_GATED)
    work = [line for mode in modes for line in (f"mode - {int(mode)} 0", f"save {tmp_path / mode.name} 0 0")]
    assert set(statuses(calls(program, *begin(tmp_path), *work))[5:]) == {OK}
    assert {saved(tmp_path / mode.name).digest() for mode in modes} == {START.digest()}


def test_bus_errors_are_reported(program: Path, tmp_path: Path) -> None:
    """An access of every call that fails."""
    rule, taught = rule_file(tmp_path / "rule", RULE), lessons_file(tmp_path / "lessons", lessons(3, 1))
    lines = [*begin(tmp_path), f"start {rule} 1 0", f"learn {taught} 3 0"]
    work = [(f"start {rule} 1 0", 1), (f"rule {rule} 0 0", 3), (f"learn {taught} 3 0", 3), (correction(1, 1), 5),
            ("lessons - 0 0", 6), ("protect - 1 1", 1), ("protect - 1 1", 2), (f"save {tmp_path / 'x'} 0 0", 4),
            ("cancel - 0 0", 1), ("commit - 0 0", 2)]  # fmt: skip
    for call, access in work:
        lines += [f"fail_at - {access} 0", call, "fail_at - -1 0"]
    printed = calls(program, *lines)
    assert set(statuses(printed)[:7]) == {OK}
    assert statuses(printed)[8::3] == [BUS_ERROR] * len(work)


# ---- Mapped registers ------------------------------------------------------------------------------------------------
class Io(ctypes.Structure):
    """``moe_io`` without streams."""

    _fields_ = [
        (name, ctypes.c_void_p)
        for name in ("bus", "read32", "write32", "streams", "send", "receive", "send_labelled")
    ]  # fmt: skip


@pytest.mark.parametrize("state", ["CLOSING", "COMMITTED"])
def test_a_session_that_does_not_end_is_reported(tmp_path: Path, state: str) -> None:
    """Memory in the place of registers: its status never changes."""
    library = compile_c(tmp_path, [DRIVER, LEARN, C / "moe_mmio.c"], "-shared", "-fPIC")
    shared, memory = ctypes.CDLL(str(library)), (ctypes.c_uint32 * 1024)()
    memory[register("id").address // 4] = register("id")["magic"].reset
    memory[register("version").address // 4] = register("version").pack(major=VERSION[0], minor=VERSION[1])
    memory[register("learn_status").address // 4] = encodings()["learn_state"][state]
    memory[register("learn_crc").address // 4] = 0x12345678
    functions = (ctypes.cast(call, ctypes.c_void_p) for call in (shared.moe_mmio_read32, shared.moe_mmio_write32))
    io, device, crc = Io(ctypes.addressof(memory), *functions), ctypes.create_string_buffer(1024), ctypes.c_uint32()
    assert shared.moe_open(device, ctypes.byref(io)) == OK
    found = shared.moe_learn_commit(device, True, ctypes.byref(crc))
    assert (found, crc.value) == ((TIMEOUT, 0) if state == "CLOSING" else (OK, 0x12345678))
    assert memory[register("learn_command").address // 4] == register("learn_command").pack(commit=1, activate=1)
