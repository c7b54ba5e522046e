# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of bank_loader: every cycle of every test is compared with the reference model."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from verif.streams import PATTERNS, Bench, active
from verif.unit.loader_model import SHAPES, Inputs, LoaderModel, Reason, State, ports, with_checksum
from verif.unit.stream_checks import parameters

SHAPE = SHAPES[parameters()["shape"]]
INPUTS, OUTPUTS = ports(SHAPE)
HEADER, PLACES, TOTAL, BANKS = len(SHAPE.header), len(SHAPE.places), SHAPE.total, SHAPE.banks
RANDOM_OPERATIONS = 80 if TOTAL < 100 else 15  # at least


class Loader:
    """Drives ``given`` for one cycle a step, and compares what is defined of the outputs with the model."""

    def __init__(self, dut: Any, pattern: str = "none") -> None:
        self.dut = dut
        self.rng = random.Random(f"{cocotb.RANDOM_SEED} {pattern}")
        self.pattern = active(pattern, self.rng)
        self.given = Inputs()
        self.model = LoaderModel(SHAPE)
        self.writes: list[tuple[int, int, int, int, int]] = []
        self.events = {"committed": 0, "refused": 0, "activate": 0}
        self.reasons: set[Reason] = set()
        self.bench = Bench(dut, [self])

    def drive(self) -> None:
        values = {name: value for name, value in vars(self.given).items() if name != "reset"}
        self.dut.in_i.value = INPUTS.pack(values)
        self.dut.rst_ni.value = 1 - self.given.reset

    def sample(self, cycle: int) -> None:
        found, expected = OUTPUTS.unpack(int(self.dut.out_o.value)), self.model.outputs()
        wrong = {name: (found[name], value) for name, value in expected.items() if found[name] != value}
        assert not wrong, f"cycle {cycle}, {self.model.state.name}: (found, expected) {wrong}"
        if found["wr_enable"]:
            self.writes.append(tuple(found[f"wr_{name}"] for name in ("layer", "bias", "bank", "address", "data")))
        for name in self.events:
            self.events[name] += found[name]
        self.reasons.add(self.model.reason)
        self.model.step(self.given)

    def reset(self) -> None:
        bank = self.model.bank  # no reset touches it
        self.model = LoaderModel(SHAPE, bank=bank)
        self.given = Inputs()
        self.drive()
        self.dut.rst_ni.value = 0

    async def step(self, cycles: int = 1, **inputs: int) -> None:
        """Some cycles with these inputs; the others stay as they are, pulses are low."""
        given = self.given
        given.start = given.commit = given.activate = given.invalidate = given.word_valid = 0
        given.word = self.rng.getrandbits(32)  # rubbish while invalid
        for name, value in inputs.items():
            setattr(given, name, value)
        await self.bench.step(cycles)

    async def send(self, words: list[int]) -> None:
        """Words with the gaps of the pattern. The target may point anywhere meanwhile."""
        for word in words:
            while not next(self.pattern):
                await self.step(target=self.rng.randrange(16))
            await self.step(word_valid=1, word=word)

    async def start(self, bank: int) -> None:
        await self.step(start=1, target=bank)

    async def load(self, bank: int, activate: int = 0, words: list[int] | None = None) -> list[int]:
        """Start, send (a random stream) and commit; return what was sent."""
        words = SHAPE.stream(self.rng) if words is None else words
        await self.start(bank)
        await self.send(words)
        await self.step(commit=1, activate=activate)
        await self.step(2)
        return words

    def expect(self, state: State, reason: Reason) -> None:
        """State and reason in the coming cycle; the design has been compared with the model up to the last one."""
        assert (self.model.state, self.model.reason) == (state, reason)


async def begin(dut: Any, pattern: str = "none") -> Loader:
    loader = Loader(dut, pattern)
    await loader.bench.start()
    # A bank that is selected but not valid may be loaded; select another one where there is one.
    loader.given.select = BANKS - 1
    return loader


