# SPDX-License-Identifier: Apache-2.0
"""The PYNQ transport on a stand-in for PYNQ: the results of the direct transport, and nothing that hangs a board."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from driver import Accelerator, DriverError
from driver.accelerator import REASONS
from driver.pynq import PynqTransport
from driver.tests.devices import design, library
from driver.tests.golden_device import GoldenDevice
from driver.tests.pynq_standin import Dma, Hung, Memory, Mmio
from driver.tests.test_device import check_counters, stream_of
from driver.verilated import VerilatedTransport
from golden.descriptor import Settings
from hw.regs.map import register
from spec.bank import random_bank
from spec.network import RUNNING_MODES, Mode
from spec.tiny_variants import random_images


@dataclass
class Board:
    """A board with the simulated device in its logic, and the device opened through PYNQ."""

    device: VerilatedTransport
    memory: Memory
    dma: Dma
    accelerator: Accelerator


def board(
    max_bytes: int = 1 << 20,
    transport: type[PynqTransport] = PynqTransport,
    dma_limit: int = 0,
    timeout: float = 30.0,
) -> Board:
    """``max_bytes`` is what the transport believes, ``dma_limit`` (default the same) what the DMA can do."""
    device, memory = VerilatedTransport(design(), library()), Memory()
    dma = Dma(device, memory, dma_limit or max_bytes)
    through = transport(Mmio(device), dma, memory.allocate, max_bytes, timeout)
    return Board(device, memory, dma, Accelerator(through, design()))


def work(accelerator: Accelerator, images: int = 21) -> tuple[int, GoldenDevice]:
    """Classify in all modes with two users; number of images whose result is wrong, and the golden device."""
    rng = np.random.default_rng(6)
    golden = GoldenDevice(design())
    for number in range(2):
        golden.banks[number] = random_bank(design().moe, 10 + number)
        accelerator.load_user(golden.banks[number], number, activate=False)
    wrong = 0
    for group, mode in enumerate(RUNNING_MODES * 2):
        settings = Settings(mode, bank=group % 2, theta=int(rng.integers(-(1 << 20), 1 << 20)))
        accelerator.set_mode(mode)
        accelerator.select_bank(settings.bank)
        accelerator.set_threshold(settings.theta)
        pixels = random_images(images, group)
        found = accelerator.classify(pixels)
        expected = type(found).decode(golden.answer(pixels, settings))
        fields = (getattr(found, name) != getattr(expected, name) for name in vars(found))
        wrong += int(np.logical_or.reduce(list(fields)).sum())
    return wrong, golden


# ---- Results --------------------------------------------------------------------------------------------------------
# 21 images of 196 pixels: one transfer each way; 20 and 1; 7 and 7 and 7; one by one.
@pytest.mark.parametrize(
    ("max_bytes", "sizes"),
    [(1 << 20, [21]), (20 * 196 + 195, [20, 1]), (7 * 196, [7, 7, 7]), (196, [1] * 21)],
)
def test_results_in_all_modes(max_bytes: int, sizes: list[int]) -> None:
    with (on_board := board(max_bytes)).accelerator as accelerator:
        wrong, golden = work(accelerator)
        assert wrong == 0
        check_counters(accelerator.counters(), golden)
    assert on_board.dma.sendchannel.transfers == [196 * size for size in sizes] * 8
    assert on_board.dma.recvchannel.transfers == [4 * size for size in sizes] * 8
    assert not on_board.memory.live, "memory was not given back"


def test_the_direct_transport_gives_the_same() -> None:
    """The work is one that it also answers without PYNQ, so the expected results are no matter of the transport."""
    with Accelerator(VerilatedTransport(design(), library()), design()) as accelerator:
        assert work(accelerator)[0] == 0


def test_banks_are_refused_with_the_reason() -> None:
    with board().accelerator as accelerator:
        damaged = stream_of(1)
        damaged[20] ^= 1
        with pytest.raises(DriverError, match=REASONS["CRC_MISMATCH"]):
            accelerator.load_stream(damaged)
        assert accelerator.read("bank_valid.valid") == 0


# ---- Transports with one defect each --------------------------------------------------------------------------------
class SendsFirst(PynqTransport):
    """Takes results when all images are sent."""

    def _transfer(self, images: np.ndarray, pixels: np.ndarray, results: np.ndarray) -> np.ndarray:
        pixels[:] = images
        self._dma.sendchannel.transfer(pixels)
        self._dma.sendchannel.wait()
        self._dma.recvchannel.transfer(results)
        self._dma.recvchannel.wait()
        return np.array(results)


class DoesNotWait(PynqTransport):
    """Reads results before the transfer is complete."""

    def _wait(self, channel: object, what: str) -> None:
        pass


class FramesByTlast(PynqTransport):
    """Does not let the device count pixels."""

    def write(self, address: int, value: int) -> None:
        if address != register("pixel_framing").address:
            super().write(address, value)


class OnePacket(PynqTransport):
    """Leaves the packet as long as all transfers together."""

    def write(self, address: int, value: int) -> None:
        if address != register("result_packet").address or value == 21:
            super().write(address, value)


class NumpyIntegers(PynqTransport):
    """Gives the registers what numpy gives."""

    def write_burst(self, address: int, words: np.ndarray) -> None:
        for word in words:
            self._mmio.write(address, word)


class Unaligned(PynqTransport):
    """Begins a transfer in the middle of a buffer."""

    def _transfer(self, images: np.ndarray, pixels: np.ndarray, results: np.ndarray) -> np.ndarray:
        self._dma.recvchannel.transfer(results)
        self._dma.sendchannel.transfer(pixels.reshape(-1)[1:])
        return np.array(results)


class OwnMemory(PynqTransport):
    """Transfers memory that the DMA cannot reach."""

    def _transfer(self, images: np.ndarray, pixels: np.ndarray, results: np.ndarray) -> np.ndarray:
        return super()._transfer(images, np.array(pixels), results)


class WrongType(PynqTransport):
    """Takes 16-bit results."""

    def _transfer(self, images: np.ndarray, pixels: np.ndarray, results: np.ndarray) -> np.ndarray:
        return super()._transfer(images, pixels, results.view(np.uint16))


@pytest.mark.parametrize(
    ("defect", "exception", "message"),
    [
        (SendsFirst, Hung, "SendChannel waits for ever"),
        (DoesNotWait, DriverError, "not numbered|not idle"),
        (FramesByTlast, DriverError, "receiving results did not end"),
        (OnePacket, DriverError, "DMA Internal Error"),
        (NumpyIntegers, ValueError, "must be int"),
        (Unaligned, AssertionError, "not aligned"),
        (OwnMemory, AssertionError, "only what allocate gave"),
        (WrongType, AssertionError, "4 bytes a beat"),
    ],
)
def test_a_wrong_use_is_seen(defect: type[PynqTransport], exception: type[Exception], message: str) -> None:
    with board(7 * 196, defect, timeout=0.5).accelerator as accelerator, pytest.raises(exception, match=message):
        work(accelerator)


def test_a_transfer_longer_than_the_dma_can_is_seen() -> None:
    with board(7 * 196, dma_limit=6 * 196).accelerator as accelerator, pytest.raises(ValueError, match="exceeds"):
        work(accelerator)


# ---- What goes wrong on a board -------------------------------------------------------------------------------------
def test_an_image_longer_than_a_transfer() -> None:
    with board(195).accelerator as accelerator:
        accelerator.set_mode(Mode.GE_ONLY)
        with pytest.raises(DriverError, match="has 196 pixels, the DMA transfers at most 195 bytes"):
            accelerator.classify(random_images(1, 0))


def test_a_device_that_stops_is_reported() -> None:
    """The DMA still owns the buffers, so they are not given back, and there is no second try on top of them."""
    on_board = board(timeout=0.5)
    on_board.accelerator.set_mode(Mode.GE_ONLY)
    images = random_images(3, 0)
    assert len(on_board.accelerator.classify(images).classes) == 3
    on_board.device.send = lambda pixels, last: None  # the images never reach the device
    with pytest.raises(DriverError, match="receiving results did not end within 0.5 s"):
        on_board.accelerator.classify(images)
    assert len(on_board.memory.live) == 2
    with pytest.raises(DriverError, match="load the overlay again"):
        on_board.accelerator.classify(images)


def test_missing_results_are_seen() -> None:
    """A packet that ends early leaves stale words in the buffer."""
    on_board = board()
    on_board.accelerator.set_mode(Mode.GE_ONLY)
    write = on_board.device.write
    on_board.device.write = lambda address, value: write(
        address, value - (address == register("result_packet").address)
    )
    with pytest.raises(DriverError, match="some are missing"):
        on_board.accelerator.classify(random_images(4, 0))
