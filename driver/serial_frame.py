# SPDX-License-Identifier: Apache-2.0
"""Frames of the serial link (docs/serial.md): requests to bytes, and bytes to answers.

The numbers stand in ``hw/board/serial_pkg.sv``, which is read here; nothing of a device or a port is known.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

from hw.board import BOARD
from hw.constants import constants

_NUMBERS = constants(BOARD / "serial_pkg.sv")

MARKER = bytes([_NUMBERS["Marker"]])
MAGIC = _NUMBERS["Magic"]
REQUEST_BYTES = _NUMBERS["RequestBytes"]
ANSWER_WORDS = _NUMBERS["AnswerWords"]
HELLO_WORDS = _NUMBERS["HelloWords"]
ANSWER_BIT = _NUMBERS["AnswerBit"]
_HEADER = struct.Struct("<BBH")  # sequence, kind, length
_STATUS = struct.Struct("<BBBx")  # status, results that wait, room for an image
_CRC = struct.Struct("<I")
_LONGEST_ANSWER = _STATUS.size + 4 * ANSWER_WORDS
EXCHANGE_BYTES = REQUEST_BYTES + _LONGEST_ANSWER + 2 * (len(MARKER) + _HEADER.size + _CRC.size)
"""The longest request and the longest answer, as frames."""


class Kind(IntEnum):
    """What a request asks for; DAMAGED is the answer to what was no frame."""

    HELLO = _NUMBERS["KindHello"]
    WRITE = _NUMBERS["KindWrite"]
    READ = _NUMBERS["KindRead"]
    IMAGE = _NUMBERS["KindImage"]
    RESULTS = _NUMBERS["KindResults"]
    DAMAGED = _NUMBERS["KindDamaged"]


class Status(IntEnum):
    """How a request ended."""

    DONE = _NUMBERS["StatusDone"]
    BUS = _NUMBERS["StatusBus"]
    BUSY = _NUMBERS["StatusBusy"]
    BAD = _NUMBERS["StatusBad"]


@dataclass(frozen=True)
class Answer:
    """An answer whose CRC-32 is right.

    ``kind`` is its request's kind plus :data:`ANSWER_BIT`, or ``Kind.DAMAGED``; ``results`` wait in the device behind
    it; ``room`` says whether an image would be taken; ``words`` are 32 bits each.
    """

    sequence: int
    kind: int
    status: int
    results: int
    room: bool
    words: tuple[int, ...]


def frame(sequence: int, kind: int, payload: bytes = b"") -> bytes:
    """A frame as it goes over the line.

    Raises:
        ValueError: the payload is longer than a request may be.
    """
    if len(payload) > REQUEST_BYTES:
        raise ValueError(f"a payload has {len(payload)} bytes, allowed are {REQUEST_BYTES}")
    body = _HEADER.pack(sequence, kind, len(payload)) + payload
    return MARKER + body + _CRC.pack(zlib.crc32(body))


def write_payload(address: int, words: bytes) -> bytes:
    """Payload of ``Kind.WRITE``: 32-bit words, least significant byte first, one after the other to an address."""
    return struct.pack("<H", address) + words


def read_payload(addresses: tuple[int, ...]) -> bytes:
    """Payload of ``Kind.READ``."""
    return struct.pack(f"<{len(addresses)}H", *addresses)


def image_payload(label: int, pixels: bytes) -> bytes:
    """Payload of ``Kind.IMAGE``; ``label`` is TUSER of the first pixel."""
    return struct.pack("<H", label) + pixels


class AnswerReader:
    """Finds answers in the bytes that come, and drops what is none.

    ``damaged`` counts candidates whose length or CRC-32 was wrong.
    """

    def __init__(self) -> None:
        self.damaged = 0
        self._bytes = bytearray()

    def clear(self) -> None:
        """Forget the beginning of an answer that does not go on."""
        self._bytes.clear()

    def feed(self, data: bytes) -> list[Answer]:
        """Take bytes; the answers that they complete."""
        self._bytes += data
        found = []
        while (start := self._bytes.find(MARKER)) >= 0:
            del self._bytes[:start]
            if len(self._bytes) < 1 + _HEADER.size:
                return found
            sequence, kind, length = _HEADER.unpack_from(self._bytes, 1)
            end = 1 + _HEADER.size + length
            if _STATUS.size <= length <= _LONGEST_ANSWER and length % 4 == 0:
                if len(self._bytes) < end + _CRC.size:
                    return found
                body = bytes(self._bytes[1:end])
                if _CRC.unpack_from(self._bytes, end)[0] == zlib.crc32(body):
                    status, results, room = _STATUS.unpack_from(body, _HEADER.size)
                    words = struct.unpack_from(f"<{length // 4 - 1}I", body, _HEADER.size + _STATUS.size)
                    found.append(Answer(sequence, kind, status, results, bool(room), words))
                    del self._bytes[: end + _CRC.size]
                    continue
            self.damaged += 1
            del self._bytes[:1]  # the marker was none; the next one may be
        self._bytes.clear()
        return found
