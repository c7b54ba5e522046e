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
        pulses = 0 if self.dut.frame_replay_o.value == 1 else self.dut.frame_start_o.value.to_unsigned()
        for i in range(OUTPUTS):
            if pulses >> i & 1:
                self.announced[i].append(self.dut.image_i.value.to_unsigned())
                self.words_before[i].append(len(self.sinks.words[i]))

    def reset(self) -> None:
        self.announced: list[list[int]] = [[] for _ in range(OUTPUTS)]
        self.words_before: list[list[int]] = [[] for _ in range(OUTPUTS)]


class Corrections:
    """Offers corrections, and withdraws the offer for a while when it has seen an image begin, three cycles late."""

    def __init__(self, dut: Any, rng: random.Random) -> None:
        self.dut, self.rng = dut, rng
        self.rate = 0.0  # how often one is offered
        self.reset()

    def reset(self) -> None:
        self.offered: list[int] = []  # in each cycle
        self.started: list[int] = []
        self.words = self.taken = self.waits = self.longest_wait = 0
        self.image = Descriptor()
        self.withdrawn = 0
        self.dut.replay_valid_i.value = 0

    def drive(self) -> None:
        if self.started[-3:-2] == [1] and self.rng.random() < 0.3:
            self.withdrawn = 5
        self.withdrawn = max(self.withdrawn - 1, 0)
        waiting = bool(self.offered and self.offered[-1])
        offered = not self.withdrawn and (waiting or self.rng.random() < self.rate)
        if offered and not waiting:
            self.image = Descriptor(
                use_le=self.rng.getrandbits(8), use_gate=self.rng.getrandbits(1), sequence=self.taken
            )
        self.offered.append(int(offered))
        self.dut.replay_valid_i.value = int(offered)
        self.dut.replay_i.value = self.image.pack()

    def sample(self, cycle: int) -> None:
        now = self.dut.replay_ready_o.value == 1
        assert now == (self.dut.frame_replay_o.value == 1)
        self.waits = self.waits + 1 if self.offered[-1] and not now else 0
        self.longest_wait = max(self.longest_wait, self.waits)
        if now:
            self.taken += 1
            assert self.offered[-2:-1] == [1], "takes a correction that was not offered"
            assert self.offered[-1], "takes a correction that was withdrawn because of an image"
            assert self.words % WORDS == 0, f"a correction starts after {self.words} words"
            assert not any(self.started[-3:]), "an image has begun that the correction cannot know of"
            assert self.dut.frame_image_o.value.to_unsigned() == self.image.pack()
            mask = (self.image.use_le & (1 << EXPERTS) - 1) << 1 | self.image.use_gate << OUTPUTS - 1
            assert self.dut.frame_start_o.value.to_unsigned() == mask
            self.offered[-1] = 0  # the next one is another
        self.words += int(self.dut.feature_valid_i.value == 1 and self.dut.feature_ready_o.value == 1)
        self.started.append(int(self.dut.image_start_o.value))


class Router:
    """The design with sources of descriptors and features, and a sink on each output."""

    def __init__(self, dut: Any, idle: str = "none", stall: str = "none") -> None:
        self.rng = random.Random(f"{cocotb.RANDOM_SEED} {idle} {stall}")
        ports = Renamed(dut, image_data_i="image_i", feature_data_i="feature_i")
        self.images = StreamSource(ports, "image", idle, self.rng)
        self.features = StreamSource(ports, "feature", idle, self.rng)
        self.sinks = VectorSinks(dut.out_valid_o, dut.out_ready_i, dut.out_data_o, stall, self.rng)
        self.starts = StartMonitor(dut, self.sinks)
        self.corrections = Corrections(dut, self.rng)
        self.bench = Bench(dut, [self.images, self.features, self.sinks, self.starts, self.corrections])
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
            # Announced before the first word leaves; two words may stand between.
            for k, before in enumerate(self.starts.words_before[i]):
                assert k * WORDS - 2 <= before <= k * WORDS, f"output {i}: image {k} announced after {before} words"


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
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def corrections(dut: Any, idle: str, stall: str) -> None:
    """They come between images, none before an image is known that has begun, and disturb no word."""
    router = Router(dut, idle, stall)
    await router.bench.start()
    router.corrections.rate = 0.1
    for _ in range(60):
        router.send(router.random_image())
    await router.check()
    assert router.corrections.taken > 2


@cocotb.test(skip=WORDS < 4)
async def a_correction_waits_for_one_image(dut: Any) -> None:
    """Images back to back: a correction waits for the end of the one that has begun."""
    router = Router(dut)
    await router.bench.start()
    router.corrections.rate = 1.0
    for _ in range(20):
        router.send(Descriptor(use_ge=1))
    await router.check()
    # Withdrawn now and then, and then offered again: an image of WORDS and a correction of one cycle.
    assert router.corrections.longest_wait <= WORDS + 1


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
    await router.bench.step(4 * WORDS + 1)
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
