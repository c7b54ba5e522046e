# SPDX-License-Identifier: Apache-2.0
"""The C driver, compiled and run on the simulated device: the same answers, counters and refusals as in Python."""

from __future__ import annotations

import ctypes
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from driver import Counters, Results
from driver.accelerator import ID, REASONS, VERSION
from driver.lessons import REASONS as LEARN_REASONS
from driver.tests.c_driver import DRIVER, LEARN, PROGRAM, C, calls, compile_c, compile_with_device
from driver.tests.devices import design
from driver.tests.golden_device import GoldenDevice
from golden.descriptor import Settings
from hw.regs.map import encodings, register
from spec.bank import random_bank
from spec.bank_file import device_words, digest_words, save_bank
from spec.network import RUNNING_MODES, Mode
from spec.tiny_variants import random_images
from tools.cocotb_run import mutate

HEADER = C / "moe_driver.h"
OK, BUS_ERROR, REFUSED, NOT_VALID, OFF = 0, 1, 5, 7, 8


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_with_device(tmp_path_factory.mktemp("c"), PROGRAM)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """Driver and register access for a processor, without any device."""
    library = compile_c(tmp_path_factory.mktemp("so"), [DRIVER, LEARN, C / "moe_mmio.c"], "-shared", "-fPIC")
    loaded = ctypes.CDLL(str(library))
    for text in (loaded.moe_reason_text, loaded.moe_learn_reason_text, loaded.moe_status_text):
        text.restype = ctypes.c_char_p
    return loaded


def bank_file(directory: Path, seed: int) -> Path:
    path = directory / f"user{seed}.bank"
    save_bank(path, random_bank(design().moe, seed), design().moe, design().folding, {})
    return path


# ---- Answers and counters -------------------------------------------------------------------------------------------
def work(directory: Path) -> tuple[list[str], GoldenDevice, list[np.ndarray]]:
    """Calls that load two users and classify in all modes; the golden device after them and its result words."""
    rng = np.random.default_rng(4)
    golden = GoldenDevice(design())
    lines = ["open - 0 0"]
    for number in range(2):  # bank 2 stays invalid
        lines.append(f"load {bank_file(directory, 10 + number)} {number} 0")
        golden.banks[number] = random_bank(design().moe, 10 + number)
    words = []
    for group in range(16):
        settings = Settings(
            mode=RUNNING_MODES[group % 4],
            bank=int(rng.integers(2)),
            local_expert=int(rng.integers(2)),
            theta=int(rng.choice([0, rng.integers(-(1 << 20), 1 << 20), rng.integers(-(1 << 31), 1 << 31)])),
            ge_enable=1 if group < 8 else int(rng.integers(2)),
            le_enable=0xFF if group < 8 else int(rng.integers(4)),
        )
        images = random_images((1, 7, 8, 9, 17, 24)[group % 6], group)  # around the driver's groups of 8
        images.tofile(file := directory / f"images{group}")
        lines += [
            f"mode - {settings.mode} 0", f"select - {settings.bank} 0", f"local_expert - {settings.local_expert} 0",
            f"threshold - {settings.theta} 0", f"experts - {settings.ge_enable} {settings.le_enable}",
            f"classify {file} 0 0",
        ]  # fmt: skip
        words.append(golden.answer(images, settings))
    return [*lines, "counters - 1 0", "counters - 0 0"], golden, words


def check_work(printed: list[dict], golden: GoldenDevice, words: list[np.ndarray]) -> None:
    """Every field of every result, and every counter that the golden models know."""
    assert all(entry["status"] == OK for entry in printed), printed
    answered = [entry["results"] for entry in printed if entry["call"] == "classify"]
    for found, expected in zip(answered, words, strict=True):
        e = Results.decode(expected)
        columns = (e.classes, e.experts, e.banks, e.sequence, e.short, e.long, e.no_bank, e.disabled)
        np.testing.assert_array_equal(np.array(found), np.stack([field.astype(int) for field in columns], axis=1))
    counters, counts = printed[-2], golden.counts
    assert set(counters) == {"call", "status", "text"} | {field.name for field in fields(Counters)}
    assert counters["images_in"] == counters["images_out"] == counts.images
    assert counters["answers_le"] == counts.answers_le
    for name, expected in {
        "answers_ge": counts.answers_ge, "answers_nobody": counts.answers_nobody,
        "images_no_bank": counts.images_no_bank, "images_short": 0, "images_long": 0,
        "feature_store_writes": counts.store_writes, "feature_store_reads": counts.store_reads,
        "bank_words_written": 2 * (len(stream(1)) - 9),
    }.items():  # fmt: skip
        assert counters[name] == expected, name
    for name in ("fe", "ge", "le", "gn"):
        for kind in ("macs", "weight_reads", "buffer_writes"):
            assert counters["domains"][name][kind] == getattr(getattr(counts, name), kind), (name, kind)
        domain = counters["domains"][name]
        assert 0 < domain["active_cycles"] <= domain["on_cycles"] <= counters["cycles"], name
    assert printed[-1]["images_in"] == 0 < printed[-1]["cycles"] < counters["cycles"]  # the first one cleared


