# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of image_ingress."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

import cocotb

from golden.descriptor import Descriptor, LearnSession, Settings
from spec.learning import LABEL_BITS, LABEL_VALID, MARGIN_BITS, label_word
from spec.network import RUNNING_MODES, Mode
from verif.streams import CROSSED, Bench, StreamSink, StreamSource
from verif.unit.ports import Level, Monitor, Renamed
from verif.unit.stream_checks import compare, parameters

P = parameters()
BEATS, EXPERTS, BANKS, CLASSES, LEARN = P["Beats"], P["LocalExperts"], P["Banks"], P["Classes"], P["Learn"]
SHORT, LONG = 2, 1  # status words: {short, long}
RULES = 2 * (2 * MARGIN_BITS + 4)  # low bits of learn_settings_t


@dataclass
class Expected:
    """What must leave: descriptors, pixels and length status of all images so far."""

    descriptors: list[int] = field(default_factory=list)
    pixels: list[int] = field(default_factory=list)
    status: list[int] = field(default_factory=list)


class Ingress:
    """The design with its settings, which show an image's values only until its descriptor has left."""

    def __init__(self, dut: Any, idle: str = "none", stall: str = "none") -> None:
        self.dut = dut
        self.rng = random.Random(f"{cocotb.RANDOM_SEED} {idle} {stall}")
        ports = Renamed(dut, image_data_o="image_o", pixel_data_o="pixel_o")
        self.source = StreamSource(dut, "s", idle, self.rng, ("data", "last"))
        self.images = StreamSink(ports, "image", stall, self.rng)
        self.pixels = StreamSink(ports, "pixel", stall, self.rng)
        self.status = Monitor(dut.status_valid_o, [dut.status_short_o, dut.status_long_o])
        settings = Level(self._settings)
        self.bench = Bench(dut, [self.source, self.images, self.pixels, self.status, settings])
        self.clear()

    def clear(self) -> None:
        """Forget all images: also what a reset does to the sequence number."""
        self.settings: list[Settings] = []
        self.labels: list[int] = []
        self.first_pixel: list[int] = []  # number of the pixel with which each image starts
        self.queued = 0
        self.accept = 1
        self.expected = Expected()
        self.source.transfers.clear()

    def _settings(self) -> dict[Any, int]:
        index = len(self.images.words)
        waiting = index < len(self.settings) and len(self.source.transfers) >= self.first_pixel[index]
        now = self.settings[index] if waiting else self.random_settings(range(8))
        session = now.learning or LearnSession(self.rng.randrange(16), self.rng.randrange(8))
        return {
            self.dut.learn_i: int(now.learning is not None) << 7 + RULES
            | session.bank << 3 + RULES
            | session.expert << RULES,
            self.dut.s_label_i: self.labels[index] if waiting else self.rng.getrandbits(LABEL_BITS),
            self.dut.accept_i: self.accept if waiting else self.rng.randrange(2),
            self.dut.mode_i: now.mode,
            self.dut.bank_i: now.bank,
            self.dut.bank_valid_i: now.bank_valid,
            self.dut.local_expert_i: now.local_expert,
            self.dut.theta_i: now.theta,
            self.dut.ge_enable_i: now.ge_enable,
            self.dut.le_enable_i: now.le_enable,
        }

    def random_settings(self, modes: Any = RUNNING_MODES) -> Settings:
        rng = self.rng
        theta = rng.choice((-(2**31), 2**31 - 1, 0, rng.randrange(-(2**31), 2**31)))
        bank = rng.randrange(BANKS) if rng.random() < 0.7 else rng.randrange(16)
        le_enable = 0xFF if rng.random() < 0.5 else rng.getrandbits(8)
        session = LearnSession(rng.randrange(BANKS + 1) % 16, rng.randrange(8)) if rng.random() < 0.6 else None
        return Settings(
            rng.choice(modes), bank, rng.getrandbits(BANKS), rng.randrange(8), theta, rng.randrange(2), le_enable,
            session,
        )  # fmt: skip

    def send(self, length: int, settings: Settings | None = None, label: int | None = None) -> None:
        """Queue an image of ``length`` pixels, with TLAST on its last one and a label on its first."""
        settings = settings or self.random_settings()
        if label is None:
            label = label_word(self.rng.randrange(CLASSES + 2), self.rng.random() < 0.5, self.rng.random() < 0.7)
            label = label if self.rng.random() < 0.8 else self.rng.getrandbits(LABEL_VALID)
        self.labels.append(label)
        pixels = [self.rng.getrandbits(P["PixelW"]) for _ in range(length)]
        taught = settings if LEARN else replace(settings, learning=None)
        descriptor = Descriptor.of(taught, len(self.settings), EXPERTS, BANKS, label, CLASSES)
        self.settings.append(settings)
        self.first_pixel.append(self.queued)
        self.queued += length
        self.source.queue += [(pixel, int(i == length - 1)) for i, pixel in enumerate(pixels)]
        self.expected.descriptors.append(descriptor.pack())
        self.expected.pixels += (pixels + [0] * BEATS)[:BEATS]
        self.expected.status.append(SHORT if length < BEATS else LONG if length > BEATS else 0)

    async def check(self) -> None:
        """Run until everything queued has left, then see that nothing else does."""
        limit = 200 + 40 * (self.queued + len(self.expected.pixels))
        await self.bench.run_until(
            lambda: not self.source.queue and len(self.pixels.words) >= len(self.expected.pixels), limit
        )
        await self.bench.step(40)
        compare(self.images.words, self.expected.descriptors)
        compare(self.pixels.words, self.expected.pixels)
        compare([short << 1 | long for short, long in self.status.words], self.expected.status)


