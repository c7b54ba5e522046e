# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of feature_router."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from golden.descriptor import Descriptor
from verif.streams import CROSSED, Bench, StreamSource
from verif.unit.ports import Renamed, VectorSinks
from verif.unit.stream_checks import compare, parameters

P = parameters()
WIDTH, WORDS, EXPERTS = P["Width"], P["FrameWords"], P["LocalExperts"]
OUTPUTS = EXPERTS + 2


class StartMonitor:
    """The descriptors that ``frame_start_o`` announces to each output, and the words that had left by then."""

    def __init__(self, dut: Any, sinks: VectorSinks) -> None:
        self.dut, self.sinks = dut, sinks
        self.reset()

    def drive(self) -> None: ...

    def sample(self, cycle: int) -> None:
        pulses = self.dut.frame_start_o.value.to_unsigned()
        for i in range(OUTPUTS):
            if pulses >> i & 1:
                self.announced[i].append(self.dut.image_i.value.to_unsigned())
                self.words_before[i].append(len(self.sinks.words[i]))

    def reset(self) -> None:
        self.announced: list[list[int]] = [[] for _ in range(OUTPUTS)]
        self.words_before: list[list[int]] = [[] for _ in range(OUTPUTS)]


class Router:
    """The design with sources of descriptors and features, and a sink on each output."""

    def __init__(self, dut: Any, idle: str = "none", stall: str = "none") -> None:
        self.rng = random.Random(f"{cocotb.RANDOM_SEED} {idle} {stall}")
        ports = Renamed(dut, image_data_i="image_i", feature_data_i="feature_i")
        self.images = StreamSource(ports, "image", idle, self.rng)
        self.features = StreamSource(ports, "feature", idle, self.rng)
        self.sinks = VectorSinks(dut.out_valid_o, dut.out_ready_i, dut.out_data_o, stall, self.rng)
        self.starts = StartMonitor(dut, self.sinks)
        self.bench = Bench(dut, [self.images, self.features, self.sinks, self.starts])
        self.clear()

    def clear(self) -> None:
        self.words: list[list[int]] = [[] for _ in range(OUTPUTS)]
        self.announced: list[list[int]] = [[] for _ in range(OUTPUTS)]

    def send(self, image: Descriptor) -> None:
        """Queue an image."""
        features = [self.rng.getrandbits(WIDTH) for _ in range(WORDS)]
        self.images.queue.append(image.pack())
        self.features.queue += features
        selected = [image.use_ge, *(image.use_le >> i & 1 for i in range(EXPERTS)), image.use_gate]
        for i, wanted in enumerate(selected):
            if wanted:
                self.words[i] += features
                self.announced[i].append(image.pack())

    def random_image(self) -> Descriptor:
        bits = self.rng.getrandbits
        image = Descriptor(*map(bits, (1, 1, 8, 1, 4, 1, 1, 4, 12, 32)))
        return image if bits(2) else Descriptor()  # one in four goes nowhere

    async def check(self) -> None:
        """Run until everything queued has left; every output has its words and its announcements, no others."""
        limit = 300 + 200 * len(self.features.queue)
        await self.bench.run_until(lambda: not self.features.queue and not self.images.queue, limit)
        await self.bench.step(100)
        for i in range(OUTPUTS):
            compare(self.sinks.words[i], self.words[i])
            compare(self.starts.announced[i], self.announced[i])
            # Announced with the first word, at the latest together with the last output that takes it.
            for k, before in enumerate(self.starts.words_before[i]):
                assert k * WORDS <= before <= k * WORDS + 1, f"output {i}: image {k} announced after {before} words"


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    """Random masks, the empty one among them."""
    router = Router(dut, idle, stall)
    await router.bench.start()
    for _ in range(20):
        router.send(router.random_image())
    await router.check()


@cocotb.test()
async def each_output_alone(dut: Any) -> None:
    router = Router(dut, "none", "random")
    await router.bench.start()
    router.send(Descriptor(use_ge=1))
    router.send(Descriptor(use_gate=1))
    for i in range(EXPERTS):
        router.send(Descriptor(use_le=1 << i))
    await router.check()


@cocotb.test()
async def nobody(dut: Any) -> None:
    """An image for nobody passes at one word a cycle, even when no output is ready."""
    router = Router(dut, stall="never")
    await router.bench.start()
    for _ in range(3):
        router.send(Descriptor())
    await router.bench.step(3 * WORDS)
    assert not router.features.queue and not router.images.queue
    await router.check()


@cocotb.test()
async def throughput(dut: Any) -> None:
    """One word a cycle to all outputs, images back to back."""
    router = Router(dut)
    await router.bench.start()
    for _ in range(4):
        router.send(Descriptor(use_ge=1, use_le=255, use_gate=1))
    await router.bench.step(4 * WORDS)
    assert [len(words) for words in router.sinks.words] == [4 * WORDS] * OUTPUTS
    await router.check()


@cocotb.test()
async def reset(dut: Any) -> None:
    """A reset at any word starts over with a whole image."""
    router = Router(dut)
    await router.bench.start()
    for cycles in range(1, WORDS + 2):
        router.send(Descriptor(use_ge=1, use_gate=1))
        router.send(router.random_image())
        await router.bench.step(cycles)
        await router.bench.reset()
        router.clear()
        for _ in range(3):
            router.send(router.random_image())
        await router.check()
        await router.bench.reset()
        router.clear()
