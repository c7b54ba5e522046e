# SPDX-License-Identifier: Apache-2.0
"""The driver over a serial line to the simulated device's pins: answers, banks and lessons are the golden model's."""

from __future__ import annotations

import os
import pty
import socket
import tty
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from driver import Accelerator, DriverError
from driver.lessons import Session
from driver.serial_simulated import SerialBoard, build_serial
from driver.serial_transport import FileLink, SerialTransport
from driver.tests.devices import design
from driver.tests.golden_device import GoldenDevice
from driver.tests.golden_pupil import RULE, START, Pupil, lessons
from driver.transport import BusError, DeviceFault
from golden.descriptor import Settings
from hw.board import board_sources
from hw.board.boards import Board, load_board
from hw.gen.build import generate
from spec.bank import random_bank
from spec.bank_file import device_words
from spec.network import Mode
from spec.tiny_variants import random_images
from tools.cocotb_run import with_mutant

TIMEOUT = 1.0  # s; the simulation is slower than a board. On a busy machine a late answer is asked for again
CLEAN_TIMEOUT = 30.0  # s; where nothing may be asked for again: what nothing disturbs is not lost, only late
TRIES = 30
NOISY = 120 * TIMEOUT  # s without progress: with noise, one request may need many tries


@cache
def library(change: tuple[str, str, str] | None = None, board: Board | None = None) -> Path:
    hardware = generate(design())
    sources = with_mutant(board_sources(hardware, board), *change) if change else ()
    return build_serial(hardware, sources, optimise=change is None and board is None, board=board)


@dataclass
class Bench:
    """A simulated board, and the device opened through its line."""

    board: SerialBoard
    device: Accelerator
    transport: SerialTransport


def sockets() -> tuple[int, int]:
    return tuple(end.detach() for end in socket.socketpair())


def terminal() -> tuple[int, int]:
    """The driver's end is a terminal as a port is one."""
    board, host = pty.openpty()
    tty.setraw(host)
    return board, host


@contextmanager
def opened(
    ends: Callable[[], tuple[int, int]] = sockets,
    change: tuple[str, str, str] | None = None,
    noise: float = 0.0,
    patience: float = NOISY,
    board: Board | None = None,
    timeout: float = TIMEOUT,
) -> Iterator[Bench]:
    device_end, host_end = ends()
    with (
        closing(FileLink(host_end, close=lambda: os.close(host_end))) as link,
        closing(SerialBoard(design(), device_end, library(change, board), board)) as simulated,
    ):
        simulated.noise(1, noise)
        transport = SerialTransport(link, timeout, TRIES, patience)
        yield Bench(simulated, Accelerator(transport, design()), transport)


def work(device: Accelerator) -> tuple[int, GoldenDevice]:
    """Classify in three modes with two users; images whose result is wrong, and the golden device."""
    golden = GoldenDevice(design())
    for number in range(2):
        golden.banks[number] = random_bank(design().moe, 10 + number)
        device.load_user(golden.banks[number], number, activate=False)
    wrong = 0
    for group, mode in enumerate((Mode.GE_ONLY, Mode.MOE_GATED, Mode.LE_ONLY)):
        settings = Settings(mode, bank=group % 2, theta=1000 * group)
        device.set_mode(mode)
        device.select_bank(settings.bank)
        device.set_threshold(settings.theta)
        images = random_images(7, group)
        found = device.classify(images)
        expected = type(found).decode(golden.answer(images, settings))
        fields = (getattr(found, name) != getattr(expected, name) for name in vars(found))
        wrong += int(np.logical_or.reduce(list(fields)).sum())
    return wrong, golden


def learned(device: Accelerator) -> tuple[bool, bool]:
    """Teach three labels and correct one answer; whether answers and the learned bank are the golden learner's."""
    device.set_mode(Mode.MOE_GATED)
    for number in (1, 0):  # neither is the selected one when its turn comes
        device.load_user(START, number)
    session, pupil = Session(device, RULE, bank=1), Pupil()
    taught = lessons(3, 1)
    same = session.learn(*taught).classes.tolist() == pupil.learn(*taught)
    images, labels, _, _ = lessons(2, 3)
    results = device.classify(images)
    pupil.learn(images[1:], labels[1:], [True], [True])
    session.correct(results.sequence[1], labels[1])
    before = device.read("learn_random.value")
    session.commit()
    return same and before == pupil.learner.random, device.read("learn_crc.value") == crc_of(pupil)


def crc_of(pupil: Pupil) -> int:
    return int(device_words(pupil.learner.bank(), design().moe, design().folding)[-1])


# ---- The whole way ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("ends", [sockets, terminal])
def test_answers_are_the_golden_models(ends: Callable[[], tuple[int, int]]) -> None:
    with opened(ends, timeout=CLEAN_TIMEOUT) as bench:
        assert work(bench.device)[0] == 0
        assert bench.transport.repeated == 0 and bench.transport.damage() == (0, 0, 0)


def test_learns_what_the_golden_learner_learns() -> None:
    with opened() as bench:
        assert learned(bench.device) == (True, True)


