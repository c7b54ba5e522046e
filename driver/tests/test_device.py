# SPDX-License-Identifier: Apache-2.0
"""The simulated device through the driver: identity, modes, banks and their refusal, counters, framing, interrupt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from driver import Accelerator, Counters, DriverError
from driver.accelerator import REASONS
from driver.tests.devices import design, open_device
from driver.tests.golden_device import GoldenDevice
from golden.descriptor import Settings
from hw.regs.map import encodings
from spec.bank import random_bank
from spec.bank_file import device_words
from spec.network import NO_CLASS, RUNNING_MODES, Mode
from spec.presets import load_accelerator
from spec.tiny_variants import random_images


@pytest.fixture
def device():
    with open_device() as opened:
        yield opened


def test_devices_are_independent() -> None:
    """Verilator's runtime keeps the context of the device opened last for the whole thread."""
    images = random_images(2, 1)
    first, second = open_device(), open_device()
    for opened in (first, second):
        opened.set_mode(Mode.GE_ONLY)
    expected = second.classify(images).classes
    second.close()
    assert (first.classify(images).classes == expected).all()
    first.close()


def stream_of(seed: int) -> np.ndarray:
    return device_words(random_bank(design().moe, seed), design().moe, design().folding)


def result_words(device: Accelerator, images: np.ndarray) -> np.ndarray:
    return device.transport.stream(images.reshape(len(images), -1))


def test_says_what_it_is(device: Accelerator) -> None:
    moe = design().moe
    assert device.banks == design().folding.weight_banks
    assert device.local_experts == moe.local_experts
    assert device.read("capability.classes") == moe.network.classes
    assert device.read("capability.gate_hidden") == moe.gate.layers[0].outputs
    assert device.read("capability.gate_confidence") == 1
    assert device.image_beats == moe.network.in_shape.size
    assert device.read("bank_words.words") == len(stream_of(0))


def test_another_design_is_refused(device: Accelerator) -> None:
    with pytest.raises(DriverError, match="built for the global expert"):
        Accelerator(device.transport, load_accelerator())


def test_another_folding_is_refused(device: Accelerator) -> None:
    layers = design().folding.layers
    folding = replace(design().folding, layers={**layers, "le_out": replace(layers["le_out"], simd=1)})
    with pytest.raises(DriverError, match="built for the gate, shapes and folding"):
        Accelerator(device.transport, replace(design(), folding=folding))


def test_every_reason_has_words() -> None:
    assert set(REASONS) == set(encodings()["bank_reason"])


@pytest.mark.parametrize("mode", RUNNING_MODES)
def test_power_on_without_a_bank(device: Accelerator, mode: Mode) -> None:
    """MoE modes answer as the GE does and say so; LE_ONLY says that nobody answered; GE_ONLY needs no bank."""
    images = random_images(5, 3)
    golden = GoldenDevice(design())
    device.set_mode(mode)
    results = device.classify(images)
    alone = golden.model.run(images, Mode.GE_ONLY, None).classes
    if mode == Mode.LE_ONLY:
        assert (results.classes == NO_CLASS).all() and (results.experts == 1).all()
    else:
        assert (results.classes == alone).all() and (results.experts == 0).all()
    assert (results.no_bank == (mode != Mode.GE_ONLY)).all()
    assert device.read("errors.no_bank") == (mode != Mode.GE_ONLY)


def test_mode_off_takes_nothing(device: Accelerator) -> None:
    with pytest.raises(DriverError, match="mode OFF"):
        device.classify(random_images(1, 0))
    device.transport.send(random_images(1, 0).ravel())
    assert len(device.transport.receive(1, timeout=3000)[0]) == 0
    device.set_mode(Mode.GE_ONLY)
    assert len(device.transport.receive(1)[0]) == 1


