# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of moe_top on a tiny network: every result word against the integer model."""

from __future__ import annotations

import os
import random
from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import cocotb
import numpy as np
import torch

from golden.descriptor import Descriptor, Settings
from golden.integer_model import MoeModel, gate_decision
from hw.constants import constants
from hw.gen.memory import bank_writes
from hw.hierarchy import STORED_WORD
from spec import tiny_variants as tiny
from spec.bank import Bank
from spec.network import RUNNING_MODES, Mode
from spec.result_word import SEQUENCE_NUMBERS
from verif.streams import CROSSED, Bench, StreamSink, StreamSource
from verif.unit.ports import Level, Monitor, Renamed
from verif.unit.runtime_weights import WritePort
from verif.unit.stream_checks import compare

torch.set_num_threads(1)

VARIANT = os.environ["TINY_VARIANT"]
ACCELERATOR = tiny.accelerator(VARIANT)
MOE = ACCELERATOR.moe
MODEL = MoeModel(MOE)
PIXELS = MOE.network.in_shape.size
EXPERTS, BANKS = MOE.local_experts, tiny.BANKS
IN_FLIGHT = constants()["InFlight"]
FEATURE_WORDS = MOE.network.features.size // ACCELERATOR.folding.layers["conv1"].pe
MOE_MODES = (Mode.MOE_PARALLEL, Mode.MOE_GATED)
SHORT, LONG, NO_BANK = 1, 2, 4
CYCLES = int(os.environ.get("TOP_CYCLES", "2000"))  # an image takes far fewer, whatever the pauses
EXPORTED = (
    "TOP_EXPORTED" in os.environ
)  # the design is an HLS compiler's (hls/vitis/moe_exported.sv): one image at a time


@dataclass(frozen=True)
class Result:
    """The fields of a result word."""

    sequence: int
    bank: int
    status: int
    expert: int
    class_index: int

    @staticmethod
    def of(word: int) -> Result:
        return Result(word >> 20, word >> 16 & 15, word >> 12 & 15, word >> 8 & 15, word & 255)