def test_noise_changes_nothing() -> None:
    """Bits, bytes and breaks at random on the line, both ways: the same answers, counters and weights."""
    with opened(noise=0.0005) as bench:
        wrong, golden = work(bench.device)
        assert wrong == 0
        counters = bench.device.counters()
        assert counters.images_in == counters.images_out == golden.counts.images  # none came twice
        assert learned(bench.device) == (True, True)
        bench.board.noise(0, 0.0)
        damaged, repeated, _ = bench.transport.damage()
        assert bench.board.spoilt > 5 and bench.transport.repeated > 3 and damaged > 0
        print(f"{bench.board.spoilt} spoilt bytes, {bench.transport.repeated} requests repeated, {repeated} answers")


WITH_NOISE = {
    "nothing": None,
    "takes any checksum": ("frame_receiver", "(crc == Residue) ? Full : Skip", "Full"),
}


@pytest.mark.parametrize("change", WITH_NOISE.values(), ids=WITH_NOISE)
def test_noise_finds_a_bridge_that_is_broken(change: tuple[str, str, str] | None) -> None:
    """Without the CRC much noise reaches answers, counters or banks; with it none. What else may break: verif/board."""
    with opened(change=change) as bench:
        assert work(bench.device)[0] == 0  # the line is clean
        images = random_images(20, 9)
        alone = GoldenDevice(design()).model.run(images, Mode.GE_ONLY, None).classes
        before = bench.device.counters().images_in
        bench.board.noise(1, 0.004)
        try:
            bench.device.set_mode(Mode.GE_ONLY)
            sound = (bench.device.classify(images).classes == alone).all()
            bench.board.noise(2, 0.001)  # a bank's frames are longer
            for _ in range(5 if sound else 0):
                bench.device.load_user(random_bank(design().moe, 1), 2, activate=False)
            bench.board.noise(0, 0.0)
            sound = sound and bench.device.counters().images_in == before + len(images)
        except DriverError as error:
            assert "nobody answered" not in str(error)  # too much noise to get through says nothing of the bridge
            sound = False
        assert sound == (change is None)


# ---- On a board ------------------------------------------------------------------------------------------------------
def test_a_boards_top_answers_in_its_own_time() -> None:
    """The PLL makes the clock; the line's rate is the other side's, and so a clock that is wrong is not understood."""
    board = load_board("ulx3s")
    with opened(terminal, board=board, timeout=CLEAN_TIMEOUT) as bench:
        assert work(bench.device)[0] == 0
        assert bench.transport.repeated == 0 and bench.transport.damage() == (0, 0, 0)


@pytest.mark.parametrize("change", [(".CLKFB_DIV   (FeedbackDiv),", ".CLKFB_DIV   (FeedbackDiv + 1),")])
def test_a_board_with_another_clock_is_not_understood(change: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driver.tests.test_serial.TRIES", 1)
    with (
        pytest.raises(DeviceFault, match="nobody answered|the device sent a stop bit that is low"),
        opened(change=("moe_ulx3s", *change), board=load_board("ulx3s")),
    ):
        pass


# ---- What goes wrong -------------------------------------------------------------------------------------------------
def test_errors_are_told() -> None:
    with opened() as bench:
        with pytest.raises(BusError, match="read of register address 0xffc was refused"):
            bench.transport.read(0xFFC)
        with pytest.raises(BusError, match="write to register address 0x1000 was refused"):
            bench.transport.write(0x1000, 1)
        with pytest.raises(BusError, match="write 1 of 600 to register address 0xffc"):
            bench.transport.write_burst(0xFFC, np.zeros(600, np.uint32))
        with pytest.raises(DriverError, match=r"images are \(1, 197\), the device takes \(N, 1 to 196\)"):
            bench.transport.stream(np.zeros((1, 197), np.uint8))


def test_images_of_somebody_before_are_dropped() -> None:
    """An image sent in mode OFF and given up does not become the first answer of the next ones."""
    with opened(patience=TIMEOUT) as bench:
        with pytest.raises(DeviceFault, match="the device gave fewer results than the 1 images have"):
            bench.transport.stream(random_images(1, 1).reshape(1, -1))  # OFF: it waits in the buffer
        bench.device.set_mode(Mode.GE_ONLY)
        images = random_images(4, 2)
        alone = GoldenDevice(design()).model.run(images, Mode.GE_ONLY, None).classes
        assert (bench.device.classify(images).classes == alone).all()


@pytest.mark.parametrize("ends", [sockets, terminal])
def test_why_the_device_stopped_is_told(ends: Callable[[], tuple[int, int]]) -> None:
    """In the end, and nobody waits for its answer meanwhile."""
    reason = "an assertion of the RTL failed at here.sv:1"
    with pytest.raises(DeviceFault, match=f"the simulated device stopped: {reason}"), opened(ends) as bench:
        bench.board._library.serial_failure = reason.encode
        bench.board._library.serial_run = lambda *_: 1
        with pytest.raises(DriverError, match="^the serial line (was closed|cannot be (read|written))"):
            bench.transport.read(0)


def test_a_silent_line_is_told() -> None:
    here, there = sockets()
    with pytest.raises(DeviceFault, match="nobody answered on the serial line in 0.1 s"):
        SerialTransport(FileLink(here), timeout=0.03, tries=3)
    os.close(there)
    with pytest.raises(DriverError, match="serial line (was closed by the other side|cannot be written: Broken pipe)"):
        SerialTransport(FileLink(here), timeout=0.01, tries=3)
    os.close(here)
