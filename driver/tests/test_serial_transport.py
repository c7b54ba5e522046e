# SPDX-License-Identifier: Apache-2.0
"""The serial transport on a line whose other end a few lines of Python are: rates, disturbances, strangers, ports."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from driver.serial_frame import ANSWER_BIT, ANSWER_WORDS, MAGIC, REQUEST_BYTES, Answer, Kind, Status, frame
from driver.serial_transport import BAUD, SerialTransport, open_port
from driver.tests.test_serial_frame import as_bytes
from driver.transport import DeviceFault, DriverError

HELLO = (MAGIC, REQUEST_BYTES, 196, 16, 0, 0)  # behind the nonce
DAMAGED = Answer(0, Kind.DAMAGED, 0, 0, False, ())


class Line:
    """A line with a device whose registers have their addresses as values; ``waits`` has how long was waited."""

    def __init__(self, hello: tuple[int, ...] = HELLO, baud: int = BAUD) -> None:
        self.hello, self.baud, self.waits = hello, baud, []
        self.disturbances = 0  # requests that are going to be damaged
        self._said = b""

    def write(self, data: bytes) -> None:
        sequence, kind, _ = struct.unpack_from("<BBH", data, 1)
        word = int.from_bytes(data[5:-4], "little")
        words = (word, *self.hello) if kind == Kind.HELLO else (word,)
        answer = Answer(sequence, kind + ANSWER_BIT, Status.DONE, 0, True, words)
        self._said += as_bytes(DAMAGED if self.disturbances else answer)
        self.disturbances -= self.disturbances > 0

    def read(self, seconds: float) -> bytes:
        self.waits.append(seconds)
        said, self._said = self._said, b""
        return said

    def close(self) -> None: ...


def test_many_disturbances_end_no_request() -> None:
    line = Line()
    transport = SerialTransport(line, tries=2)
    line.disturbances = 25
    assert transport.read(0x204) == 0x204 and transport.repeated == 25


def test_disturbances_without_end_are_told() -> None:
    line = Line()
    transport = SerialTransport(line, timeout=0.05, tries=2)
    line.disturbances = 1 << 30
    with pytest.raises(DeviceFault, match="nobody answered on the serial line in 0.1 s"):
        transport.read(0)


@pytest.mark.parametrize("baud", [9600, BAUD])
def test_the_timeout_has_room_for_the_longest_frames(baud: int) -> None:
    line = Line(baud=baud)
    SerialTransport(line, timeout=0.2)
    answer = as_bytes(Answer(0, 0, 0, 0, False, (0,) * ANSWER_WORDS))
    longest = 10 * (len(frame(0, Kind.WRITE, bytes(REQUEST_BYTES))) + len(answer)) / baud
    assert longest + 0.1 < line.waits[0] <= longest + 0.2


@pytest.mark.parametrize(
    ("hello", "sentence"),
    [
        ((), "no such device: it says 0x0 on the serial line, not 0x4d4f53"),
        ((0x12345611, *HELLO[1:]), "no such device: it says 0x123456 on the serial line, not 0x4d4f53"),
        ((MAGIC + 1, *HELLO[1:], 7), "the device speaks version 0x12 of the serial link, this driver 0x11"),
        ((*HELLO, 7), "the device's hello has 8 words, it should have 7"),
    ],
)
def test_a_stranger_is_told(hello: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(DriverError, match=sentence):
        SerialTransport(Line(hello), timeout=0.05, tries=2)


# ---- Ports -----------------------------------------------------------------------------------------------------------
def stand_in(monkeypatch: pytest.MonkeyPatch, opening: Callable) -> None:
    """Opens ports instead of pyserial."""
    monkeypatch.setitem(sys.modules, "serial", SimpleNamespace(Serial=opening, SerialException=OSError))


def test_a_port_is_for_one_process_and_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def opening(*where: object, **how: object) -> SimpleNamespace:
        done.append((where, how))
        return SimpleNamespace(
            fileno=lambda: 7, close=lambda: done.append("closed"), reset_input_buffer=lambda: done.append("emptied")
        )

    stand_in(monkeypatch, opening)
    link = open_port("/dev/ttyUSB0", 9600)
    assert link.baud == 9600
    link.close()
    assert done == [(("/dev/ttyUSB0", 9600), {"timeout": 0, "exclusive": True}), "emptied", "closed"]


def test_a_port_that_cannot_be_opened_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def opening(*_: object, **__: object) -> None:
        raise OSError("another process has it")

    stand_in(monkeypatch, opening)
    with pytest.raises(DriverError, match="the serial port /dev/ttyUSB0 cannot be opened: another process has it"):
        open_port("/dev/ttyUSB0")
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(DriverError, match="a serial port needs pyserial, which is not installed"):
        open_port("/dev/ttyUSB0")