def stream(seed: int) -> np.ndarray:
    return device_words(random_bank(design().moe, seed), design().moe, design().folding)


def test_answers_and_counters_in_all_modes(program: Path, tmp_path: Path) -> None:
    lines, golden, words = work(tmp_path)
    check_work(calls(program, *lines), golden, words)
    counts = golden.counts  # the work had everything in it
    assert min(counts.answers_ge, *counts.answers_le[:2], counts.answers_nobody) > 0
    assert 0 < counts.store_reads < counts.store_writes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("result.expert = (uint8_t)(word >> 8 & 0xf);", "result.expert = (uint8_t)(word >> 8 & 0x1);"),
        ("  COUNTER(answers_nobody);\n", "  counters->answers_nobody = 0;\n"),
        ("const uint32_t base = d *", "const uint32_t base = (d ^ 1) *"),
        ("PUT(le, EXPERT_ENABLE__LE)", "PUT(le >> 1, EXPERT_ENABLE__LE)"),
        ("PUT(group, RESULT_PACKET__RESULTS)", "PUT(MOE_GROUP, RESULT_PACKET__RESULTS)"),
        ("PUT(1, PIXEL_FRAMING__BY_LENGTH)", "PUT(0, PIXEL_FRAMING__BY_LENGTH)"),
    ],
    ids=["expert", "counter left out", "domains swapped", "enables shifted", "packets", "framing"],
)
def test_a_defect_of_the_driver_is_seen(tmp_path: Path, old: str, new: str) -> None:
    defective = compile_with_device(tmp_path, PROGRAM, mutate(DRIVER, old, new))
    lines, golden, words = work(tmp_path)
    with pytest.raises(AssertionError):
        check_work(calls(defective, *lines), golden, words)


# ---- Identity, banks and errors -------------------------------------------------------------------------------------
def test_says_what_it_is(program: Path) -> None:
    moe = design().moe
    (opened,) = calls(program, "open - 0 0")
    assert opened["banks"] == design().folding.weight_banks and opened["local_experts"] == moe.local_experts
    assert opened["classes"] == moe.network.classes and opened["image_pixels"] == moe.network.in_shape.size
    assert opened["bank_words"] == len(stream(1))
    assert opened["ge_hash"] == digest_words(moe.network.digest()).tolist()


DAMAGE = {
    "magic": (0, "BAD_MAGIC"), "version": (4, "BAD_VERSION"), "ge": (8, "FOREIGN_GE"), "layout": (16, "FOREIGN_LAYOUT"),
    "length": (24, "BAD_LENGTH"), "reserved": (28, "BAD_VERSION"), "payload": (90, "CRC_MISMATCH"),
}  # fmt: skip