@cocotb.test()
@cocotb.parametrize(("pattern", PATTERNS))
async def loads(dut: Any, pattern: str) -> None:
    """Every bank, with and without activation: all words go where they belong, in order, and the bank is valid."""
    loader = await begin(dut, pattern)
    for bank in dict.fromkeys((0, BANKS - 1, *range(min(BANKS, 4)))):
        for activate in (0, 1):
            loader.given.select = (bank + 1) % BANKS if BANKS > 1 else 15  # neither valid nor this one
            loader.writes.clear()
            before = dict(loader.events)
            words = await loader.load(bank, activate)
            expected = [(layer, bias, bank, address) for layer, bias, address in SHAPE.places]
            assert [write[:4] for write in loader.writes] == expected
            assert [write[4] for write in loader.writes] == words[HEADER:-1]
            loader.expect(State.COMMITTED, Reason.NONE)
            gained = {name: loader.events[name] - before[name] for name in before}
            assert gained == {"committed": 1, "refused": 0, "activate": activate}
            assert bank in loader.model.valid


@cocotb.test()
@cocotb.parametrize(("index", range(HEADER)))
async def foreign(dut: Any, index: int) -> None:
    """Any changed bit of the header: refused at once, no word reaches a memory, the reason stays to the next start."""
    loader = await begin(dut)
    reasons = [1, 2, 3, 3, 4, 4, 5, 2]
    for bit in range(32) if PLACES < 50 else (0, 31):
        words = SHAPE.stream(loader.rng)
        words[index] ^= 1 << bit
        await loader.start(0)
        await loader.send(words[: index + 1])
        await loader.step(2)
        loader.expect(State.REFUSED, Reason(reasons[index]))
        assert len(loader.model.words) == index
        await loader.send(words[index + 1 :][:30])
        await loader.step(commit=1, activate=1)
        await loader.step(2)
        loader.expect(State.REFUSED, Reason(reasons[index]))
    assert not loader.writes
    assert loader.events == {"committed": 0, "refused": 32 if PLACES < 50 else 2, "activate": 0}


