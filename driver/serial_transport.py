# SPDX-License-Identifier: Apache-2.0
"""A device behind a serial line (docs/serial.md): registers, images and results as frames, asked again until answered.

A request keeps its number until it is answered, and the device does each number once. So it does not matter whether a
request or its answer was lost.
"""

from __future__ import annotations

import os
import secrets
import select
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from driver.serial_frame import (
    ANSWER_BIT,
    EXCHANGE_BYTES,
    HELLO_WORDS,
    MAGIC,
    Answer,
    AnswerReader,
    Kind,
    Status,
    frame,
    image_payload,
    read_payload,
    write_payload,
)
from driver.transport import BusError, DeviceFault, DriverError
from hw.regs.map import register

BAUD = 3_000_000  # moe_serial's default Divisor at 48 MHz, an assumption until there is a board's top
_BITS = 10  # of a byte on the line


class Link(Protocol):
    """Bytes both ways, at ``baud`` bits a second."""

    baud: int

    def write(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            DriverError: the line is gone.
        """

    def read(self, seconds: float) -> bytes:
        """What has come, at least a byte, unless nothing comes for some seconds.

        Raises:
            DriverError: the line is gone.
        """

    def close(self) -> None:
        """Let go of the line."""


class FileLink:
    """A file descriptor that is read and written: a port, a pseudo terminal, a socket.

    Args:
        descriptor: it stays the caller's, unless ``close`` closes it.
        patience: seconds that the other side may take nothing.
        close: called by :meth:`close`.
        baud: bits a second.
    """

    def __init__(
        self, descriptor: int, patience: float = 5.0, close: Callable[[], None] | None = None, baud: int = BAUD
    ) -> None:
        self._descriptor, self._patience, self._close, self.baud = descriptor, patience, close, baud

    def write(self, data: bytes) -> None:
        """See :class:`Link`."""
        left = memoryview(data)
        while left:
            if not select.select([], [self._descriptor], [], self._patience)[1]:
                raise DeviceFault(f"the serial line took no byte in {self._patience} s")
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise DriverError(f"the serial line cannot be written: {error.strerror}") from None

    def read(self, seconds: float) -> bytes:
        """See :class:`Link`."""
        if not select.select([self._descriptor], [], [], max(seconds, 0))[0]:
            return b""
        try:
            data = os.read(self._descriptor, 1 << 16)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise DriverError(f"the serial line cannot be read: {error.strerror}") from None
        if not data:
            raise DriverError("the serial line was closed by the other side")
        return data

    def close(self) -> None:
        """See :class:`Link`."""
        if self._close:
            self._close()


def open_port(name: str, baud: int = BAUD) -> FileLink:
    """A serial port, for example ``/dev/ttyUSB0``, for this process alone; what waits in it is dropped.

    Raises:
        DriverError: pyserial is not installed, there is no such port, or another process has it.
    """
    try:
        import serial
    except ImportError:
        raise DriverError("a serial port needs pyserial, which is not installed: pip install pyserial") from None
    try:
        port = serial.Serial(name, baud, timeout=0, exclusive=True)
        port.reset_input_buffer()
    except (serial.SerialException, ValueError) as error:
        raise DriverError(f"the serial port {name} cannot be opened: {error}") from None
    return FileLink(port.fileno(), close=port.close, baud=baud)


class SerialTransport:
    """See :class:`driver.transport.Transport`.

    Args:
        link: the line, for example of :func:`open_port`.
        timeout: seconds until a request is sent again, beside the time of the longest request and answer on the line;
            longer than the silence with which the device gives up a frame.
        tries: after so many timeouts a request is given up. It is sent more often when the device tells of damage.
        patience: seconds for which images may make no progress.

    Raises:
        DriverError: the line is gone, or what answers is no such device.
    """

    def __init__(self, link: Link, timeout: float = 0.2, tries: int = 10, patience: float = 10.0) -> None:
        self._link, self._tries, self._patience = link, tries, patience
        self._timeout = timeout + _BITS * EXCHANGE_BYTES / link.baud
        self._reader = AnswerReader()
        self._sequence = secrets.randbelow(256)
        self._settled = False  # no image or result of somebody before us is in the device
        self.repeated = 0
        self._request_bytes, self._image_bytes = self._hello()[2:4]

    # ---- Requests ----------------------------------------------------------------------------------------------------
    def _hello(self) -> tuple[int, ...]:
        """Who is there: the words of the answer, of a device that this driver knows."""
        nonce = secrets.randbits(32)
        words = self._ask(Kind.HELLO, _bytes(nonce), lambda found: found.words[:1] == (nonce,)).words
        magic = words[1] if len(words) > 1 else 0
        if magic >> 8 != MAGIC >> 8:
            raise DriverError(f"no such device: it says {magic >> 8:#x} on the serial line, not {MAGIC >> 8:#x}")
        if magic != MAGIC:
            version = f"{magic & 0xFF:#x} of the serial link, this driver {MAGIC & 0xFF:#x}"
            raise DriverError(f"the device speaks version {version}")
        if len(words) != HELLO_WORDS:
            raise DriverError(f"the device's hello has {len(words)} words, it should have {HELLO_WORDS}")
        return words

    def _ask(self, kind: Kind, payload: bytes = b"", right: Callable[[Answer], bool] = lambda _: True) -> Answer:
        """Send a request until its answer comes; ``right`` tells it from an old one."""
        self._sequence = (self._sequence + 1) % 256
        data = frame(self._sequence, kind, payload)
        limit = self._tries * self._timeout
        given_up = time.monotonic() + limit
        while (now := time.monotonic()) < given_up:
            self._reader.clear()
            self._link.write(data)
            while (left := now + self._timeout - time.monotonic()) > 0:
                answers = self._reader.feed(self._link.read(left))
                for answer in answers:
                    if (answer.sequence, answer.kind) == (self._sequence, kind + ANSWER_BIT) and right(answer):
                        if answer.status == Status.BAD:
                            raise DeviceFault(f"the device knows no such {kind.name}, of {len(payload)} bytes")
                        return answer
                if any(answer.kind == Kind.DAMAGED for answer in answers):
                    break  # it asks for the request again
            self.repeated += 1
        raise DeviceFault(f"nobody answered on the serial line in {limit:.1f} s")

    # ---- Registers ---------------------------------------------------------------------------------------------------
    def read(self, address: int) -> int:
        """See :class:`driver.transport.Transport`."""
        answer = self._ask(Kind.READ, read_payload((address,)))
        if answer.status == Status.BUS:
            raise BusError(f"a read of register address {address:#x} was refused")
        return answer.words[0]

    def write(self, address: int, value: int) -> None:
        """See :class:`driver.transport.Transport`."""
        if self._ask(Kind.WRITE, write_payload(address, _bytes(value))).status == Status.BUS:
            raise BusError(f"a write to register address {address:#x} was refused")

    def write_burst(self, address: int, words: np.ndarray) -> None:
        """See :class:`driver.transport.Transport`."""
        words = np.ascontiguousarray(words, "<u4")
        most = (self._request_bytes - 2) // 4
        for start in range(0, len(words), most):
            answer = self._ask(Kind.WRITE, write_payload(address, words[start : start + most].tobytes()))
            if answer.status == Status.BUS:
                place = start + answer.words[0] + 1
                raise BusError(f"write {place} of {len(words)} to register address {address:#x} was refused")

    # ---- Images ------------------------------------------------------------------------------------------------------
    def stream(self, images: np.ndarray, labels: Sequence[int] | None = None) -> np.ndarray:
        """See :class:`driver.transport.Transport`."""
        images = np.ascontiguousarray(images, np.uint8)
        if images.ndim != 2 or not 1 <= images.shape[1] <= self._image_bytes:
            raise DriverError(f"images are {images.shape}, the device takes (N, 1 to {self._image_bytes})")
        if not self._settled:
            self._settle()
        self._settled = False  # unless all of it works
        results: list[int] = []
        for image, label in zip(images, labels or [0] * len(images), strict=True):
            payload = image_payload(label, image.tobytes())
            self._until(lambda payload=payload: self._ask(Kind.IMAGE, payload), results, self._taken,
                        "the device takes no image")  # fmt: skip
        if len(results) < len(images):
            self._until(lambda: self._ask(Kind.RESULTS), results, lambda _: len(results) >= len(images),
                        f"the device gave fewer results than the {len(images)} images have")  # fmt: skip
        if len(results) != len(images):
            raise DeviceFault(f"the device gave {len(results)} results to {len(images)} images")
        self._settled = True
        return np.array(results, np.uint32)

    @staticmethod
    def _taken(answer: Answer) -> bool:
        return answer.status == Status.DONE

    def _until(
        self, ask: Callable[[], Answer], results: list[int], done: Callable[[Answer], bool], problem: str
    ) -> None:
        """Ask, and collect results, until it is done; progress is a result."""
        end = time.monotonic() + self._patience
        while True:
            answer = ask()
            results += answer.words
            if done(answer):
                return
            if answer.words:
                end = time.monotonic() + self._patience
            if time.monotonic() > end:
                raise DeviceFault(f"{problem}, in {self._patience} s")

    def _settle(self) -> None:
        """Wait until images of somebody before us are answered, and drop their results."""
        in_flight = register("mode_status")
        dropped: list[int] = []

        def empty(answer: Answer) -> bool:
            if answer.words or answer.results or not answer.room:
                return False
            if in_flight.unpack(self.read(in_flight.address))["in_flight"]:
                return False
            return not self._ask(Kind.RESULTS).words

        self._until(lambda: self._ask(Kind.RESULTS), dropped, empty, "images of before are not answered")
        self._settled = True

    # ---- The line ----------------------------------------------------------------------------------------------------
    def damage(self) -> tuple[int, int, int]:
        """Damaged frames that the device saw, answers that it sent again, and damaged answers that came here."""
        words = self._hello()
        return words[5], words[6], self._reader.damaged

    def close(self) -> None:
        """See :class:`driver.transport.Transport`."""
        self._link.close()


def _bytes(word: int) -> bytes:
    return word.to_bytes(4, "little")
