# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of counter_store: every word that is fetched is compared with plain counters."""

from __future__ import annotations

import itertools
import random
from typing import Any

import cocotb

from verif.streams import Bench
from verif.unit.store_model import SHAPES, StoreModel
from verif.unit.stream_checks import parameters

SHAPE = SHAPES[parameters()["shape"]]
ROUND = SHAPE.counters
WRITTEN = ROUND + 3  # cycles from a snapshot to the first in which a fetch of it begins
WORDS = [(n, high) for n in range(SHAPE.counters) for high in (0, 1)]
COUNTING = [(n, 0) for n, largest in enumerate(SHAPE.largest) if largest]  # words that no two snapshots share
FETCH = 3  # cycles from its beginning to its word
COMMANDS = {"snapshot": (1, 0), "clear": (0, 1), "both": (1, 1)}


class Store:
    """Drives a cycle a step, and fetches what ``wanted`` asks for, or anything, all the time."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.bench = Bench(dut, [self])
        self.always = False  # fetch something when nothing is wanted
        self.fullest = False  # every increment is the largest
        self._restart()

    def _restart(self) -> None:
        self.model = StoreModel(SHAPE)
        self.command = (0, 0)
        self.wanted: list[tuple[int, int]] = []
        self.read: dict[tuple[int, int], int] = {}  # what was fetched last
        self.fetch: tuple[int, int] | None = None
        self.began = 0
        self.allowed: list[int] = []
        self.word: int | None = None  # stays until the next fetch
        self.opened = self.bench.cycle - 1  # a reset is a snapshot in the cycle before
        self.increments = [0] * SHAPE.counters

    def reset(self) -> None:
        self._restart()
        for name in ("snapshot_i", "clear_i", "increment_i", "fetch_i"):
            getattr(self.dut, name).value = 0

    def expected(self) -> int:
        """The half that is being fetched, as of the last snapshot."""
        number, high = self.fetch
        half = SHAPE.width // 2
        return self.model.snapshot[number] >> half * high & (1 << half) - 1

    def drive(self) -> None:
        if self.fetch is None:
            if self.wanted:
                self.fetch = self.wanted.pop(0)
            elif self.always and self.rng.random() < 0.7:
                self.fetch = self.rng.choice(WORDS)
            if self.fetch is not None:
                self.began, self.allowed = self.bench.cycle, [self.expected()]
        number, high = self.fetch or self.rng.choice(WORDS)
        self.dut.fetch_i.value = int(self.fetch is not None)
        self.dut.fetch_place_i.value, self.dut.fetch_high_i.value = SHAPE.places[number], high
        most = SHAPE.largest
        self.increments = [value if self.fullest else self.rng.randint(0, value) for value in most]
        bits = SHAPE.increment_bits
        self.dut.increment_i.value = sum(value << bits * n for n, value in enumerate(self.increments))
        self.dut.snapshot_i.value, self.dut.clear_i.value = self.command

    def sample(self, cycle: int) -> None:
        if self.dut.fetched_o.value == 1:
            assert self.fetch is not None, f"cycle {cycle}: an answer to no fetch"
            found = int(self.dut.word_o.value)
            assert found in self.allowed, f"cycle {cycle}: counter {self.fetch} is {found}, expected {self.allowed}"
            self.read[self.fetch] = found
            self.word, self.fetch = found, None
        elif self.fetch is None:
            assert self.word in (None, int(self.dut.word_o.value)), f"cycle {cycle}: the word does not stay"
        elif cycle == max(self.began, self.opened + WRITTEN) + FETCH:
            raise AssertionError(f"cycle {cycle}: no answer to the fetch of cycle {self.began}")
        self.model.step(self.increments, *self.command)
        if self.command[0]:
            self.opened = cycle
            if self.fetch is not None:
                self.allowed.append(self.expected())

    async def step(self, cycles: int = 1) -> None:
        await self.bench.step(cycles)

    async def do(self, command: str) -> None:
        """A command, for one cycle."""
        self.command = COMMANDS[command]
        await self.step()
        self.command = (0, 0)

    async def read_all(self) -> list[int]:
        """Every counter as of the last snapshot, fetched half by half."""
        self.read.clear()
        self.wanted = self.rng.sample(WORDS, len(WORDS))
        await self.bench.run_until(lambda: len(self.read) == len(WORDS), WRITTEN + 8 * len(WORDS))
        values = [self.read[n, 0] | self.read[n, 1] << SHAPE.width // 2 for n in range(SHAPE.counters)]
        assert values == self.model.snapshot
        return values


async def start(dut: Any) -> Store:
    store = Store(dut)
    await store.bench.start()
    return store


@cocotb.test()
async def every_distance(dut: Any) -> None:
    """Two commands of any kind at every distance, at every turn; what they leave is read and continued."""
    store = await start(dut)
    for first, second in itertools.product(COMMANDS, repeat=2):
        for distance in range(1, ROUND + 6):
            await store.do(first)
            await store.step(distance - 1)
            await store.do(second)
            await store.read_all()
            await store.do("snapshot")
            await store.read_all()
            await store.step(store.rng.randrange(ROUND))


@cocotb.test()
async def bursts(dut: Any) -> None:
    """Commands in many cycles one after the other, of one kind or of all; the counters lose nothing meanwhile."""
    store = await start(dut)
    for kinds in (["snapshot"], ["clear"], ["both"], list(COMMANDS)):
        for length in (2, 3, ROUND - 1, ROUND, ROUND + 1, 3 * ROUND):
            for _ in range(length):
                await store.do(store.rng.choice(kinds))
            await store.do("snapshot")
            await store.read_all()


@cocotb.test()
async def fullest(dut: Any) -> None:
    """The largest increments in every cycle, over many rounds."""
    store = await start(dut)
    store.fullest = True
    for _ in range(6):
        await store.step(store.rng.randrange(3 * ROUND, 6 * ROUND))
        await store.do("snapshot")
        await store.read_all()


@cocotb.test()
async def written_in_time(dut: Any) -> None:
    """A fetch that waits since the snapshot, or comes at any time behind it, is answered when it can be."""
    store = await start(dut)
    for delay, word in itertools.product(range(-2, WRITTEN + 3), COUNTING):
        await store.step(3 * ROUND)
        if delay < 0:
            store.wanted = [word]
            await store.step(-delay)
        await store.do("snapshot")
        await store.step(max(delay, 0))
        store.wanted = [word]
        await store.step(WRITTEN + 4)
        assert store.fetch is None


@cocotb.test()
async def reset(dut: Any) -> None:
    """Counters and snapshot are the start value after a reset, amid whatever happens."""
    store = await start(dut)
    for length in (1, 2, 5):
        for _ in range(2 * ROUND):
            await store.step(store.rng.randrange(ROUND))
            await store.do("snapshot")
        await store.bench.reset(length)
        store.wanted = [(0, 0)]
        assert await store.read_all() == [SHAPE.start] * SHAPE.counters
        await store.do("snapshot")
        await store.read_all()


@cocotb.test()
async def randomised(dut: Any) -> None:
    """Commands and fetches at random, dense and sparse."""
    store = await start(dut)
    store.always = True
    for density in (0.5, 0.1, 0.5 / ROUND):
        for _ in range(2_500):
            if store.rng.random() < density:
                await store.do(store.rng.choice(list(COMMANDS)))
            else:
                await store.step()
        await store.step(WRITTEN)
        await store.read_all()
