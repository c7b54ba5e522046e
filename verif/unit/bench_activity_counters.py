# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of activity_counters: every counter after every snapshot is compared with the reference model."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import cocotb

from verif.streams import Bench
from verif.unit.counter_model import BITS, COUNTERS, DOMAINS, NOBODY, CounterModel, device, ports
from verif.unit.stream_checks import parameters

DEVICE = device(parameters()["variant"])
INPUTS, OUTPUTS = ports(DEVICE)
PULSES = ("snapshot", "clear")
EVENTS = tuple(member for member in INPUTS.members if member.name not in PULSES)
RANDOM_CYCLES = 6_000


class Counters:
    """Drives ``given`` for one cycle a step, and compares the snapshot with the model in every cycle."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.given: dict[str, int] = {}
        self.model = CounterModel(DEVICE)
        self.bench = Bench(dut, [self])
        self._shown = self.model.snapshot  # what the design shows: a cycle behind the model

    def drive(self) -> None:
        self.dut.in_i.value = INPUTS.pack({name: value for name, value in self.given.items() if name != "reset"})
        self.dut.rst_ni.value = 1 - self.given.get("reset", 0)

    def sample(self, cycle: int) -> None:
        vector = int(self.dut.out_o.value)
        expected = {name: self._shown[name] for name in COUNTERS}
        if vector != OUTPUTS.pack(expected):
            found = OUTPUTS.unpack(vector)
            wrong = {name: (found[name], value) for name, value in expected.items() if found[name] != value}
            raise AssertionError(f"cycle {cycle}: (found, expected) {wrong}")
        self._shown = Counter() if self.given.get("reset") else self.model.snapshot
        self.model.step(self.given)

    def reset(self) -> None:
        self.model = CounterModel(DEVICE)
        self._shown = self.model.snapshot
        self.given = {}
        self.drive()
        self.dut.rst_ni.value = 0

    async def step(self, cycles: int = 1, **inputs: int) -> None:
        """Cycles in which exactly these inputs are not 0."""
        self.given = dict(inputs)
        await self.bench.step(cycles)
        self.given = {}

    async def snapshot(self, **inputs: int) -> Counter[str]:
        """All counters as they are before the increments of the cycle of the snapshot; compared with the model."""
        await self.step(**{"snapshot": 1, **inputs})
        await self.step()
        return +self.model.snapshot

    async def count(self, cycles: int = 1, **inputs: int) -> Counter[str]:
        """What cycles with these inputs add to each counter, without the cycles themselves."""
        await self.step(3, clear=1)
        await self.step(cycles, **inputs)
        await self.step()
        counted = await self.snapshot()
        del counted["cycles"]
        return counted

    def preset(self, value: int) -> None:
        """Set every counter, in the design and in the model; no event must be under way."""
        register = self.dut.u_counters.total_q
        register.value = sum(value << BITS * i for i in range(len(COUNTERS)))
        self.model.totals = Counter(dict.fromkeys(COUNTERS, value))


async def start(dut: Any) -> Counters:
    counters = Counters(dut)
    await counters.bench.start()
    return counters


@cocotb.test()
async def cycles(dut: Any) -> None:
    """Every cycle since reset, and since a clear, counts."""
    counters = await start(dut)
    await counters.step(100)
    assert (await counters.snapshot())["cycles"] == 100 - 1, "the increments are on their way for a cycle"
    await counters.step(clear=1)
    await counters.step(41)
    assert (await counters.snapshot())["cycles"] == 42


@cocotb.test()
async def one_event_one_counter(dut: Any) -> None:
    """Each plain event alone, in one cycle and in several: its counter, and nothing else."""
    counters = await start(dut)
    for event, counter in (
        ("image_accepted", "images_in"),
        ("bank_swap", "bank_swaps"),
        ("bank_write", "bank_words_written"),
        ("store_write", "feature_store_writes"),
        ("store_read", "feature_store_reads"),
        *((f"on[{d}]", f"domain[{d}].on_cycles") for d in range(len(DOMAINS))),
        *((f"wake[{d}]", f"domain[{d}].wake_ups") for d in range(len(DOMAINS))),
    ):
        for times in (1, 3):
            counted = await counters.count(times, **{event: 1})
            assert counted == Counter({counter: times}), f"{event}: {counted}"


@cocotb.test()
async def streams(dut: Any) -> None:
    """A pixel or result that waits is a stall; a result counts when it is taken; nothing counts without valid."""
    counters = await start(dut)
    assert await counters.count(pixel_valid=1) == Counter({"stall_in": 1})
    assert not await counters.count(pixel_valid=1, pixel_ready=1)
    assert not await counters.count(pixel_ready=1)
    assert await counters.count(4, result_valid=1, short=1, long=1, no_bank=1) == Counter({"stall_out": 4})
    assert not await counters.count(result_ready=1, short=1, long=1, no_bank=1, class_index=NOBODY)
    assert not await counters.count(result_ready=1, expert=1)


@cocotb.test()
async def answers(dut: Any) -> None:
    """Who answered, for every expert and class at the edges: exactly one counter; the flags each have their own."""
    counters = await start(dut)
    taken = {"result_valid": 1, "result_ready": 1}
    for expert in range(16):
        for class_index in (0, 1, 61, NOBODY - 1, NOBODY):
            others = {"bank": expert, "sequence": 0xABC, "disabled": expert & 1}
            counted = await counters.count(expert=expert, class_index=class_index, **taken, **others)
            expected = Counter({"images_out": 1})
            if class_index == NOBODY:
                expected["answers_nobody"] = 1
            elif expert == 0:
                expected["answers_ge"] = 1
            elif expert <= DEVICE.experts:
                expected[f"answers_le[{expert - 1}]"] = 1
            assert counted == expected, f"expert {expert}, class {class_index}: {counted}"
    for flags in range(8):
        given = {name: flags >> i & 1 for i, name in enumerate(("short", "long", "no_bank"))}
        counted = await counters.count(**taken, **given)
        expected = Counter({"images_out": 1, "answers_ge": 1, **{f"images_{name}": v for name, v in given.items()}})
        assert counted == +expected, f"{given}: {counted}"


@cocotb.test()
async def layers(dut: Any) -> None:
    """Each layer alone: the multiply-accumulates and weight reads of a step, one buffer write, one active cycle."""
    counters = await start(dut)
    for number, domain in enumerate(DOMAINS):
        for index, layer in enumerate(DEVICE.layers[domain]):
            name, of = f"{domain}[{index}]", f"domain[{number}]"
            step = {f"{of}.macs": 2 * layer.macs, f"{of}.weight_reads": 2 * layer.weight_reads}
            active = {f"{of}.active_cycles": 2}
            assert await counters.count(2, **{f"{name}.step": 1}) == +Counter({**step, **active})
            assert await counters.count(2, **{f"{name}.write": 1}) == Counter({f"{of}.buffer_writes": 2, **active})
            both = await counters.count(2, **{f"{name}.step": 1, f"{name}.write": 1})
            assert both == +Counter({**step, **active, f"{of}.buffer_writes": 2})
        # All at once: the sum, and still one active cycle.
        together = {f"{domain}[{i}].{what}": 1 for i in range(len(DEVICE.layers[domain])) for what in ("step", "write")}
        counted = await counters.count(**together)
        assert counted[f"domain[{number}].macs"] == sum(layer.macs for layer in DEVICE.layers[domain])
        assert counted[f"domain[{number}].buffer_writes"] == len(DEVICE.layers[domain])
        assert counted[f"domain[{number}].active_cycles"] == 1


@cocotb.test()
async def snapshot_is_of_one_cycle(dut: Any) -> None:
    """All counters move every cycle: a snapshot has the same number everywhere, and holds it until the next."""
    counters = await start(dut)
    everything = {"image_accepted": 1, "bank_swap": 1, "bank_write": 1, "store_write": 1, "store_read": 1}
    everything |= {f"{name}[{d}]": 1 for name in ("on", "wake") for d in range(len(DOMAINS))}
    await counters.step(20, **everything)
    for gap in (1, 2, 7):
        taken = await counters.snapshot(**everything)
        counts = {taken[name] for name in ("images_in", "bank_swaps", "bank_words_written", "feature_store_reads")}
        counts |= {taken[f"domain[{d}].{name}"] for d in range(len(DOMAINS)) for name in ("on_cycles", "wake_ups")}
        assert len(counts) == 1, counts
        await counters.step(gap, **everything)
        assert +counters.model.snapshot == taken


@cocotb.test()
async def clear_loses_nothing(dut: Any) -> None:
    """Snapshots that clear, at random: their sum is what happened, whatever came in the cycle of the clear."""
    counters = await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    happened, summed = Counter[str](), Counter[str]()
    for _ in range(400):
        given = _random_inputs(rng)
        given["snapshot"] = given["clear"] = int(rng.random() < 0.2)
        happened.update(counters.model.events(given))
        pending = given["snapshot"]
        await counters.step(**given)
        if pending:
            summed.update(counters.model.snapshot)
    # Two cycles until the last event has arrived; the third is the one that is read.
    for _ in range(2):
        happened.update(["cycles"])
        await counters.step()
    summed.update(await counters.snapshot())
    happened["cycles"] -= 1  # that of the last step is still on its way
    assert +summed == +happened


@cocotb.test()
async def clear_alone(dut: Any) -> None:
    """A clear keeps the last snapshot; a snapshot without a clear keeps the counters."""
    counters = await start(dut)
    await counters.step(5, image_accepted=1)
    first = await counters.snapshot()
    await counters.step(clear=1, image_accepted=1)
    await counters.step(3)
    assert +counters.model.snapshot == first
    assert (await counters.snapshot())["images_in"] == 1
    assert (await counters.snapshot())["images_in"] == 1


@cocotb.test()
@cocotb.parametrize(("at", (8, 16, 31, 32, 33, 48, 63, 64)))
async def carry(dut: Any, at: int) -> None:
    """Every counter goes over every power of two, and wraps at 64 bits."""
    counters = await start(dut)
    events = {
        member.name: 1 for member in EVENTS if member.bits == 1 and member.name not in ("pixel_ready", "disabled")
    }
    for before in (1, 2):
        for given in (
            events,
            {**events, "class_index": NOBODY},
            {**events, "expert": 1},
            {**events, "result_ready": 0},
        ):
            await counters.step(2)
            await counters.bench.reset()
            counters.preset((1 << at) - before)
            for _ in range(3):
                await counters.step(**given)
            await counters.step(2)
            taken = await counters.snapshot()
            assert taken["cycles"] == ((1 << at) - before + 4) % (1 << BITS)
            assert taken["images_in"] == ((1 << at) - before + 3) % (1 << BITS)


@cocotb.test()
async def reset(dut: Any) -> None:
    """Counters, snapshot and increments on their way are 0 after a reset, whatever happens in it."""
    counters = await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    for _ in range(5):
        for _ in range(20):
            await counters.step(**_random_inputs(rng), snapshot=1)
        await counters.step(2, **_random_inputs(rng), reset=1)
        await counters.step()
        assert not +counters.model.snapshot
        assert not await counters.snapshot(), "an increment outlived the reset"


def _random_inputs(rng: random.Random) -> dict[str, int]:
    given = {member.name: rng.getrandbits(member.bits) for member in EVENTS}
    given["class_index"] = rng.choice((NOBODY, given["class_index"]))
    given["expert"] = rng.choice((given["expert"], rng.randrange(DEVICE.experts + 2)))
    return given


@cocotb.test()
async def randomised(dut: Any) -> None:
    counters = await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    for _ in range(RANDOM_CYCLES):
        given = _random_inputs(rng)
        given["snapshot"], given["clear"] = int(rng.random() < 0.3), int(rng.random() < 0.05)
        await counters.step(**given)
