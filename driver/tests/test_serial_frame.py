# SPDX-License-Identifier: Apache-2.0
"""Answers are found in any stream of bytes, and nothing else is."""

from __future__ import annotations

import random
import re
import struct
import zlib

import pytest

from driver.serial_frame import (
    ANSWER_BIT,
    ANSWER_WORDS,
    MARKER,
    REQUEST_BYTES,
    Answer,
    AnswerReader,
    Kind,
    Status,
    frame,
)
from hw.board import BOARD


def as_bytes(answer: Answer) -> bytes:
    """As the device sends it."""
    status = struct.pack("<BBBx", answer.status, answer.results, answer.room)
    body = struct.pack("<BBH", answer.sequence, answer.kind, 4 + 4 * len(answer.words)) + status
    body += struct.pack(f"<{len(answer.words)}I", *answer.words)
    return MARKER + body + struct.pack("<I", zlib.crc32(body))


def answers(rng: random.Random, count: int) -> list[Answer]:
    marker = int.from_bytes(MARKER * 4, "little")
    found = []
    for _ in range(count):
        words = tuple(rng.choice((marker, rng.getrandbits(32))) for _ in range(rng.choice((0, 1, 5))))
        found.append(Answer(rng.randrange(256), Kind.READ + ANSWER_BIT, Status.DONE, 3, bool(rng.randrange(2)), words))
    return found


def in_pieces(rng: random.Random, reader: AnswerReader, data: bytes) -> list[Answer]:
    found = []
    while data:
        size = rng.randrange(1, 30)
        found += reader.feed(data[:size])
        data = data[size:]
    return found


def test_answers_in_any_pieces() -> None:
    rng = random.Random(1)
    sent = answers(rng, 200)
    sent.append(Answer(0, 255, 0, 0, False, tuple(range(ANSWER_WORDS))))
    reader = AnswerReader()
    assert in_pieces(rng, reader, b"".join(map(as_bytes, sent))) == sent and reader.damaged == 0


def test_rubbish_between_answers_hides_none_that_ends() -> None:
    """Behind rubbish that begins like an answer, the next one is found as soon as enough has come."""
    rng = random.Random(2)
    sent = answers(rng, 100)
    rubbish = [rng.choice((b"", MARKER, rng.randbytes(7), MARKER * 5)) for _ in sent]
    stream = b"".join(noise + as_bytes(one) for noise, one in zip(rubbish, sent, strict=True))
    reader = AnswerReader()
    assert in_pieces(rng, reader, stream + bytes(4 * ANSWER_WORDS + 20)) == sent and reader.damaged > 0


def test_every_changed_bit_is_seen() -> None:
    data = as_bytes(Answer(5, Kind.RESULTS + ANSWER_BIT, Status.DONE, 1, True, (0x12345678,)))
    assert len(AnswerReader().feed(data)) == 1
    for bit in range(8 * len(data)):
        wrong = bytearray(data)
        wrong[bit // 8] ^= 1 << bit % 8
        assert AnswerReader().feed(bytes(wrong)) == [], f"bit {bit}"


def test_a_payload_that_is_too_long_is_refused() -> None:
    assert len(frame(1, Kind.WRITE, bytes(REQUEST_BYTES))) == REQUEST_BYTES + 9
    with pytest.raises(ValueError, match=f"allowed are {REQUEST_BYTES}"):
        frame(1, Kind.WRITE, bytes(REQUEST_BYTES + 1))


def test_every_kind_and_status_of_the_package_has_a_name() -> None:
    text = (BOARD / "serial_pkg.sv").read_text()
    for prefix, names in (("Kind", Kind), ("Status", Status)):
        found = set(re.findall(rf"localparam int unsigned {prefix}(\w+) ", text)) - {"Bytes"}
        assert {name.upper() for name in found} == set(names.__members__), prefix