@cocotb.test()
async def damaged(dut: Any) -> None:
    """A changed bit, or two words that have changed places, in payload or checksum: refused at the commit."""
    loader = await begin(dut)
    positions = dict.fromkeys((HEADER, HEADER + PLACES // 2, TOTAL - 2, TOTAL - 1))
    for position in positions:
        for bit in (0, 7, 16, 31):
            words = SHAPE.stream(loader.rng)
            words[position] ^= 1 << bit
            await loader.load(0, activate=1, words=words)
            loader.expect(State.REFUSED, Reason.CRC_MISMATCH)
            assert not loader.model.valid
    if PLACES > 1:
        words = SHAPE.stream(loader.rng)
        words[HEADER], words[HEADER + 1] = words[HEADER + 1], words[HEADER] ^ (words[HEADER] == words[HEADER + 1])
        await loader.load(0, words=words)
        loader.expect(State.REFUSED, Reason.CRC_MISMATCH)
    await loader.load(0)
    loader.expect(State.COMMITTED, Reason.NONE)


@cocotb.test()
async def checksum_of_an_empty_message_does_not_count(dut: Any) -> None:
    """The stream's own checksum twice, or a whole stream whose tail is another's, is refused."""
    loader = await begin(dut)
    words = SHAPE.stream(loader.rng)
    other = SHAPE.stream(loader.rng)
    await loader.load(0, words=[*words[:-1], other[-1]])
    loader.expect(State.REFUSED, Reason.CRC_MISMATCH)
    # The checksum starts anew with each load: what was sent before a start does not count.
    await loader.start(0)
    await loader.send(words[: HEADER + 1])
    await loader.load(0, words=other)
    loader.expect(State.COMMITTED, Reason.NONE)


@cocotb.test()
async def incomplete(dut: Any) -> None:
    """A commit after every number of words but the right one."""
    loader = await begin(dut)
    counts = range(TOTAL) if TOTAL < 60 else (0, 1, HEADER, TOTAL // 2, TOTAL - 2, TOTAL - 1)
    for count in counts:
        words = SHAPE.stream(loader.rng)
        # The right checksum of too short a message: the length alone gives it away.
        short = with_checksum(words[: count - 1]) if count > HEADER else words[:count]
        await loader.load(0, words=short, activate=1)
        loader.expect(State.REFUSED, Reason.INCOMPLETE)
        await loader.send(words[count:])  # what follows a refusal is dropped
        loader.expect(State.REFUSED, Reason.INCOMPLETE)
    assert loader.events == {"committed": 0, "refused": len(list(counts)), "activate": 0}


@cocotb.test()
async def overrun(dut: Any) -> None:
    """One word too many refuses the load, whatever it is; the commit does not make it good."""
    loader = await begin(dut)
    for extra in (0, 0xFFFFFFFF, loader.rng.getrandbits(32)):
        loader.writes.clear()
        await loader.start(0)
        await loader.send([*SHAPE.stream(loader.rng), extra])
        await loader.step(2)
        loader.expect(State.REFUSED, Reason.OVERRUN)
        await loader.step(commit=1)
        await loader.step(2)
        assert len(loader.writes) == PLACES and not loader.model.valid


@cocotb.test()
async def without_a_start(dut: Any) -> None:
    """Words are dropped; a commit is refused, also a second one, and the committed bank stays valid."""
    loader = await begin(dut)
    await loader.send(SHAPE.stream(loader.rng)[:12])
    loader.expect(State.IDLE, Reason.NONE)
    await loader.step(commit=1, activate=1)
    await loader.step(2)
    loader.expect(State.REFUSED, Reason.NOT_STARTED)
    await loader.load(0, activate=1)
    loader.expect(State.COMMITTED, Reason.NONE)
    await loader.send(SHAPE.stream(loader.rng)[:12])
    await loader.step(commit=1, activate=1)
    await loader.step(2)
    loader.expect(State.REFUSED, Reason.NOT_STARTED)
    assert loader.model.valid == {0}
    assert loader.events == {"committed": 1, "refused": 2, "activate": 1}


@cocotb.test()
async def start_is_refused(dut: Any) -> None:
    """Every combination of causes: the first of no such bank, memory off, selected and valid, in use is the reason."""
    loader = await begin(dut)
    seen = set()
    last = BANKS - 1
    for valid in (0, 1):
        for selected in (0, 1):
            for busy in (0, 1):
                for memory_on in (1, 0):
                    for target in dict.fromkeys((0, last, BANKS % 16, 15)):
                        await loader.bench.reset()
                        if valid and target < BANKS:
                            loader.given.select = 15 if BANKS < 16 else (target + 1) % 16
                            await loader.load(target)
                        everything = (1 << BANKS) - 1
                        mine = 1 << target if target < BANKS else 0
                        select = target if selected else (target + 1) % 16
                        loader.given.busy = mine if busy else everything & ~mine
                        await loader.step(start=1, target=target, select=select, memory_on=memory_on)
                        await loader.step()
                        seen.add(loader.model.reason)
                        # A refused start ends whatever was loaded, and costs a valid bank nothing.
                        await loader.step(2)
                        loader.given.memory_on, loader.given.busy = 1, 0
    expected = {Reason.NONE, Reason.MEMORY_OFF, Reason.BANK_ACTIVE, Reason.BANK_IN_USE}
    assert seen == expected | ({Reason.NO_SUCH_BANK} if BANKS < 16 else set())


@cocotb.test(skip=BANKS < 2)
async def a_refused_start_ends_the_load(dut: Any) -> None:
    """The load that was under way is lost, the selected bank stays valid."""
    loader = await begin(dut)
    await loader.load(1, activate=1)
    loader.given.select = 1
    await loader.start(0)
    await loader.send(SHAPE.stream(loader.rng)[:-3])
    await loader.start(1)
    await loader.step(2)
    loader.expect(State.REFUSED, Reason.BANK_ACTIVE)
    assert loader.model.valid == {1}
    writes = len(loader.writes)
    await loader.send(SHAPE.stream(loader.rng))
    assert len(loader.writes) == writes


@cocotb.test()
async def abort(dut: Any) -> None:
    """A start in the middle of a load begins anew, for the same bank or another; what was valid there no longer is."""
    loader = await begin(dut)
    for other in dict.fromkeys((0, BANKS - 1)):
        loader.given.select = 15 if BANKS < 16 else 7
        await loader.load(0)
        for count in (0, 1, HEADER, HEADER + 1, TOTAL - 1, TOTAL):
            await loader.start(0)
            await loader.step()
            assert 0 not in loader.model.valid
            await loader.send(SHAPE.stream(loader.rng)[:count])
            await loader.step(3)  # the last word is written
            loader.writes.clear()
            await loader.load(other)
            loader.expect(State.COMMITTED, Reason.NONE)
            assert [write[2:4] for write in loader.writes] == [(other, address) for *_, address in SHAPE.places]


@cocotb.test()
async def invalidated(dut: Any) -> None:
    """Exactly the named bank; one that does not exist is none; a load goes on, and its commit counts."""
    loader = await begin(dut)
    for bank in range(BANKS):
        loader.given.select = (bank + 1) % 16
        await loader.load(bank)
    for bank in [*range(BANKS, 16), *range(BANKS)]:
        before = set(loader.model.valid)
        await loader.step(invalidate=1, target=bank)
        await loader.step(2)
        assert loader.model.valid == before - {bank}
    for bank in range(BANKS):
        await loader.load(bank)
    for bank in range(BANKS):  # dropped by what has spoilt it
        before = set(loader.model.valid)
        await loader.step(drop=1 << bank)
        await loader.step(2, drop=0)
        assert loader.model.valid == before - {bank}
    loader.given.select = 7  # not valid any more, or no bank at all
    await loader.start(0)
    words = SHAPE.stream(loader.rng)
    await loader.send(words[:5])
    await loader.step(invalidate=1, target=0)
    await loader.send(words[5:])
    await loader.step(commit=1, target=0)
    await loader.step(2)
    loader.expect(State.COMMITTED, Reason.NONE)
    # Together with a commit of the same bank, the invalidation has the last word.
    await loader.start(0)
    await loader.send(SHAPE.stream(loader.rng))
    await loader.step(commit=1, invalidate=1, target=0)
    await loader.step(2)
    assert not loader.model.valid


@cocotb.test()
async def commands_together(dut: Any) -> None:
    """Bits of one register: a start wins over a commit; a start that also invalidates begins a load."""
    loader = await begin(dut)
    await loader.start(0)
    await loader.send(SHAPE.stream(loader.rng))
    await loader.step(start=1, commit=1, activate=1, target=0)
    await loader.step(2)
    loader.expect(State.LOADING, Reason.NONE)
    assert not loader.events["committed"]
    await loader.step(start=1, invalidate=1, target=BANKS - 1)
    await loader.send(SHAPE.stream(loader.rng))
    await loader.step(commit=1, activate=1)
    await loader.step(2)
    loader.expect(State.COMMITTED, Reason.NONE)


@cocotb.test()
async def memory_lost(dut: Any) -> None:
    """Without power all banks are invalid at once and a load ends, at every stage; power alone brings nothing back."""
    loader = await begin(dut)
    for count in dict.fromkeys((0, 3, HEADER, HEADER + 1, TOTAL - 1, TOTAL)):
        for commit in (0, 1):
            loader.given.select = 15 if BANKS < 16 else 7
            await loader.load(BANKS - 1)
            await loader.start(0)
            await loader.send(SHAPE.stream(loader.rng)[:count])
            loader.given.memory_on = 0
            await loader.step(commit=commit, activate=commit)
            await loader.step(2)
            loader.expect(State.REFUSED, Reason.MEMORY_OFF)
            assert not loader.model.valid
            loader.given.memory_on = 1
            await loader.step(3)
            assert not loader.model.valid
    assert loader.events["activate"] == 0
    # A word that comes with the loss is written or not, but the load is over.
    await loader.start(0)
    await loader.send(SHAPE.stream(loader.rng)[:HEADER])
    await loader.step(word_valid=1, memory_on=0)
    await loader.step(2, memory_on=1)
    loader.expect(State.REFUSED, Reason.MEMORY_OFF)
    # With nothing under way, only the valid bits go.
    await loader.load(0)
    await loader.step(memory_on=0)
    await loader.step(memory_on=1)
    loader.expect(State.COMMITTED, Reason.NONE)
    assert not loader.model.valid


@cocotb.test()
async def reset(dut: Any) -> None:
    """In the middle of a load, with valid banks, and after a refusal: idle, nothing valid, nothing written."""
    loader = await begin(dut)
    for count in (0, 3, HEADER + 1, TOTAL):
        await loader.load(BANKS - 1)
        await loader.start(0)
        await loader.send(SHAPE.stream(loader.rng)[:count])
        await loader.step(reset=1)
        await loader.step(reset=0)
        loader.expect(State.IDLE, Reason.NONE)
        await loader.send(SHAPE.stream(loader.rng)[: HEADER + 1])
        loader.expect(State.IDLE, Reason.NONE)
    # A word, a refusal and a commit that come with the reset leave nothing behind either.
    for ending in (
        {"word_valid": 1},
        {"word_valid": 1, "word": 0},
        {"commit": 1, "activate": 1},
        {"start": 1, "target": 15},
    ):
        for count in (0, HEADER, TOTAL):
            await loader.start(0)
            await loader.send(SHAPE.stream(loader.rng)[:count])
            await loader.step(reset=1, **ending)
            await loader.step(reset=0)
            loader.expect(State.IDLE, Reason.NONE)
            await loader.step(2)


async def _operation(loader: Loader) -> None:
    """One random thing that a program, the power control or the images may do."""
    rng = loader.rng
    loader.given.select = rng.choice((loader.given.select, rng.randrange(16), *loader.model.valid))
    loader.given.busy = rng.choice((0, 0, rng.getrandbits(BANKS)))
    if rng.random() < 0.1:
        await loader.step(rng.randint(1, 3), memory_on=0)
        loader.given.memory_on = 1
    target = rng.choice((rng.randrange(BANKS), loader.given.select, rng.randrange(16)))
    kind = rng.randrange(8)
    words = SHAPE.stream(rng)
    if kind == 0:
        await loader.step(invalidate=1, target=target)
    elif kind == 1:
        await loader.step(
            commit=rng.getrandbits(1), start=rng.getrandbits(1), target=target, activate=rng.getrandbits(1)
        )
    elif kind == 2:  # a defect anywhere
        position = rng.choice((rng.randrange(TOTAL), rng.randrange(HEADER)))
        words[position] ^= 1 << rng.randrange(32)
        await loader.load(target, rng.getrandbits(1), words)
    elif kind == 3:  # another length
        await loader.load(target, rng.getrandbits(1), (words + words)[: rng.choice((rng.randrange(TOTAL), TOTAL + 1))])
    elif kind == 4:
        await loader.send(words[: rng.randrange(TOTAL)])
    else:
        await loader.load(target, rng.getrandbits(1), words)
        if loader.model.activate:
            loader.given.select = target


@cocotb.test()
@cocotb.parametrize(("pattern", PATTERNS))
async def randomised(dut: Any, pattern: str) -> None:
    """Everything at random, until every reason for a refusal has been seen."""
    loader = await begin(dut, pattern)
    possible = set(Reason) - ({Reason.NO_SUCH_BANK} if BANKS == 16 else set())
    for number in range(10 * RANDOM_OPERATIONS):
        if number >= RANDOM_OPERATIONS and (possible <= loader.reasons or TOTAL > 100):
            break
        await _operation(loader)
    missing = possible - loader.reasons
    assert TOTAL > 100 or not missing, f"never refused for {sorted(reason.name for reason in missing)}"
    assert TOTAL > 100 or (loader.events["committed"] and loader.events["activate"])