def test_damaged_files_are_refused_with_the_reason(program: Path, tmp_path: Path) -> None:
    """The bank in force goes on answering, and afterwards a good file is taken."""
    images = random_images(3, 4)
    images.tofile(tmp_path / "images")
    good = bank_file(tmp_path, 7)
    content = good.read_bytes()
    reasons = [reason for _, reason in DAMAGE.values()] + ["INCOMPLETE"] * 3
    for kind, (position, _) in DAMAGE.items():
        damaged = bytearray(content)
        damaged[position] ^= 1
        (tmp_path / kind).write_bytes(damaged)
    end = 4 * len(stream(7))
    for kind, size in (("truncated", end - 4), ("half a word", end - 1), ("empty", 0)):
        (tmp_path / kind.replace(" ", "_")).write_bytes(content[:size])
    files = [*DAMAGE, "truncated", "half_a_word", "empty"]
    lines = ["open - 0 0", f"mode - {int(Mode.MOE_PARALLEL)} 0", f"load {good} -1 1"]
    for file in files:
        lines += [f"load {tmp_path / file} -1 1", f"classify {tmp_path / 'images'} 0 0"]
    lines += [f"load {good} -1 1", "select - 0 0"]
    printed = calls(program, *lines)
    golden = GoldenDevice(design())
    golden.banks[0] = random_bank(design().moe, 7)
    assert (printed[2]["status"], printed[2]["number"]) == (OK, 0)
    for file, reason, load, answer in zip(files, reasons, printed[3:-2:2], printed[4:-2:2], strict=True):
        assert load["status"] == REFUSED, file
        assert load["reason"] == encodings()["bank_reason"][reason], file
        assert load["reason_text"] == REASONS[reason], file
        expected = Results.decode(golden.answer(images, Settings(Mode.MOE_PARALLEL)))
        assert [result[0] for result in answer["results"]] == expected.classes.tolist(), file
        assert {result[2] for result in answer["results"]} == {0}, file
    assert (printed[-2]["status"], printed[-2]["number"], printed[-1]["status"]) == (OK, 1, OK)


def test_calls_in_the_wrong_place(program: Path, tmp_path: Path) -> None:
    good = bank_file(tmp_path, 7)
    random_images(1, 1).tofile(tmp_path / "images")
    printed = calls(
        program, "open - 0 0", f"classify {tmp_path / 'images'} 0 0", f"load {good} 0 1", f"load {good} 0 1",
        f"load {good} 3 1", f"load {good} 16 1", "select - 1 0", "select - 16 0", "forget - 16 0",
        f"mode - {int(Mode.LE_ONLY)} 0", f"classify {tmp_path / 'images'} 0 0", "forget - 0 0",
        f"classify {tmp_path / 'images'} 0 0", "select - 0 0",
    )  # fmt: skip
    reason = encodings()["bank_reason"]
    assert [entry["status"] for entry in printed] == [
        OK, OFF, OK, REFUSED, REFUSED, REFUSED, NOT_VALID, NOT_VALID, REFUSED, OK, OK, OK, OK, NOT_VALID,
    ]  # fmt: skip
    refused = [entry["reason"] for entry in printed if entry["status"] == REFUSED]
    assert refused == [reason["BANK_ACTIVE"], *[reason["NO_SUCH_BANK"]] * 3]
    before, after = (entry["results"][0] for entry in (printed[10], printed[12]))
    assert before[6] == 0 and before[0] != 255
    assert after[6] == 1 and after[0] == 255  # forgotten


def test_bus_errors_are_reported(program: Path, tmp_path: Path) -> None:
    """A real SLVERR, and an access of every call that fails."""
    read_only = register("id").address
    good = bank_file(tmp_path, 7)
    random_images(9, 1).tofile(tmp_path / "images")
    work = [("mode - 1 0", 1), ("threshold - 5 0", 1), ("experts - 1 255", 1), ("local_expert - 1 0", 1),
            (f"load {good} -1 0", 100), (f"load {good} -1 0", 1), ("select - 0 0", 1), ("forget - 1 0", 2),
            (f"classify {tmp_path / 'images'} 0 0", 3), ("counters - 0 0", 20), ("open - 0 0", 3)]  # fmt: skip
    lines = ["open - 0 0", f"write - {read_only} 1", "mode - 1 0"]
    for call, access in work:
        lines += [f"fail_at - {access} 0", call, "fail_at - -1 0"]
    printed = calls(program, *lines)
    assert [entry["status"] for entry in printed[:3]] == [OK, BUS_ERROR, OK]
    assert [entry["status"] for entry in printed[4::3]] == [BUS_ERROR] * len(work)


