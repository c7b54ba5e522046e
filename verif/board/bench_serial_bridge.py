# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of serial_bridge: every kind of request, back-pressure, repeats, and every kind of noise on the line."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterable
from typing import Any

import cocotb

from driver.serial_frame import (
    ANSWER_BIT,
    ANSWER_WORDS,
    MAGIC,
    MARKER,
    REQUEST_BYTES,
    Answer,
    Kind,
    Status,
    frame,
    image_payload,
    read_payload,
    write_payload,
)
from verif.board.bridge_model import FAULTY, POPPED, Pixels, Registers, ResultSource, SerialLine
from verif.board.line import levels
from verif.streams import PATTERNS, Bench
from verif.unit.stream_checks import parameters

P = parameters()
DIVISOR, GAP, IMAGE, DEPTH = P["Divisor"], P["GapCycles"], P["ImageBytes"], P["ResultsDepth"]
LABEL_BITS = P["LabelW"]
BYTE = 10 * DIVISOR
NONCE = b"\x01\xa5\x03\x80"


class Host:
    """A host with its own sequence numbers, and all that surrounds the bridge."""

    def __init__(self, dut: Any, pattern: str) -> None:
        rng = random.Random(4)
        self.dut, self.rng = dut, rng
        self.line = SerialLine(dut, DIVISOR)
        self.registers = Registers(dut, pattern, rng)
        self.pixels = Pixels(dut, pattern, rng)
        self.results = ResultSource(dut, pattern, rng)
        self.bench = Bench(dut, [self.line, self.registers, self.pixels, self.results])
        self.sequence = 0

    async def answer(self, data: bytes, slack: int = 0) -> Answer | None:
        """Send bytes; the next answer, or None when none comes."""
        self.line.send(data)
        return await self.next_answer(len(data) + slack)

    async def next_answer(self, room: int = 0) -> Answer | None:
        """The next answer, in the time of ``room`` bytes, the longest answer and a gap."""
        limit = (room + 4 * ANSWER_WORDS + 60) * BYTE + 2 * GAP
        for _ in range(limit // 20):
            if self.line.answers:
                return self.line.answers.pop(0)
            await self.bench.step(20)
        return None

    def frame(self, kind: int, payload: bytes = b"") -> bytes:
        """A frame with the next sequence number."""
        self.sequence = (self.sequence + 1) % 256
        return frame(self.sequence, kind, payload)

    async def ask(self, kind: int, payload: bytes = b"") -> Answer:
        """Send a request, which must be answered."""
        answer = await self.answer(self.frame(kind, payload), 40)
        assert answer is not None, f"no answer to kind {kind}"
        assert (answer.sequence, answer.kind) == (self.sequence, kind + ANSWER_BIT)
        return answer

    async def quiet(self) -> None:
        """Wait until the bridge begins anew."""
        await self.bench.step(len(self.line.levels) + GAP + 30 * BYTE)

    async def alive(self) -> None:
        """A write arrives: the bridge has recovered."""
        value = self.rng.getrandbits(32)
        assert (await self.ask(Kind.WRITE, writes(0x104, [value]))).status == Status.DONE
        assert self.registers.writes[-1] == (0x104, value)


async def start(dut: Any, pattern: str = "none") -> Host:
    host = Host(dut, pattern)
    await host.bench.start()
    await host.bench.step(4)
    return host


def writes(address: int, words: Iterable[int]) -> bytes:
    return write_payload(address, b"".join(struct.pack("<I", word) for word in words))


# ---- Requests --------------------------------------------------------------------------------------------------------
@cocotb.test()
async def hello(dut: Any) -> None:
    host = await start(dut)
    for _ in range(2):  # the same number again: a host that begins does not know the last one
        host.sequence = 6
        answer = await host.ask(Kind.HELLO, NONCE)
        assert answer.words == (int.from_bytes(NONCE, "little"), MAGIC, REQUEST_BYTES, IMAGE, DEPTH, 0, 0)
        assert answer.status == Status.DONE and answer.room and answer.results == 0
        host.sequence = 6
        assert (await host.ask(Kind.HELLO, b"1234")).words[0] == int.from_bytes(b"1234", "little")


@cocotb.test()
@cocotb.parametrize(pattern=PATTERNS)
async def registers(dut: Any, pattern: str) -> None:
    """Writes of one and of many words, reads of one and of many registers; a read that takes something away."""
    host = await start(dut, pattern)
    rng = host.rng
    for count in (1, 2, 17):
        address, words = rng.randrange(0, FAULTY, 4), [rng.getrandbits(32) for _ in range(count)]
        answer = await host.ask(Kind.WRITE, writes(address, words))
        assert (answer.status, answer.words) == (Status.DONE, (count,))
        assert host.registers.writes[-count:] == [(address, word) for word in words]
    for count in (1, 2, 17):
        addresses = tuple(rng.randrange(0x200, FAULTY, 4) for _ in range(count))
        answer = await host.ask(Kind.READ, read_payload(addresses))
        expected = tuple(host.registers.values.get(one, one * 0x10001) for one in addresses)
        assert (answer.status, answer.words) == (Status.DONE, expected)
        assert tuple(host.registers.reads[-count:]) == addresses
    assert (await host.ask(Kind.READ, read_payload((POPPED, POPPED)))).words == (1, 2)
    assert len(host.registers.writes) == 20


@cocotb.test()
async def longest(dut: Any) -> None:
    """As many words as a frame has room for, both ways."""
    host = await start(dut)
    words = [host.rng.getrandbits(32) for _ in range((REQUEST_BYTES - 2) // 4)]
    assert (await host.ask(Kind.WRITE, writes(8, words))).words == (len(words),)
    assert [word for _, word in host.registers.writes] == words
    answer = await host.ask(Kind.READ, read_payload((POPPED,) * ANSWER_WORDS))
    assert answer.words == tuple(range(1, ANSWER_WORDS + 1))


@cocotb.test()
async def bus_errors(dut: Any) -> None:
    """The first error ends a request; an address that no register has is one, and not another register's."""
    host = await start(dut, "random")
    for address in (FAULTY, 0x1004, 0x8004):
        answer = await host.ask(Kind.WRITE, writes(address, [1, 2, 3]))
        assert (answer.status, answer.words) == (Status.BUS, (0,))
        answer = await host.ask(Kind.READ, read_payload((0x204, address, 0x208)))
        assert (answer.status, answer.words) == (Status.BUS, (0x204 * 0x10001,))
        assert host.registers.reads[-1] in (0x204, FAULTY)
    assert host.registers.writes == []
    await host.alive()


@cocotb.test()
@cocotb.parametrize(pattern=PATTERNS)
async def images(dut: Any, pattern: str) -> None:
    """Images of all lengths, with labels, pixels that look like markers; their results come with the answers."""
    host = await start(dut, pattern)
    sent, found = [], []
    for length in (1, 2, IMAGE, IMAGE - 1, IMAGE):
        label, pixels = host.rng.getrandbits(LABEL_BITS), bytes(host.rng.choice((0xA5, 3, 255)) for _ in range(length))
        host.results.queue.append(len(sent) + 0xAB00CD00)
        answer = await host.ask(Kind.IMAGE, image_payload(label, pixels))
        sent.append((label, pixels))
        assert answer.status == Status.DONE
        found += answer.words
        await host.bench.step(60 * len(pixels))
        assert host.pixels.images == sent
    found += (await host.ask(Kind.RESULTS)).words
    assert found == [0xAB00CD00 + i for i in range(len(sent))]


@cocotb.test()
async def no_room(dut: Any) -> None:
    """An image that finds the one before in the buffer is dropped, and the host is told; nothing else waits for it."""
    host = await start(dut)
    host.pixels.stopped = True
    first, second = (image_payload(label, bytes([label] * IMAGE)) for label in (1, 2))
    answer = await host.ask(Kind.IMAGE, first)
    assert answer.status == Status.DONE and not answer.room
    answer = await host.ask(Kind.IMAGE, second)
    assert answer.status == Status.BUSY and not answer.room
    await host.alive()
    host.pixels.stopped = False
    await host.bench.step(4 * IMAGE)
    assert (await host.ask(Kind.RESULTS)).room
    assert (await host.ask(Kind.IMAGE, second)).status == Status.DONE
    await host.bench.step(4 * IMAGE)
    assert host.pixels.images == [(1, bytes([1] * IMAGE)), (2, bytes([2] * IMAGE))]


@cocotb.test()
async def results(dut: Any) -> None:
    """More results than the queue holds wait in front of it; each comes once, in order, and the host knows how many."""
    host = await start(dut)
    expected = [host.rng.getrandbits(32) for _ in range(DEPTH + 3)]
    host.results.queue += expected
    await host.bench.step(5 * DEPTH)
    assert len(host.results.queue) == 3
    assert (await host.ask(Kind.READ, read_payload((0x204,)))).results == DEPTH
    found = list((await host.ask(Kind.RESULTS)).words)
    found += (await host.ask(Kind.RESULTS)).words
    assert found == expected
    answer = await host.ask(Kind.RESULTS)
    assert answer.words == () and answer.results == 0


@cocotb.test()
async def bad_requests(dut: Any) -> None:
    """A frame whose CRC is right and that asks for nothing there is: nothing happens."""
    host = await start(dut)
    bad = [
        (0, b""), (6, b""), (Kind.DAMAGED, b""), (Kind.HELLO, b"123"), (Kind.HELLO, b"12345"), (Kind.WRITE, b""),
        (Kind.WRITE, b"\x04\x00"), (Kind.WRITE, b"\x04\x00123"), (Kind.WRITE, b"\x04\x0012345"), (Kind.READ, b""),
        (Kind.READ, b"123"), (Kind.READ, bytes(2 * ANSWER_WORDS + 2)), (Kind.IMAGE, b"\x01\x00"),
        (Kind.IMAGE, image_payload(1, bytes(IMAGE + 1))), (Kind.RESULTS, b"1"),
        (Kind.IMAGE, image_payload(1 << LABEL_BITS, b"1")), (Kind.IMAGE, image_payload(0x8001, b"1")),
    ]  # fmt: skip
    for kind, payload in bad:
        answer = await host.answer(host.frame(kind, payload), 40)
        assert answer is not None and answer.status == Status.BAD, f"kind {kind} with {len(payload)} bytes: {answer}"
        assert (answer.sequence, answer.words) == (host.sequence, ())
    assert not (host.registers.writes or host.registers.reads or host.pixels.images or host.pixels.begun)
    await host.alive()


@cocotb.test()
async def repeats(dut: Any) -> None:
    """A request whose answer was lost is not done again; the answer is."""
    host = await start(dut, "random")
    host.results.queue += [7, 8]
    asked = [
        (Kind.WRITE, writes(0x10, [5, 6])),
        (Kind.READ, read_payload((POPPED,))),
        (Kind.IMAGE, image_payload(9, bytes(range(IMAGE)))),
        (Kind.RESULTS, b""),
    ]
    for count, (kind, payload) in enumerate(asked, 1):
        data = host.frame(kind, payload)
        first = await host.answer(data)
        await host.bench.step(8 * IMAGE)
        host.results.queue += [100 + count]
        again = await host.answer(data)
        assert first is not None and first == again
        hello = await host.ask(Kind.HELLO, NONCE)
        assert hello.words[-1] == count
    assert host.registers.writes == [(0x10, 5), (0x10, 6)] and host.registers.popped == 1
    assert host.pixels.images == [(9, bytes(range(IMAGE)))]
    host.sequence -= 1  # that of the last hello, which was another kind of request: its answer is the one that counts
    await host.bench.step(100)
    assert (await host.ask(Kind.HELLO, NONCE)).words[0] == int.from_bytes(NONCE, "little")


class Watch:
    """Looks at a stream inside the bridge: ``found`` has the cycles to each word from ``begin`` or the word before."""

    def __init__(self, begin: Any, valid: Any, ready: Any, data: Any) -> None:
        self.begin, self.valid, self.ready, self.data = begin, valid, ready, data
        self.found: list[int] = []
        self._since, self._offered = 0, None

    def drive(self) -> None: ...

    def sample(self, cycle: int) -> None:
        if self.begin.value == 1:
            self._since = cycle
        if self.valid.value != 1:
            return
        word = int(self.data.value)
        if self._offered is None:
            self.found.append(cycle - self._since)
        assert self._offered in (None, word), "a word changed while it waited"
        self._offered = word
        if self.ready.value == 1:
            self._since, self._offered = cycle, None

    def reset(self) -> None: ...


@cocotb.test()
async def latencies(dut: Any) -> None:
    """Those in the headers of frame_sender, image_buffer, serial_commands; what waits for its ready stays as it is."""
    host = await start(dut)
    sender, image, commands = dut.u_sender, dut.u_image, dut.u_commands
    sent = Watch(sender.start_i, sender.byte_valid_o, sender.byte_ready_i, sender.byte_o)
    pixels = Watch(image.commit_i, image.m_axis_tvalid, image.m_axis_tready, image.m_axis_tdata)
    begun = commands.access_start_o
    accesses = Watch(commands.access_done_i, begun, begun, commands.access_address_o)
    host.bench.agents += [sent, pixels, accesses]
    await host.ask(Kind.READ, read_payload((0x204, 0x3F8, 0x204)))
    assert sent.found == [1] * 9 + [3, 1, 1, 1] * 3 + [2, 1, 1, 1]
    assert accesses.found[1:] == [7, 7]
    await host.ask(Kind.WRITE, writes(0x10, [1, 2, 3]))
    assert accesses.found[4:] == [9, 9]
    await host.ask(Kind.IMAGE, image_payload(0, bytes(IMAGE)))
    assert pixels.found == [3] + [2] * (IMAGE - 1)


@cocotb.test()
async def reset(dut: Any) -> None:
    """A reset in the middle of anything: the bridge begins anew and has forgotten the last number."""
    host = await start(dut)
    for progress in (30, 200, 1500, 2600):
        host.line.send(host.frame(Kind.WRITE, writes(0x10, [1, 2, 3, 4])))
        await host.bench.step(progress)
        await host.bench.reset()
        await host.bench.step(4)
        await host.alive()


# ---- Noise -----------------------------------------------------------------------------------------------------------
def damage(rng: random.Random, data: bytes, kind: str) -> list[int]:
    """Levels of the line with a frame that something happened to."""
    place = rng.randrange(len(data))
    clean = list(levels(data, DIVISOR))
    if kind == "flip":
        changed = bytearray(data)
        changed[place] ^= 1 << rng.randrange(8)
        return list(levels(changed, DIVISOR))
    if kind == "loss":
        return list(levels(data[:place] + data[place + 1 :], DIVISOR))
    if kind == "extra":
        return list(levels(data[:place] + bytes([rng.randrange(256)]) + data[place:], DIVISOR))
    if kind == "cut":
        return list(levels(data[: max(place, 1)], DIVISOR))
    if kind == "break":
        start = place * BYTE
        return clean[:start] + [0] * rng.randrange(12 * DIVISOR, 5 * BYTE) + clean[start:]
    if kind == "rubbish":
        return list(levels(rng.randbytes(5) + data, DIVISOR))
    assert kind == "burst"
    start = rng.randrange(len(clean))
    return clean[:start] + [rng.getrandbits(1) for _ in range(4 * BYTE)] + clean[start + 4 * BYTE :]


DAMAGE = ("flip", "loss", "extra", "cut", "break", "rubbish", "burst")


@cocotb.test()
@cocotb.parametrize(kind=DAMAGE)
async def noise(dut: Any, kind: str) -> None:
    """Nothing of a damaged request takes effect. Asked again, with the same number, it does, once."""
    host = await start(dut)
    for number in range(6):
        word, pixels = host.rng.getrandbits(32), host.rng.randbytes(IMAGE)
        asked = [(Kind.WRITE, writes(0x10, [word, word])), (Kind.IMAGE, image_payload(number, pixels))][number % 2]
        data = host.frame(*asked)
        before = len(host.registers.writes), len(host.pixels.images)
        host.line.levels += damage(host.rng, data, kind)
        await host.quiet()
        after = len(host.registers.writes), len(host.pixels.images)
        answers = host.line.answers[:]
        host.line.answers.clear()
        # A byte too many behind the frame, or noise that is a start bit of nothing, may leave the request whole.
        whole = any(one.kind == asked[0] + ANSWER_BIT for one in answers)
        if not whole:
            assert after == before and host.pixels.begun == 0, f"{kind} {number}: something took effect"
            assert any(one.kind == Kind.DAMAGED for one in answers), f"{kind} {number}: nobody was told"
        assert not whole or kind in ("extra", "burst")
        answer = await host.answer(data, 40)
        assert answer is not None and answer.status == Status.DONE
        await host.bench.step(4 * IMAGE)
        if number % 2:
            assert host.pixels.images[before[1] :] == [(number, pixels)]
        else:
            assert host.registers.writes[before[0] :] == [(0x10, word)] * 2


@cocotb.test()
async def pauses(dut: Any) -> None:
    """From byte to byte a frame may take GapCycles, wherever in it; a cycle more, and it is none."""
    host = await start(dut)
    word = 0
    for place in (1, 3, 5, 7, 11, -1):  # in header, address, word and CRC
        for pause in (GAP - BYTE, GAP - BYTE + 1):
            word += 1
            data = host.frame(Kind.WRITE, writes(0x10, [word]))
            host.line.levels += [*levels(data[:place], DIVISOR), *[1] * pause, *levels(data[place:], DIVISOR)]
            await host.quiet()
            taken = pause + BYTE <= GAP
            assert host.registers.writes[-1:] == [(0x10, word if taken else word - 1)], (place, pause)
            kinds = {answer.kind for answer in host.line.answers}
            assert kinds == {Kind.WRITE + ANSWER_BIT if taken else Kind.DAMAGED}, (place, pause)
            host.line.answers.clear()


@cocotb.test()
async def a_frame_in_damage_is_none(dut: Any) -> None:
    """Pixels that are a whole frame do nothing, when the frame around them is damaged."""
    host = await start(dut)
    inner = frame(77, Kind.WRITE, writes(0x20, [0xBAD]))
    damaged = bytearray(host.frame(Kind.IMAGE, image_payload(3, inner)))
    for place in (0, 1, 2, 4, len(damaged) - 1):  # marker, sequence, kind, length, CRC
        wrong = damaged.copy()
        wrong[place] ^= 0x40
        host.line.send(wrong)
        await host.quiet()
        assert host.registers.writes == [] and host.pixels.images == []
    begun = damaged[:9]  # and then a byte whose stop bit is low, and the frame that it hides
    host.line.levels += [*levels(begun, DIVISOR), *[0] * BYTE, *[1] * DIVISOR, *levels(inner, DIVISOR)]
    await host.quiet()
    assert host.registers.writes == []
    assert {answer.kind for answer in host.line.answers} == {Kind.DAMAGED}
    host.line.answers.clear()
    await host.alive()


@cocotb.test()
async def too_long(dut: Any) -> None:
    """A frame beyond the buffer, whose CRC is right, does nothing, and is told when the line is quiet."""
    host = await start(dut)
    payload = writes(0x10, range(REQUEST_BYTES // 4))
    assert len(payload) == REQUEST_BYTES + 2
    body = struct.pack("<BBH", 1, Kind.WRITE, len(payload)) + payload
    answer = await host.answer(MARKER + body + struct.pack("<I", zlib.crc32(body)))
    assert answer is not None and answer.kind == Kind.DAMAGED and host.registers.writes == []
    assert (await host.ask(Kind.HELLO, NONCE)).words[5] == 1
    await host.alive()


@cocotb.test()
async def random_bytes(dut: Any) -> None:
    """Rubbish, much of it markers and kinds: the registers hear nothing of it."""
    host = await start(dut)
    for _ in range(6):
        rubbish = bytes(host.rng.choice((0xA5, 0, 1, 2, 4, host.rng.randrange(256))) for _ in range(60))
        host.line.send(rubbish)
        await host.quiet()
        assert host.registers.writes == [] and host.registers.reads == [] and host.pixels.images == []
        assert {answer.kind for answer in host.line.answers} == {Kind.DAMAGED}
        host.line.answers.clear()
    await host.alive()


@cocotb.test()
async def a_request_too_early(dut: Any) -> None:
    """A request that comes while the one before is answered is damage: asked again, it is done once."""
    host = await start(dut)
    slow = host.frame(Kind.READ, read_payload((POPPED,) * 8))
    early = host.frame(Kind.WRITE, writes(0x30, [1]))
    first = await host.answer(slow + early)
    assert first is not None and first.words == tuple(range(1, 9))
    second = await host.next_answer()
    assert second is not None and second.kind == Kind.DAMAGED and host.registers.writes == []
    third = await host.answer(early)
    assert third is not None and third.status == Status.DONE and host.registers.writes == [(0x30, 1)]
