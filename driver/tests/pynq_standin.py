# SPDX-License-Identifier: Apache-2.0
"""Stands in for PYNQ's MMIO, DMA and allocate, on top of the simulated device, and watches how they are used.

What PYNQ or its hardware refuses, refuses here; what would wait for ever, raises ``Hung``. Caches are played: what is
written to a buffer after ``transfer`` does not reach the device, and results are there only after ``wait``.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np

from driver.verilated import VerilatedTransport

ALIGNMENT = 4  # bytes; an AXI DMA without realignment engine, with a data width of 32 bits
STALE = 0x5A  # every byte of a buffer that nothing was written to
POLL_CYCLES = 200
_addresses = count(0x1000_0000, 0x10_0000)


class Hung(Exception):
    """On a board the program would wait for ever."""


class Buffer(np.ndarray):
    """Stands in for ``pynq.buffer.PynqBuffer``; a slice knows its own physical address."""

    memory: Memory | None = None
    address: int = 0

    def __array_finalize__(self, of: Any) -> None:
        if isinstance(of, Buffer) and of.memory is not None:
            self.memory = of.memory
            self.address = of.address + self.__array_interface__["data"][0] - of.__array_interface__["data"][0]

    @property
    def physical_address(self) -> int:
        """Where the DMA sees the buffer."""
        return self.address

    def freebuffer(self) -> None:
        """Give the memory back."""
        self.memory.free(self)


class Memory:
    """Stands in for the physically contiguous memory; ``live`` are the buffers that were not given back."""

    def __init__(self) -> None:
        self.live: dict[int, Buffer] = {}

    def allocate(self, shape: tuple[int, ...], dtype: Any) -> Buffer:
        """Stands in for ``pynq.allocate``."""
        buffer = np.ndarray(shape, dtype).view(Buffer)
        buffer.view(np.uint8)[...] = STALE
        buffer.memory, buffer.address = self, next(_addresses)
        self.live[buffer.address] = buffer
        return buffer

    def free(self, buffer: Buffer) -> None:
        """Take memory back; twice is an error."""
        del self.live[buffer.address]

    def check(self, array: np.ndarray) -> None:
        """Refuse what a DMA cannot reach."""
        assert isinstance(array, Buffer) and array.memory is self, "only what allocate gave can be transferred"
        assert any(
            address <= array.address and array.address + array.nbytes <= address + buffer.nbytes
            for address, buffer in self.live.items()
        ), "the buffer was freed"
        assert array.flags.c_contiguous, "the transferred memory has holes"


class Mmio:
    """Stands in for ``pynq.MMIO``."""

    def __init__(self, device: VerilatedTransport) -> None:
        self._device = device

    def read(self, offset: int) -> int:
        """See ``pynq.MMIO.read``."""
        return self._device.read(offset)

    def write(self, offset: int, data: int) -> None:
        """See ``pynq.MMIO.write``, which takes nothing but an int."""
        if type(data) is not int:
            raise ValueError("Data type must be int or bytes.")
        self._device.write(offset, data)


class Channel:
    """What both channels have in common: one transfer at a time, of aligned buffers that are not too long."""

    itemsize: int

    def __init__(self, dma: Dma) -> None:
        self.dma = dma
        self.running = True
        self.transfers: list[int] = []  # bytes of each
        self._buffer: Buffer | None = None

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do; time passes with every look."""
        if self._buffer is not None and not self._complete():
            self.dma.device.run(POLL_CYCLES)
        return self._buffer is None or self._complete()

    def transfer(self, array: Buffer) -> None:
        """See ``pynq.lib.dma``."""
        if self._buffer is not None:
            raise RuntimeError("DMA channel not idle")
        self.dma.memory.check(array)
        assert array.physical_address % ALIGNMENT == 0, f"{array.physical_address:#x} is not aligned"
        if not 0 < array.nbytes <= self.dma.max_bytes:
            raise ValueError(f"Transfer size is {array.nbytes} bytes, which exceeds the maximum {self.dma.max_bytes}.")
        assert array.dtype.itemsize == self.itemsize, f"a stream of {self.itemsize} bytes a beat, not {array.dtype}"
        self.transfers.append(array.nbytes)
        self._buffer = array
        self._begin(array)

    def wait(self) -> None:
        """See ``pynq.lib.dma``."""
        if self._buffer is None:
            raise RuntimeError("nothing was transferred")
        if not self.idle:
            raise Hung(f"{type(self).__name__} waits for ever")
        self._end(self._buffer)
        self._buffer = None


class SendChannel(Channel):
    """Memory to stream; TLAST at the end of the transfer."""

    itemsize = 1

    def _begin(self, array: Buffer) -> None:
        self.dma.device.send(np.array(array).ravel(), last=True)

    def _complete(self) -> bool:
        # Without anybody who takes results the device stops after eight images, of which the model knows nothing.
        return self.dma.device.pixels_waiting == 0 and self.dma.recvchannel.receiving

    def _end(self, array: Buffer) -> None:
        pass


class ReceiveChannel(Channel):
    """Stream to memory; complete with TLAST, in error when the buffer is full without one."""

    itemsize = 4

    def __init__(self, dma: Dma) -> None:
        super().__init__(dma)
        self._words: list[int] = []
        self._ended = False

    @property
    def receiving(self) -> bool:
        """Whether results are taken."""
        return self._buffer is not None

    def _begin(self, array: Buffer) -> None:
        self._words, self._ended = [], False

    def _complete(self) -> bool:
        while not self._ended and self.dma.device.results_waiting:
            words, last = self.dma.device.receive(1)
            self._words.append(int(words[0]))
            self._ended = bool(last[0])
            if not self._ended and len(self._words) == self._buffer.size:
                self.running = False
        return self._ended

    @property
    def idle(self) -> bool:
        """See ``Channel``; a halted channel never becomes idle."""
        return self.running and super().idle

    def wait(self) -> None:
        """See ``pynq.lib.dma``."""
        if not self.running:
            raise RuntimeError("DMA Internal Error (transfer length 0?)")
        super().wait()

    def _end(self, array: Buffer) -> None:
        array[: len(self._words)] = self._words


class Dma:
    """Stands in for ``pynq.lib.dma.DMA`` in simple mode."""

    def __init__(self, device: VerilatedTransport, memory: Memory, max_bytes: int) -> None:
        self.device, self.memory, self.max_bytes = device, memory, max_bytes
        self.sendchannel, self.recvchannel = SendChannel(self), ReceiveChannel(self)
