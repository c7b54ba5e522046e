# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of feature_store."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from verif.streams import CROSSED, Bench, StreamSink, StreamSource
from verif.unit.ports import Pulses, Renamed
from verif.unit.stream_checks import compare, parameters

P = parameters()
WIDTH, WORDS, FRAMES = P["Width"], P["FrameWords"], P["Frames"]
DEPTH = FRAMES * WORDS


class Store:
    """The design with its sources, announcements and sink."""

    def __init__(self, dut: Any, idle: str = "none", stall: str = "none", late: str = "none") -> None:
        self.rng = random.Random(f"{cocotb.RANDOM_SEED} {idle} {stall} {late}")
        self.source = StreamSource(dut, "in", idle, self.rng)
        ports = Renamed(dut, decision_data_i="decision_keep_i")
        self.decisions = StreamSource(ports, "decision", late, self.rng)
        self.tags = Pulses(dut.frame_valid_i, dut.frame_gated_i, lambda: -(-len(self.source.transfers) // WORDS))
        self.sink = StreamSink(dut, "out", stall, self.rng)
        self.bench = Bench(dut, [self.source, self.tags, self.decisions, self.sink])
        self.expected: list[int] = []

    def clear(self) -> None:
        self.expected.clear()
        self.source.transfers.clear()

    def send(self, gated: bool, keep: bool = True) -> None:
        """Queue a frame, and its decision if it is gated."""
        words = [self.rng.getrandbits(WIDTH) for _ in range(WORDS)]
        self.source.queue += words
        self.tags.queue.append(int(gated))
        if gated:
            self.decisions.queue.append(int(keep))
        if keep or not gated:
            self.expected += words

    def send_random(self, count: int) -> None:
        for _ in range(count):
            self.send(self.rng.random() < 0.6, self.rng.random() < 0.5)

    async def check(self) -> None:
        """Run until all words went in and what shall leave has left; then see that nothing else does."""
        limit = 500 + 100 * len(self.source.queue)
        await self.bench.run_until(
            lambda: (
                not (self.source.queue or self.decisions.queue or self.tags.queue)
                and len(self.sink.words) >= len(self.expected)
            ),
            limit,
        )
        await self.bench.step(2 * DEPTH + 20)
        compare(self.sink.words, self.expected)


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    """Gated frames that are kept or dropped, mixed with frames that are not gated."""
    store = Store(dut, idle, stall, idle)
    await store.bench.start()
    store.send_random(25)
    await store.check()


@cocotb.test()
async def full(dut: Any) -> None:
    """Without a decision exactly Frames frames fit; nothing leaves, and nothing is lost when decisions come."""
    store = Store(dut)
    await store.bench.start()
    for keep in (True, False, True, True, False):
        store.send(True, keep)
    held, store.decisions.queue = store.decisions.queue, []
    await store.bench.step(3 * DEPTH + 20)
    assert len(store.source.transfers) == DEPTH, f"took {len(store.source.transfers)} words, has room for {DEPTH}"
    assert not store.sink.words, "a word left before its decision"
    store.decisions.queue = held
    await store.check()


@cocotb.test()
async def full_behind_a_stalled_reader(dut: Any) -> None:
    """With nobody taking words it fills up (the output buffer holds a few) and loses nothing."""
    store = Store(dut, stall="never")
    await store.bench.start()
    store.send_random(6)
    for _ in range(6):
        store.send(False)
    await store.bench.step(8 * DEPTH)
    assert store.sink.valid.value == 1 and store.source.queue
    store.sink.pattern = iter(lambda: True, None)
    await store.check()


@cocotb.test()
async def waits_for_no_decision(dut: Any) -> None:
    """A frame that is not gated passes although no decision is there."""
    store = Store(dut, late="never")
    await store.bench.start()
    store.send(False)
    await store.bench.step(WORDS + 10)
    compare(store.sink.words, store.expected)


@cocotb.test()
async def throughput(dut: Any) -> None:
    """FrameWords + 1 cycles a frame, sent or dropped: one to look at its tag."""
    store = Store(dut)
    await store.bench.start()
    frames = 12
    for i in range(frames):
        store.send(i % 3 > 0, keep=i % 3 == 1)
    await store.check()
    taken = store.source.transfers
    # Once the store is full, the source goes as fast as frames leave.
    assert taken[-1] - taken[-1 - 3 * WORDS] <= 3 * (WORDS + 1)
    kept = [c for c in store.sink.transfers][::WORDS]
    # Two of three frames leave: the one behind a kept frame FrameWords + 1 later, past a dropped one twice that.
    distances = [b - a for a, b in zip(kept[4:], kept[5:], strict=False)]
    assert sorted(set(distances)) == [WORDS + 1, 2 * (WORDS + 1)], distances


@cocotb.test()
async def reset(dut: Any) -> None:
    """A reset at any time empties it."""
    store = Store(dut)
    await store.bench.start()
    for cycles in range(1, 2 * WORDS + 6):
        store.send_random(4)
        await store.bench.step(cycles)
        await store.bench.reset()
        store.clear()
        store.send_random(6)
        await store.check()
        await store.bench.reset()
        store.clear()
