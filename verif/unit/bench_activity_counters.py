# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of activity_counters: every counter after every snapshot is compared with the reference model.

Commands at any distance, and carries, are the matter of bench_counter_store.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import cocotb

from verif.streams import Bench
from verif.unit.counter_model import COUNTERS, DOMAINS, NOBODY, CounterModel, address, device, ports
from verif.unit.stream_checks import parameters

DEVICE = device(parameters()["variant"])
START = parameters().get("start", 0)  # of every counter
INPUTS, OUTPUTS = ports(DEVICE)
NO_EVENTS = ("snapshot", "clear", "fetch_valid", "fetch_address")
EVENTS = tuple(member for member in INPUTS.members if member.name not in NO_EVENTS)
WRITTEN = len(COUNTERS) + 3  # cycles from a snapshot until it is all there
RANDOM_CYCLES = 6_000


class Counters:
    """Drives ``given`` for one cycle a step, and compares the snapshot with the model in every cycle in which it is
    written."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.given: dict[str, int] = {}
        self.bench = Bench(dut, [self])
        self.compared = 0  # cycles
        self._restart()

    def _restart(self) -> None:
        self.model = CounterModel(DEVICE, START)
        self.opened = self.bench.cycle  # of the last snapshot, or of a reset, which the counters leave a cycle late
        self.found: dict[str, int] = {}

    def drive(self) -> None:
        self.dut.in_i.value = INPUTS.pack({name: value for name, value in self.given.items() if name != "reset"})
        self.dut.rst_ni.value = 1 - self.given.get("reset", 0)

    def sample(self, cycle: int) -> None:
        self.found = OUTPUTS.unpack(int(self.dut.out_o.value))
        assert self.found["written"] == (cycle - self.opened >= WRITTEN), f"cycle {cycle}: written"
        if self.found["written"]:
            self.compared += 1
            expected = self.model.snapshot
            wrong = {
                name: (self.found[name], expected[name]) for name in COUNTERS if self.found[name] != expected[name]
            }
            assert not wrong, f"cycle {cycle}: (found, expected) {wrong}"
        if self.model.in_reset or self.given.get("snapshot"):
            self.opened = cycle
        self.model.step(self.given)

    def reset(self) -> None:
        self._restart()
        self.given = {}
        self.drive()
        self.dut.rst_ni.value = 0

    async def step(self, cycles: int = 1, **inputs: int) -> None:
        """Cycles in which exactly these inputs are not 0."""
        self.given = dict(inputs)
        await self.bench.step(cycles)
        self.given = {}

    async def snapshot(self, **inputs: int) -> Counter[str]:
        """All counters as they are before the increments of the cycle of the snapshot, when they are written and
        compared with the model; ``inputs`` all the time."""
        await self.step(**{"snapshot": 1, **inputs})
        await self.step(WRITTEN, **inputs)
        return +Counter({name: self.found[name] for name in COUNTERS})

    async def count(self, cycles: int = 1, **inputs: int) -> Counter[str]:
        """What cycles with these inputs add to each counter, without the cycles themselves."""
        await self.step(3, clear=1)
        await self.step(cycles, **inputs)
        await self.step()
        counted = await self.snapshot()
        del counted["cycles"]
        return counted

    async def fetch(self, at: int) -> int:
        """The half of a counter that has this address."""
        given = {"fetch_valid": 1, "fetch_address": at // 4}
        for _ in range(WRITTEN):
            await self.step(**given)
            if self.found["fetched"]:
                return self.found["word"]
        raise AssertionError(f"{at:#x} is not fetched in {WRITTEN} cycles")


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
    for _ in range(40):
        for cycle in range(rng.randrange(WRITTEN + 1, 3 * WRITTEN)):
            given = _random_inputs(rng)
            given["snapshot"] = given["clear"] = int(cycle == 0)
            happened.update(counters.model.events(given))
            await counters.step(**given)
        summed.update({name: counters.found[name] for name in COUNTERS})
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
async def carry(dut: Any) -> None:
    """Every counter goes on from where counting starts, over whatever power of two comes next."""
    counters = await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    for _ in range(8):
        for _ in range(rng.randrange(WRITTEN)):
            await counters.step(**_random_inputs(rng))
        await counters.snapshot(**_random_inputs(rng))


@cocotb.test()
async def fetch(dut: Any) -> None:
    """Every counter is read where the register description says, half by half."""
    counters = await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    for _ in range(300):
        await counters.step(**_random_inputs(rng))
    await counters.snapshot()
    for name in rng.sample(COUNTERS, len(COUNTERS)):
        value = await counters.fetch(address(name)) | await counters.fetch(address(name) + 4) << 32
        assert value == counters.model.snapshot[name], name


@cocotb.test()
async def reset(dut: Any) -> None:
    """Counters, snapshot and increments on their way are 0 after a reset, whatever happens in it."""
    counters = await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    for _ in range(5):
        for _ in range(20):
            await counters.step(**_random_inputs(rng), snapshot=1)
        await counters.step(rng.randrange(3 * WRITTEN), **_random_inputs(rng))
        await counters.step(2, **_random_inputs(rng), reset=1)
        await counters.step(1 + WRITTEN)
        assert not any(counters.found[name] for name in COUNTERS)
        await counters.step(2, reset=1)
        await counters.step()
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
    for cycle in range(RANDOM_CYCLES):
        given = _random_inputs(rng)
        likely = 0.3 if cycle % 1_000 < 100 else 0.5 / WRITTEN
        given["snapshot"], given["clear"] = int(rng.random() < likely), int(rng.random() < likely / 4)
        await counters.step(**given)
    assert counters.compared > RANDOM_CYCLES // 4
