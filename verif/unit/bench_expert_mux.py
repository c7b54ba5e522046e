# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of expert_mux."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from golden.descriptor import Descriptor, Settings
from spec.network import NO_CLASS, RUNNING_MODES, Mode
from verif.streams import CROSSED, Bench, StreamSink, StreamSource
from verif.unit.ports import Renamed, VectorSources
from verif.unit.stream_checks import compare, parameters

EXPERTS = parameters()["LocalExperts"]
PATTERNS = ("none", "random", "bursty")


class Mux:
    """The design with one source for each thing an image may wait for, each with a pattern of its own."""

    def __init__(self, dut: Any, patterns: dict[str, str] | None = None, stall: str = "none") -> None:
        patterns = patterns or {}
        self.rng = random.Random(f"{cocotb.RANDOM_SEED} {sorted(patterns.items())} {stall}")

        def source(name: str, fields: tuple[str, ...]) -> StreamSource:
            return StreamSource(ports, name, patterns.get(name, "none"), self.rng, fields)

        ports = Renamed(dut, image_data_i="image_i")
        self.images = source("image", ("data",))
        self.status = source("status", ("short", "long"))
        self.gate = source("gate", ("expert",))
        self.ge = source("ge", ("class",))
        local = (dut.le_valid_i, dut.le_ready_o, dut.le_class_i)
        self.local = VectorSources(*local, 8, patterns.get("le", "none"), self.rng)
        self.sink = StreamSink(dut, "out", stall, self.rng, ("result",))
        self.bench = Bench(dut, [self.images, self.status, self.gate, self.ge, self.local, self.sink])
        self.expected: list[int] = []
        self.sequence = 0

    def send(self, settings: Settings, decision: int, short: int = 0, long: int = 0) -> None:
        """Queue an image with everything it will wait for; ``decision`` is the gate's, if it runs."""
        bits = self.rng.getrandbits
        image = Descriptor.of(settings, self.sequence, EXPERTS, banks=2)
        self.sequence += 1
        expert = decision if image.use_gate else image.expert
        classes = {i + 1: bits(8) for i in range(EXPERTS) if image.use_le >> i & 1}
        for number, value in classes.items():
            self.local.queues[number - 1].append(value)
        if image.use_gate:
            self.gate.queue.append(decision)
        if image.use_ge and not (image.gated and decision):
            classes[0] = bits(8)
            self.ge.queue.append(classes[0])
        self.images.queue.append(image.pack())
        self.status.queue.append((short, long))
        flags = image.disabled << 3 | image.no_bank << 2 | long << 1 | short
        answer = classes.get(expert, NO_CLASS)
        self.expected.append(image.sequence << 20 | image.bank << 16 | flags << 12 | expert << 8 | answer)

    def send_random(self, count: int) -> None:
        rng = self.rng
        for _ in range(count):
            settings = Settings(
                rng.choice(RUNNING_MODES),
                rng.randrange(4),
                rng.choice((0, 3, 3, 3)),
                rng.randrange(8),
                rng.getrandbits(32),
                rng.choice((0, 1, 1, 1)),
                rng.choice((rng.getrandbits(8), 0xFF)),
            )
            status = rng.choice(((0, 0), (0, 0), (1, 0), (0, 1)))
            self.send(settings, rng.randrange(EXPERTS + 1), *status)

    async def check(self) -> None:
        """One result an image, in order, and every queue used up."""
        sources = (self.images, self.status, self.gate, self.ge)
        await self.bench.run_until(lambda: len(self.sink.words) >= len(self.expected), 200 + 100 * len(self.expected))
        await self.bench.step(30)
        compare(self.sink.words, self.expected)
        left = [len(source.queue) for source in sources] + [len(queue) for queue in self.local.queues]
        assert not any(left), f"left in the queues of image, status, gate, GE and local experts: {left}"


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    """Random descriptors; every input has a random pattern, so that things arrive in every order."""
    order = random.Random(f"{cocotb.RANDOM_SEED} order {idle} {stall}")
    patterns = {name: order.choice(PATTERNS) for name in ("status", "gate", "ge", "le")} | {"image": idle}
    mux = Mux(dut, patterns, stall)
    await mux.bench.start()
    mux.send_random(80)
    await mux.check()


@cocotb.test()
async def every_descriptor(dut: Any) -> None:
    """Every mode with every bank state, local expert, decision and length status."""
    mux = Mux(dut)
    await mux.bench.start()
    for mode in RUNNING_MODES:
        for valid in (0, 1):
            for number in range(EXPERTS + 1):
                for short, long in ((0, 0), (1, 0), (0, 1)):
                    mux.send(Settings(mode, 0, valid, number % EXPERTS), number, short, long)
            for ge_enable, le_enable in ((0, 0xFF), (1, 0), (0, 0)):
                mux.send(Settings(mode, 0, valid, 0, 0, ge_enable, le_enable), 0)
    await mux.check()


@cocotb.test()
@cocotb.parametrize(last=["image", "status", "gate", "ge", "le"])
async def waits_for(dut: Any, last: str) -> None:
    """No result while one thing that the image needs is missing, whichever it is; one result when it comes."""
    mux = Mux(dut, {last: "never"})
    await mux.bench.start()
    mux.send(Settings(Mode.MOE_PARALLEL), EXPERTS)
    await mux.bench.step(20)
    assert not mux.sink.words, f"a result without {last}"
    for source in (mux.images, mux.status, mux.gate, mux.ge):
        source.pattern = iter(lambda: True, None)
    mux.local.patterns = [iter(lambda: True, None)] * EXPERTS
    await mux.check()


@cocotb.test()
async def throughput(dut: Any) -> None:
    """One result in 2 cycles."""
    mux = Mux(dut)
    await mux.bench.start()
    mux.send_random(20)
    await mux.check()
    times = mux.sink.transfers
    assert {b - a for a, b in zip(times, times[1:], strict=False)} == {2}


@cocotb.test()
async def reset(dut: Any) -> None:
    """A reset drops a waiting result."""
    mux = Mux(dut, stall="never")
    await mux.bench.start()
    for cycles in (1, 2, 5):
        mux.send_random(3)
        await mux.bench.step(cycles)
        await mux.bench.reset()
        mux.expected.clear()
        await mux.bench.step(5)
        assert mux.sink.valid.value == 0, "a result survived the reset"
    mux.sink.pattern = iter(lambda: True, None)
    mux.send_random(5)
    await mux.check()
