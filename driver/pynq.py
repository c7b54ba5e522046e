# SPDX-License-Identifier: Apache-2.0
"""A real device beside a processor that runs PYNQ: registers through its MMIO, images and results through its AXI DMA.

Nothing of PYNQ is imported here: the objects of an overlay are given to the transport.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from driver.transport import DeviceFault, DriverError
from hw.regs.map import register
from spec.result_word import decode, numbers_from

MAX_TRANSFER = (1 << 26) - 1
"""Bytes of a transfer with the widest length register that the AXI DMA can have (PG021: 8 to 26 bits)."""


class Mmio(Protocol):
    """What is used of ``pynq.MMIO``."""

    def read(self, offset: int) -> int:
        """Value of the 32-bit register at a byte offset."""

    def write(self, offset: int, data: int) -> None:
        """Write it; ``data`` must be an ``int``, numpy's integers are refused."""


class DmaChannel(Protocol):
    """What is used of a channel of ``pynq.lib.dma.DMA``."""

    running: bool
    idle: bool

    def transfer(self, array: np.ndarray) -> None:
        """Begin to transfer a whole buffer of ``pynq.allocate``; only when the channel is idle."""

    def wait(self) -> None:
        """Return when the transfer is complete, however long that takes."""


class Dma(Protocol):
    """What is used of ``pynq.lib.dma.DMA``: memory to stream, and stream to memory."""

    sendchannel: DmaChannel
    recvchannel: DmaChannel


class PynqTransport:
    """A device in the programmable logic; see :class:`driver.transport.Transport`.

    Image and result streams are 8 and 32 bits wide. A transfer has many images and TLAST only at its end, so opening
    writes PIXEL_FRAMING: the device counts pixels. For every transfer RESULT_PACKET is written, because a receiving DMA
    is complete with TLAST and not before.

    Does not: see error responses of register accesses. PYNQ gives a write no response; the processor drops it or ends
    the process with a bus error. ``BusError`` is therefore never raised here. The driver needs none: refusals of banks
    are in BANK_STATUS.

    Args:
        mmio: the registers, for example ``overlay.moe_accelerator.mmio``.
        dma: for example ``overlay.axi_dma_0``, in simple mode.
        allocate: ``pynq.allocate``.
        max_bytes: longest transfer of the DMA, 2**(width of its buffer length register) - 1; longer work is split.
        timeout: seconds that a transfer may take.
    """

    def __init__(
        self, mmio: Mmio, dma: Dma, allocate: Callable[..., Any], max_bytes: int = MAX_TRANSFER, timeout: float = 60.0
    ) -> None:
        self._mmio, self._dma, self._allocate = mmio, dma, allocate
        self._max_bytes, self._timeout = max_bytes, timeout
        self._owned: tuple[np.ndarray, ...] = ()  # buffers that the DMA may still use
        framing = register("pixel_framing")
        self.write(framing.address, framing.pack(by_length=1))

    def read(self, address: int) -> int:
        """See :class:`driver.transport.Transport`; an error response ends the process or reads as any value."""
        return int(self._mmio.read(address))

    def write(self, address: int, value: int) -> None:
        """See :class:`driver.transport.Transport`; an error response is not seen."""
        self._mmio.write(address, int(value))

    def write_burst(self, address: int, words: np.ndarray) -> None:
        """See :class:`driver.transport.Transport`; an error response is not seen."""
        for word in words.tolist():
            self._mmio.write(address, word)

    def stream(self, images: np.ndarray, labels: Sequence[int] | None = None) -> np.ndarray:
        """See :class:`driver.transport.Transport`. The DMA carries pixels only: labels can be taught as corrections.

        Raises:
            DriverError: an image is longer than a transfer, a transfer failed or took too long, or results are missing.
        """
        if labels is not None:
            raise DriverError("the DMA carries no labels: classify the images, then correct them (Session.correct)")
        if self._owned:
            raise DriverError("an earlier transfer did not end: load the overlay again")
        count, beats = images.shape
        size = min(count, self._max_bytes // max(beats, np.dtype(np.uint32).itemsize))
        if size == 0:
            raise DriverError(f"an image has {beats} pixels, the DMA transfers at most {self._max_bytes} bytes")
        pixels = self._allocate(shape=(size, beats), dtype=np.uint8)
        results = self._allocate(shape=(size,), dtype=np.uint32)
        try:
            parts = [self._transfer(images[i : i + size], pixels, results) for i in range(0, count, size)]
        finally:
            if not self._owned:  # else nobody else may get the memory
                pixels.freebuffer()
                results.freebuffer()
        words = np.concatenate(parts)
        numbers = decode(words).sequence
        if len(numbers) and (numbers != numbers_from(numbers[0], len(numbers))).any():
            raise DeviceFault(f"the results to {count} images are not numbered one after the other: some are missing")
        return words

    def _transfer(self, images: np.ndarray, pixels: np.ndarray, results: np.ndarray) -> np.ndarray:
        """One transfer each way, from the beginnings of the buffers, which are aligned as the DMA needs it."""
        count = len(images)
        packet = register("result_packet")
        self.write(packet.address, packet.pack(results=count))
        pixels[:count] = images
        self._owned = (pixels, results)
        try:
            # Results first: the device holds eight images, then it takes no more pixels until results are taken.
            self._dma.recvchannel.transfer(results[:count])
            self._dma.sendchannel.transfer(pixels[:count])
            self._wait(self._dma.sendchannel, "sending images")
            self._wait(self._dma.recvchannel, "receiving results")
        except RuntimeError as error:
            raise DeviceFault(f"the DMA reports: {error}") from error
        self._owned = ()
        return np.array(results[:count])

    def _wait(self, channel: DmaChannel, what: str) -> None:
        """PYNQ's ``wait`` has no limit in time, so it is called when there is nothing left to wait for."""
        deadline = time.monotonic() + self._timeout
        while channel.running and not channel.idle:
            if time.monotonic() > deadline:
                raise DeviceFault(f"{what} did not end within {self._timeout:g} s")
        channel.wait()

    def close(self) -> None:
        """See :class:`driver.transport.Transport`; the overlay stays loaded."""