def lengths(rng: random.Random, count: int) -> list[int]:
    """Image lengths around every corner, in random order."""
    corners = [1, BEATS - 1, BEATS, BEATS, BEATS, BEATS + 1, 2 * BEATS, 3 * BEATS + 1]
    return rng.choices([length for length in corners if length > 0], k=count)


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    """Images of all lengths, back to back, with other settings for each."""
    ingress = Ingress(dut, idle, stall)
    await ingress.bench.start()
    for length in lengths(ingress.rng, 30):
        ingress.send(length)
    await ingress.check()


@cocotb.test()
@cocotb.parametrize(
    kind=[
        "exact",
        "only_first",
        "too_short",
        "too_long",
        "very_long",
        "two_long",
        "short_long",
    ]
)
async def length(dut: Any, kind: str) -> None:
    """A wrong length is reported and leaves the next image alone."""
    ingress = Ingress(dut)
    await ingress.bench.start()
    wrong = {
        "exact": [BEATS],
        "only_first": [1],
        "too_short": [max(BEATS - 1, 1)],
        "too_long": [BEATS + 1],
        "very_long": [20 * BEATS + 3],
        "two_long": [BEATS + 1, 2 * BEATS],
        "short_long": [1, BEATS + 2],
    }[kind]
    for count in (*wrong, BEATS, BEATS):
        ingress.send(count)
    await ingress.check()


@cocotb.test()
async def every_descriptor(dut: Any) -> None:
    """Every mode with every local expert, every bank (also those that do not exist), valid or not, experts disabled."""
    ingress = Ingress(dut)
    await ingress.bench.start()
    for mode in RUNNING_MODES:
        for index in range(16):
            for valid in (0, (1 << BANKS) - 1, ingress.rng.getrandbits(BANKS)):
                ingress.send(BEATS, Settings(mode, index, valid, index % 8, index - 8))
        for ge_enable in (0, 1):
            for le_enable in range(1 << EXPERTS):
                settings = Settings(mode, 0, 1, ingress.rng.randrange(8), 0, ge_enable, le_enable)
                ingress.send(BEATS, settings)
                session = LearnSession(0, ingress.rng.randrange(EXPERTS))
                for label in (CLASSES - 1, CLASSES):
                    ingress.send(BEATS, replace(settings, learning=session), label_word(label))
    await ingress.check()


@cocotb.test()
@cocotb.parametrize((("mode", "accept"), [(0, 1), (5, 1), (6, 1), (7, 1), (3, 0)]))
async def off(dut: Any, mode: int, accept: int) -> None:
    """ModeOff, the reserved modes, and no leave to begin hold everything back, and nothing is lost meanwhile."""
    ingress = Ingress(dut)
    await ingress.bench.start()
    ingress.send(BEATS)
    await ingress.check()
    ingress.send(BEATS)
    chosen, ingress.settings[1], ingress.accept = ingress.settings[1], Settings(mode), accept
    await ingress.bench.step(50)
    assert len(ingress.source.transfers) == BEATS, "a pixel was taken in a mode that takes none"
    assert len(ingress.images.words) == 1, "a descriptor left in a mode that accepts no image"
    ingress.settings[1], ingress.accept = chosen, 1
    await ingress.check()


@cocotb.test()
async def throughput(dut: Any) -> None:
    """Beats + 1 cycles an image."""
    ingress = Ingress(dut)
    await ingress.bench.start()
    for _ in range(5):
        ingress.send(BEATS)
    await ingress.check()
    cycles = ingress.images.transfers
    assert [b - a for a, b in zip(cycles, cycles[1:], strict=False)] == [BEATS + 1] * 4


@cocotb.test()
async def reset(dut: Any) -> None:
    """A reset after any number of cycles: the next image starts clean, with sequence number 0."""
    ingress = Ingress(dut)
    await ingress.bench.start()
    for kind in (1, BEATS, 2 * BEATS):
        for cycles in range(1, 2 * BEATS + 3):
            ingress.send(kind)
            await ingress.bench.step(cycles)
            await ingress.bench.reset()
            ingress.clear()
            ingress.send(BEATS)
            ingress.send(BEATS)
            await ingress.check()
            await ingress.bench.reset()
            ingress.clear()


@cocotb.test(skip=BEATS > 1)
async def sequence_wraps(dut: Any) -> None:
    """The sequence number has 12 bits."""
    ingress = Ingress(dut)
    await ingress.bench.start()
    for _ in range(4100):
        ingress.send(BEATS, Settings(Mode.GE_ONLY))
    await ingress.check()