class Top:
    """The accelerator with loaded banks 0 and 1, a source of images, and a sink of results."""

    def __init__(self, dut: Any, idle: str = "none", stall: str = "none") -> None:
        self.dut = dut
        self.ports = (dut.mode_i, dut.bank_i, dut.bank_valid_i, dut.local_expert_i, dut.theta_i)
        self.rng = random.Random(f"{cocotb.RANDOM_SEED} {idle} {stall}")
        ports = Renamed(
            dut,
            s_valid_i="s_axis_tvalid",
            s_ready_o="s_axis_tready",
            s_data_i="s_axis_tdata",
            s_last_i="s_axis_tlast",
            m_valid_o="m_axis_tvalid",
            m_ready_i="m_axis_tready",
            m_data_o="m_axis_tdata",
        )
        self.source = StreamSource(ports, "s", idle, self.rng, ("data", "last"))
        self.sink = StreamSink(ports, "m", stall, self.rng)
        self.write = WritePort(dut)
        agents = [self.source, self.sink, self.write, Level(self._settings)]
        if not EXPORTED:
            valid, ready = (reduce(getattr, path.split("."), dut) for path in STORED_WORD)
            self.tail_words = Monitor(valid, [], ready)
            agents.append(self.tail_words)
        self.bench = Bench(dut, agents)
        self.clear()

    def clear(self) -> None:
        """Forget all images: what a reset does."""
        self.settings: list[Settings] = []
        self.first_pixel: list[int] = []
        self.queued = 0
        self.expected: list[Result] = []
        self.source.transfers.clear()

    async def start(self) -> Top:
        await self.bench.start()
        for number in (0, 1):
            await self.load(number)
        return self

    async def load(self, number: int, bank: Bank | None = None) -> None:
        """Load a bank through the write port."""
        writes = bank_writes(MOE, ACCELERATOR.folding, bank or tiny.bank(VARIANT, number))
        for layer in np.unique(writes.layer):
            part = replace(
                writes, **{f: getattr(writes, f)[writes.layer == layer] for f in ("layer", "bias", "address", "data")}
            )
            self.write.load(number, part, int(layer))
        await self.write.finish(self.bench)

    async def reset(self) -> None:
        await self.bench.reset()
        self.clear()

    def _settings(self) -> dict[Any, int]:
        """The settings of the next image until its first pixel is taken, and something else at any other time."""
        started = bisect_left(self.first_pixel, len(self.source.transfers))
        waiting = started < len(self.settings) and len(self.source.transfers) == self.first_pixel[started]
        now = self.settings[started] if waiting else self.random_settings(range(8))
        values = (now.mode, now.bank, now.bank_valid, now.local_expert, now.theta)
        return dict(zip(self.ports, values, strict=True))

    def random_settings(self, modes: Any = RUNNING_MODES) -> Settings:
        rng = self.rng
        bank, valid = rng.choice(((0, 3), (1, 3), (0, 1), (1, 2), (0, 2), (2, 3), (9, 3)))
        return Settings(rng.choice(modes), bank, valid, rng.randrange(8), rng.randrange(-(2**31), 2**31))

    def random_pixels(self, count: int = PIXELS) -> list[int]:
        """A sparse image: reaches more classes than noise."""
        density = self.rng.random()
        return [self.rng.getrandbits(8) if self.rng.random() < density else 0 for _ in range(count)]

    def difference(self, pixels: list[int], bank: int) -> int:
        """Best local gate logit minus the generic one: what the gate compares with theta."""
        features = MODEL.ge.front_end(_image(pixels))
        weights = tiny.bank(VARIANT, bank)
        logits = MODEL.gate_logits(features, MODEL.local_logits(features, weights), weights)[0].astype(np.int64)
        theta = int(logits[1:].max() - logits[0])
        assert gate_decision(logits[None], theta)[0] == 0 != gate_decision(logits[None], theta - 1)[0]
        return theta

    def send(self, settings: Settings, pixels: list[int] | None = None) -> Result:
        """Queue an image of any length, with TLAST on its last pixel; returns the result it must give."""
        pixels = self.random_pixels() if pixels is None else pixels
        descriptor = Descriptor.of(settings, len(self.settings), EXPERTS, BANKS)
        status = SHORT if len(pixels) < PIXELS else LONG if len(pixels) > PIXELS else 0
        bank = None if descriptor.no_bank or settings.mode == Mode.GE_ONLY else tiny.bank(VARIANT, settings.bank)
        local_expert = max(descriptor.expert - 1, 0)
        answer = MODEL.run(_image(pixels), Mode(settings.mode), bank, settings.theta, local_expert)
        result = Result(
            descriptor.sequence,
            settings.bank,
            status | NO_BANK * descriptor.no_bank,
            int(answer.experts[0]),
            int(answer.classes[0]),
        )
        self.settings.append(settings)
        self.first_pixel.append(self.queued)
        self.queued += len(pixels)
        self.source.queue += [(pixel, int(i == len(pixels) - 1)) for i, pixel in enumerate(pixels)]
        self.expected.append(result)
        return result

    def send_gated(self, local: bool, mode: Mode = Mode.MOE_GATED, bank: int = 0) -> Result:
        """An image whose threshold is exactly at the limit: the GE answers a tie, one less gives the local expert."""
        pixels = self.random_pixels()
        theta = self.difference(pixels, bank) - int(local)
        return self.send(Settings(mode, bank, 3, 0, theta), pixels)

    def send_random(self, count: int) -> None:
        """Images of any length in any mode, half of the gate's decisions local and half generic."""
        for _ in range(count):
            length = self.rng.choice((PIXELS,) * 6 + (1, PIXELS - 1, PIXELS + 1, 2 * PIXELS + 3))
            pixels, settings = self.random_pixels(length), self.random_settings()
            if settings.bank < 2 and self.rng.random() < 0.9:
                limit = self.difference(pixels, settings.bank)
                settings = replace(settings, theta=limit - self.rng.randrange(2))
            self.send(settings, pixels)

    async def check(self) -> None:
        """Run until every result is there; compare all of them, and see that no other comes."""
        await self.bench.run_until(
            lambda: not self.source.queue and len(self.sink.words) >= len(self.expected),
            CYCLES * (2 + len(self.expected)),
        )
        await self.bench.step(CYCLES // 4)
        results = [Result.of(word) for word in self.sink.words]
        if EXPORTED and results:  # a reset does not reach the kernel's sequence number
            first = results[0].sequence
            results = [replace(result, sequence=(result.sequence - first) % SEQUENCE_NUMBERS) for result in results]
        compare(results, self.expected)


def _image(pixels: list[int]) -> np.ndarray:
    """What the hardware makes of a pixel stream: zeros for missing pixels, surplus ones dropped."""
    shape = MOE.network.in_shape
    return np.array((pixels + [0] * PIXELS)[:PIXELS], np.uint8).reshape(1, shape.height, shape.width)


# ---- Everything at once ---------------------------------------------------------------------------------------------


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def mixed(dut: Any, idle: str, stall: str) -> None:
    """Mode, bank, bank validity, local expert and threshold change from image to image, as does the length."""
    top = await Top(dut, idle, stall).start()
    top.send_random(16)
    assert len({result.class_index for result in top.expected}) > 3
    assert {bool(result.expert) for result in top.expected} == {True, False}
    await top.check()


# ---- One thing at a time --------------------------------------------------------------------------------------------


@cocotb.test()
@cocotb.parametrize(mode=[int(mode) for mode in RUNNING_MODES])
async def one_mode(dut: Any, mode: int) -> None:
    """Each mode alone, images back to back."""
    top = await Top(dut).start()
    for i in range(10):
        if mode in MOE_MODES:
            top.send_gated(bool(i % 2), Mode(mode))
        else:
            top.send(Settings(mode))
    await top.check()


@cocotb.test()
async def local_only(dut: Any) -> None:
    """LE_ONLY with every local expert and both banks; a number beyond the last means the first."""
    top = await Top(dut).start()
    for number in range(8):
        for bank in (0, 1):
            result = top.send(Settings(Mode.LE_ONLY, bank, 3, number))
            assert result.expert == (number if number < EXPERTS else 0) + 1
    await top.check()


@cocotb.test()
@cocotb.parametrize(mode=[int(mode) for mode in MOE_MODES])
async def threshold(dut: Any, mode: int) -> None:
    """At the limit the GE answers, one below it the local expert, whatever the image before had."""
    top = await Top(dut).start()
    for local in (True, True, False, True, False, False, True, False):
        result = top.send_gated(local, Mode(mode), bank=top.rng.randrange(2))
        assert bool(result.expert) is local
    await top.check()


@cocotb.test()
async def bank_changes(dut: Any) -> None:
    """Another bank with every image: none sees half of an old and half of a new one."""
    top = await Top(dut).start()
    pixels = top.random_pixels()
    for i in range(12):
        mode = (Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED)[i // 2 % 3]
        top.send(Settings(mode, i % 2, 3, 0, -(2**31)), pixels)
    await top.check()


@cocotb.test()
async def load_while_running(dut: Any) -> None:
    """Bank 2 is loaded while images use banks 0 and 1, and used as soon as it is valid."""
    top = await Top(dut).start()
    for i in range(8):
        top.send(Settings(MOE_MODES[i % 2], i % 2, 3, 0, -(2**31)))
    await top.load(2)
    for i in range(4):
        top.send(Settings(MOE_MODES[i % 2], 2, 7, 0, -(2**31)))
    await top.check()


@cocotb.test()
async def no_valid_bank(dut: Any) -> None:
    """MoE modes answer as the GE, LE_ONLY answers class 255, each with a flag; GE_ONLY needs no bank."""
    top = await Top(dut).start()
    for bank, valid in ((0, 0), (1, 1), (2, 3), (3, 7), (15, 7)):
        for mode in RUNNING_MODES:
            pixels = top.random_pixels()
            result = top.send(Settings(mode, bank, valid, 0, -(2**31)), pixels)
            assert bool(result.status & NO_BANK) is (mode != Mode.GE_ONLY)
            assert (result.class_index == 255) is (mode == Mode.LE_ONLY)
    await top.check()


@cocotb.test()
@cocotb.parametrize(length=[1, PIXELS // 2, PIXELS - 1, PIXELS + 1, PIXELS + 17, 4 * PIXELS])
async def wrong_length(dut: Any, length: int) -> None:
    """Reported, answered as padded or cut, and the images behind it are unharmed; also twice in a row."""
    top = await Top(dut).start()
    for i, count in enumerate((length, PIXELS, length, length, PIXELS, length, PIXELS)):
        top.send(Settings(RUNNING_MODES[i % 4], 0, 1, 0, 0), top.random_pixels(count))
    await top.check()


@cocotb.test()
@cocotb.parametrize(mode=[0, 5, 6, 7])
async def off(dut: Any, mode: int) -> None:
    """OFF and the reserved modes take no pixel, but images in flight are finished; nothing is lost."""
    top = await Top(dut).start()
    for _ in range(3):
        top.send_gated(True)
    top.send(Settings(Mode.GE_ONLY))
    resume, top.settings[3] = top.settings[3], Settings(mode)
    await top.bench.step(4 * CYCLES)
    assert len(top.source.transfers) == 3 * PIXELS, "a pixel was taken"
    assert len(top.sink.words) == 3, "images in flight were not finished"
    top.settings[3] = resume
    await top.check()


@cocotb.test(skip=EXPORTED)
async def results_wait(dut: Any) -> None:
    """With nobody taking results a bounded number of images is accepted, and none is lost."""
    top = await Top(dut, stall="never").start()
    for i in range(16):
        top.send(Settings(RUNNING_MODES[i % 4], 0, 1, 0, 0))
    await top.bench.step(20 * CYCLES)
    # One result at the port, and as many behind it as there are descriptors.
    assert len(top.source.transfers) == (IN_FLIGHT + 1) * PIXELS
    top.sink.pattern = iter(lambda: True, None)
    await top.check()


@cocotb.test(skip=EXPORTED)
async def gated_spares_the_ge(dut: Any) -> None:
    """In MOE_GATED the GE's tail sees exactly the images that the gate calls generic."""
    top = await Top(dut, "none", "random").start()
    generic = 0
    for i in range(24):
        generic += not top.send_gated(i // 3 % 2 == 0).expert
    await top.check()
    assert generic == 12 and len(top.tail_words.words) == generic * FEATURE_WORDS


@cocotb.test()
async def slow_ge_then_local(dut: Any) -> None:
    """Decisions on local images queue up behind images that the GE still works on, in bursts of every length."""
    top = await Top(dut).start()
    for burst in (1, 2, 3, 5):
        for _ in range(burst):
            top.send_gated(False)
        for _ in range(burst):
            top.send_gated(True)
    await top.check()


@cocotb.test(skip=EXPORTED)
async def reset(dut: Any) -> None:
    """A reset in any phase of an image, then correct images from sequence number 0; loaded weights survive."""
    top = await Top(dut).start()
    for cycles in (1, 2, PIXELS // 2, PIXELS + 1, PIXELS + 40, 2 * PIXELS, 500, 700):
        top.send_random(4)
        await top.bench.step(cycles + top.rng.randrange(7))
        await top.reset()
        top.send_gated(False)
        top.send_gated(True)
        top.send_random(2)
        await top.check()
        await top.reset()