# ---- The header against the register description --------------------------------------------------------------------
def encoding_checks() -> str:
    """C source that compiles only if the header's enumerations are those of the register description."""
    same = f"MOE_VERSION_MAJOR == {VERSION[0]} && MOE_VERSION_MINOR == {VERSION[1]}"
    lines = ['#include "moe_driver.h"', f"typedef char version[{same} ? 1 : -1];"]
    for enumeration in ("mode", "bank_state", "bank_reason", "learn_state", "learn_reason"):
        for name, value in encodings()[enumeration].items():
            constant = f"MOE_{enumeration.upper()}_{name}"
            lines.append(f"typedef char check_{constant}[{constant} == {value} ? 1 : -1];")
    for reason in ("bank_reason", "learn_reason"):
        count = f"MOE_{reason.upper()}_COUNT == {len(encodings()[reason])}"
        lines.append(f"typedef char count_{reason}[{count} ? 1 : -1];")
    return "\n".join([*lines, "int main(void) { return 0; }", ""])


def test_enumerations_are_those_of_the_registers(tmp_path: Path) -> None:
    (tmp_path / "check.c").write_text(encoding_checks())
    compile_c(tmp_path, [tmp_path / "check.c"])


@pytest.mark.parametrize(
    "old",
    [
        "MOE_MODE_MOE_GATED = 4", "MOE_BANK_STATE_REFUSED = 3", "MOE_BANK_REASON_OVERRUN = 7",
        "MOE_LEARN_STATE_CANCELLED = 4", "MOE_LEARN_REASON_BANK_PROTECTED = 7",
    ],
)  # fmt: skip
def test_another_enumeration_does_not_compile(tmp_path: Path, old: str) -> None:
    (tmp_path / "check.c").write_text(encoding_checks())
    altered = mutate(HEADER, old, old[:-1] + "9")
    with pytest.raises(AssertionError, match=old.split()[0]):
        compile_c(tmp_path, [tmp_path / "check.c"], "-include", str(altered))


def test_texts_are_those_of_the_python_driver(shared: ctypes.CDLL) -> None:
    for kind, text, words in (
        ("bank_reason", shared.moe_reason_text, REASONS),
        ("learn_reason", shared.moe_learn_reason_text, LEARN_REASONS),
    ):
        for name, value in encodings()[kind].items():
            assert text(value).decode() == words[name]
        assert text(len(words)) == b"there is no such reason"
    statuses = re.search(r"typedef enum moe_status \{(.*?)\}", HEADER.read_text(), re.DOTALL)[1].count("MOE_") - 1
    texts = [shared.moe_status_text(status) for status in range(statuses)]
    assert len(set(texts)) == statuses and b"there is no such status" not in texts
    assert shared.moe_status_text(statuses) == b"there is no such status"


# ---- Mapped registers -----------------------------------------------------------------------------------------------
class Io(ctypes.Structure):
    """``moe_io`` without streams."""

    _fields_ = [
        (name, ctypes.c_void_p) for name in ("bus", "read32", "write32", "streams", "send", "receive", "send_labelled")
    ]


NO_DEVICE, OTHER_VERSION = 3, 4
MAJOR, MINOR = VERSION


@pytest.mark.parametrize(
    ("magic", "version", "status"),
    [
        (ID, (MAJOR, MINOR), OK),
        (ID, (MAJOR, MINOR + 1), OK),
        (ID ^ 1, (MAJOR, MINOR), NO_DEVICE),
        (0, (0, 0), NO_DEVICE),
        (ID, (MAJOR + 1, MINOR), OTHER_VERSION),
        (ID, (MAJOR, MINOR - 1), OTHER_VERSION),
    ],
)
def test_mapped_registers(shared: ctypes.CDLL, magic: int, version: tuple[int, int], status: int) -> None:
    """Memory in the place of registers: what opening reads and writes is where the description says."""
    memory = (ctypes.c_uint32 * 1024)()
    memory[register("id").address // 4] = magic
    memory[register("version").address // 4] = register("version").pack(major=version[0], minor=version[1])
    functions = (
        ctypes.cast(function, ctypes.c_void_p) for function in (shared.moe_mmio_read32, shared.moe_mmio_write32)
    )
    io = Io(ctypes.addressof(memory), *functions)
    device = ctypes.create_string_buffer(1024)
    assert shared.moe_open(device, ctypes.byref(io)) == status
    assert memory[register("pixel_framing").address // 4] == (status == OK)
    if status == OK:
        assert shared.moe_set_threshold(device, -5) == OK
        assert memory[register("theta").address // 4] == 2**32 - 5