def wait_until_accepted(device: Accelerator, limit: int = 100_000) -> None:
    """Run until every pixel that was sent has been taken."""
    for _ in range(limit // 20):
        if not device.transport.pixels_waiting:
            return
        device.transport.run(20)
    raise AssertionError(f"{device.transport.pixels_waiting} pixels were not taken in {limit} cycles")


# ---- Random images, modes, banks and enables against the golden device -----------------------------------------------
def random_work(device: Accelerator, images: int, seed: int) -> tuple[int, GoldenDevice]:
    """Run groups of images with random settings, which change while images are in flight.

    Returns:
        Number of wrong result words, and the golden device with its counts.
    """
    rng = np.random.default_rng(seed)
    golden = GoldenDevice(design())
    for number in range(device.banks - 1):  # the last bank stays invalid
        bank = random_bank(design().moe, 10 + number)
        device.load_user(bank, number, activate=False)
        golden.banks[number] = bank
    words, expected, left = [], [], images
    while left:
        count = min(left, int(rng.integers(1, 12)))
        left -= count
        enabled = rng.random() < 0.7
        settings = Settings(
            mode=int(rng.choice(RUNNING_MODES)),
            bank=int(rng.integers(device.banks)),
            local_expert=int(rng.integers(8)),
            theta=int(rng.choice([0, rng.integers(-(1 << 20), 1 << 20), rng.integers(-(1 << 31), 1 << 31)])),
            ge_enable=1 if enabled else int(rng.integers(2)),
            le_enable=0xFF if enabled else int(rng.integers(256)),
        )
        device.set_mode(Mode(settings.mode))
        device.write("bank_select", bank=settings.bank)
        device.set_local_expert(settings.local_expert)
        device.set_threshold(settings.theta)
        device.set_experts(bool(settings.ge_enable), settings.le_enable)
        group = random_images(count, int(rng.integers(1 << 30)))
        for image in group:
            device.transport.send(image.ravel())
        wait_until_accepted(device)  # results may be on their way
        expected.append(golden.answer(group, settings))
    words, _ = device.transport.receive(images)
    wrong = np.concatenate(expected) != words if len(words) == images else np.ones(images)
    return int(wrong.sum()), golden


def check_counters(counters: Counters, golden: GoldenDevice) -> None:
    """Every counter that the golden models know, exactly."""
    counts = golden.counts
    assert counters.images_in == counters.images_out == counts.images
    assert counters.answers_ge == counts.answers_ge
    assert list(counters.answers_le) == counts.answers_le[: len(counters.answers_le)]
    assert counters.answers_nobody == counts.answers_nobody
    assert counters.images_no_bank == counts.images_no_bank
    assert counters.feature_store_writes == counts.store_writes
    assert counters.feature_store_reads == counts.store_reads
    for name in ("fe", "ge", "le", "gn"):
        for kind in ("macs", "weight_reads", "buffer_writes"):
            counted, expected = getattr(counters.domains[name], kind), getattr(getattr(counts, name), kind)
            assert counted == expected, f"{name}.{kind} is {counted}, the golden model counts {expected}"


def test_answers_and_counters_over_random_images_and_modes(device: Accelerator) -> None:
    device.transport.pauses(5)
    wrong, golden = random_work(device, 1000, seed=2)
    assert wrong == 0
    counters = device.counters()
    check_counters(counters, golden)
    # The work had everything in it.
    counts = golden.counts
    assert min(counts.answers_ge, *counts.answers_le[:2], counts.answers_nobody, counts.images_no_bank) > 10
    assert 0 < counts.store_reads < counts.store_writes
    assert counters.bank_words_written == 2 * (len(stream_of(0)) - 9)
    assert 0 < counters.stall_in < counters.cycles and 0 < counters.stall_out < counters.cycles


COUNTER_DEFECTS = {
    "counts a MAC too few": ("activity_counters.sv", "CounterW'(GeStepMacs[l])", "CounterW'(GeStepMacs[l] - 1'b1)"),
    "counts offered images": ("activity_counters.sv", "one_if(taken);\n    increment.answers_nobody",
                              "one_if(result_valid_i);\n    increment.answers_nobody"),
    "forgets a gate layer": ("runtime_head.sv", ".activity_o (activity_o[Layers-1])", ".activity_o ()"),
    "counts dropped features": ("ge_branch.sv", "store_read_o  = taken;",
                               "store_read_o  = store_write_o;"),
}  # fmt: skip


@pytest.mark.parametrize("defect", COUNTER_DEFECTS.values(), ids=COUNTER_DEFECTS)
def test_a_broken_counter_is_seen(defect: tuple[str, str, str]) -> None:
    with open_device(defect) as device:
        device.transport.pauses(5)
        wrong, golden = random_work(device, 150, seed=2)
        assert wrong == 0  # answers do not depend on counters
        with pytest.raises(AssertionError):
            check_counters(device.counters(), golden)


def test_counters_clear_loses_nothing(device: Accelerator) -> None:
    device.set_mode(Mode.GE_ONLY)
    total, cycles = 0, 0
    for image in random_images(12, 8):
        device.transport.send(image.ravel())
        device.transport.run(100)
        counters = device.counters(clear=True)
        total += counters.images_in
        cycles += counters.cycles
    device.transport.receive(12)
    earliest = device.transport.cycles
    device.write("counter_snapshot", snapshot=1)
    latest = device.transport.cycles
    counters = Counters.collect(device.read64, device.local_experts)
    assert total + counters.images_in == 12
    reset_cycles = 5
    assert earliest - reset_cycles <= cycles + counters.cycles <= latest


# ---- Banks -----------------------------------------------------------------------------------------------------------
def test_swap_time(device: Accelerator) -> None:
    """Commands included, a word of a bank costs few enough cycles that LE and GN of LeNet swap in 1 ms at 100 MHz."""
    before = device.transport.cycles
    device.load_user(random_bank(design().moe, 1))
    per_word = (device.transport.cycles - before) / len(stream_of(1))
    assert per_word * 5455 <= 100_000  # words of the preset ecp5_85, rich


def damaged(kind: str) -> np.ndarray:
    words = stream_of(1).copy()
    index = {"magic": 0, "version": 1, "ge": 2, "ge high": 3, "layout": 4, "layout high": 5, "length": 6, "reserved": 7}
    if kind in index:
        words[index[kind]] += 1
    elif kind == "payload":
        words[20] ^= 1 << 7
    elif kind == "crc":
        words[-1] ^= 1
    elif kind == "truncated":
        words = words[:-1]
    elif kind == "empty":
        words = words[:0]
    elif kind == "overlong":
        words = np.append(words, np.uint32(0))
    return words


REFUSALS = {
    "magic": "BAD_MAGIC", "version": "BAD_VERSION", "ge": "FOREIGN_GE", "ge high": "FOREIGN_GE",
    "layout": "FOREIGN_LAYOUT", "layout high": "FOREIGN_LAYOUT", "length": "BAD_LENGTH", "reserved": "BAD_VERSION",
    "payload": "CRC_MISMATCH", "crc": "CRC_MISMATCH", "truncated": "INCOMPLETE", "empty": "INCOMPLETE",
    "overlong": "OVERRUN",
}  # fmt: skip


def test_damaged_banks_are_refused_with_the_reason(device: Accelerator) -> None:
    """The bank in force goes on answering, and afterwards a good one is taken."""
    images = random_images(6, 4)
    golden = GoldenDevice(design())
    golden.banks[0] = random_bank(design().moe, 7)
    device.load_user(golden.banks[0], 0)
    device.set_mode(Mode.MOE_GATED)
    for kind, reason in REFUSALS.items():
        with pytest.raises(DriverError, match=REASONS[reason]):
            device.load_stream(damaged(kind), 1)
        assert device.read("bank_valid.valid") == 1, kind
        assert device.read("bank_select.bank") == 0, kind
        expected = golden.answer(images, Settings(Mode.MOE_GATED))
        np.testing.assert_array_equal(result_words(device, images), expected, err_msg=kind)
    assert device.read("errors.bank_refused") == 1
    assert device.load_stream(damaged("none"), 1) == 1
    assert device.read("bank_valid.valid") == 3 and device.read("bank_select.bank") == 1


def test_commands_in_the_wrong_place(device: Accelerator) -> None:
    with pytest.raises(DriverError, match=REASONS["NO_SUCH_BANK"]):
        device.load_stream(stream_of(1), device.banks)
    device.load_stream(stream_of(1), 0)
    with pytest.raises(DriverError, match=REASONS["BANK_ACTIVE"]):
        device.load_stream(stream_of(2), 0)
    device.write("bank_command", commit=1)
    assert device.read("bank_status.reason") == encodings()["bank_reason"]["BANK_ACTIVE"]
    device.transport.reset()
    device.write("bank_command", commit=1)
    assert device.read("bank_status.reason") == encodings()["bank_reason"]["NOT_STARTED"]
    with pytest.raises(DriverError, match="no valid weights"):
        device.select_bank(2)


def test_fuzzed_streams_never_become_valid(device: Accelerator) -> None:
    """Random damage to stream and commands: nothing hangs, nothing wrong is committed, the user in force stays."""
    rng = np.random.default_rng(11)
    images = random_images(3, 5)
    golden = GoldenDevice(design())
    golden.banks[0] = random_bank(design().moe, 7)
    device.load_user(golden.banks[0], 0)
    device.set_mode(Mode.MOE_PARALLEL)
    good = stream_of(1)
    for trial in range(150):
        words = good.copy()
        for _ in range(rng.integers(1, 4)):
            words[rng.integers(len(words))] = rng.integers(1 << 32)
        words = words[: rng.integers(len(words) + 1)] if rng.integers(3) == 0 else words
        if rng.integers(4) == 0:
            words = np.insert(words, rng.integers(len(words) + 1), rng.integers(1 << 32, dtype=np.uint32))
        with pytest.raises(DriverError):
            device.load_stream(words, int(rng.integers(16)))
        assert device.read("bank_valid.valid") == 1
        if trial % 30 == 0:
            expected = golden.answer(images, Settings(Mode.MOE_PARALLEL))
            np.testing.assert_array_equal(result_words(device, images), expected)


def test_a_loader_without_crc_is_seen() -> None:
    defect = ("bank_loader.sv", "else if (crc_q != CrcResidue) commit_reason = bank_reason__CRC_MISMATCH;", "")
    with open_device(defect) as device:
        assert device.load_stream(damaged("payload"), 1) == 1  # what the tests above would refuse to see


# ---- Streams and interrupt -------------------------------------------------------------------------------------------
def test_result_packets(device: Accelerator) -> None:
    device.set_mode(Mode.GE_ONLY)
    for length, expected in ((1, [1, 1, 1, 1]), (3, [0, 0, 1, 0]), (4, [0, 0, 0, 1]), (0, [1, 1, 1, 1])):
        device.write("result_packet", results=length)
        for image in random_images(4, 1):
            device.transport.send(image.ravel())
        _, last = device.transport.receive(4)
        assert last.tolist() == expected


def test_framing_by_length(device: Accelerator) -> None:
    """One long transfer, TLAST only at its end, as a DMA sends it."""
    images = random_images(5, 6)
    golden = GoldenDevice(design())
    device.set_mode(Mode.GE_ONLY)
    device.write("pixel_framing", by_length=1)
    device.transport.send(images.ravel())
    np.testing.assert_array_equal(device.transport.receive(5)[0], golden.answer(images, Settings(Mode.GE_ONLY)))
    device.write("pixel_framing", by_length=0)
    device.transport.send(images.ravel())
    words, _ = device.transport.receive(2, timeout=5000)
    assert len(words) == 1 and words[0] >> 13 & 1, "five images without TLAST between them are one that is too long"
    assert device.read("errors.long_image") == 1


def test_framing_by_length_counts_from_when_it_is_switched_on(device: Accelerator) -> None:
    """Whatever was sent with TLAST before, here an image that is too short."""
    images = random_images(3, 7)
    golden = GoldenDevice(design())
    device.set_mode(Mode.GE_ONLY)
    device.transport.send(images[0].ravel()[:50])
    assert device.transport.receive(1)[0][0] >> 12 & 1
    device.write("pixel_framing", by_length=1)
    device.transport.send(images.ravel())
    words = device.transport.receive(3, timeout=50_000)[0]
    expected = golden.answer(images, Settings(Mode.GE_ONLY))
    np.testing.assert_array_equal(words & 0xFFFFF, expected & 0xFFFFF)  # all but the sequence number


def test_short_image_interrupt_and_sticky_error(device: Accelerator) -> None:
    device.set_mode(Mode.GE_ONLY)
    device.write("irq_enable", image_error=1)
    device.classify(random_images(1, 1))
    assert not device.transport.interrupt
    device.transport.send(random_images(1, 2).ravel()[:50])
    words, _ = device.transport.receive(1)
    assert words[0] >> 12 & 1
    device.transport.run(5)
    assert device.transport.interrupt
    assert device.read("errors.short_image") == 1 and device.counters().images_short == 1
    device.write("irq_status", image_error=1)
    device.write("errors", short_image=1)
    device.transport.run(5)
    assert not device.transport.interrupt and device.read("errors.short_image") == 0
