# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of learning on moe_top: images with and without labels, corrections, two banks, every mode.

The golden learner is given the lessons in the order in which the hardware starts them; every answer, every weight and
the LFSR must be the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import cocotb
import numpy as np

from golden.descriptor import Descriptor, LearnSession, Settings
from golden.integer_model import MoeModel
from golden.learner import Learner, LearnInputs, Lesson, learn_inputs
from hw.gen.memory import BankWrites, bank_writes
from hw.hierarchy import FRAME_STARTED
from spec import tiny_variants as tiny
from spec.bank import Bank
from spec.learning import LABEL_BITS, LABEL_OWN, LABEL_VALID, LearnRule, label_word
from spec.network import Mode
from spec.result_word import SEQUENCE_NUMBERS
from verif.streams import CROSSED
from verif.top.bench_moe_top import ACCELERATOR, BANKS, CYCLES, EXPERTS, MOE, PIXELS, VARIANT, Result, Top
from verif.unit.ports import Level
from verif.unit.stream_checks import compare

MODEL = MoeModel(MOE)
CLASSES = MOE.network.classes
LEARNS = 1  # the bank that learns; the other one never changes
RULE = LearnRule(
    local_margin=40_000, local_shift=8, own_margin=30_000, generic_margin=20_000, gate_shift=9, seed=0xDEADBEEF
)
LEARN_MODES = (Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED)
KEPT = 8  # images that can be corrected


@dataclass(frozen=True)
class Sent:
    """An image as it was sent."""

    settings: Settings
    pixels: list[int]
    label: int  # of spec.learning.label_word, 0: none


@dataclass(frozen=True)
class Started:
    """What began to go to the experts: an image, or a correction."""

    correction: bool
    gate: bool
    sequence: int
    label: int


class Starts:
    """Records what the router starts, in order."""

    def __init__(self, dut: Any) -> None:
        self.start, self.image, self.replay = (reduce(getattr, path.split("."), dut) for path in FRAME_STARTED)
        self.seen: list[Started] = []

    def drive(self) -> None: ...

    def sample(self, cycle: int) -> None:
        if start := int(self.start.value):
            word = int(self.image.value)
            sequence = word >> (LABEL_BITS + 32) & (SEQUENCE_NUMBERS - 1)
            gate = bool(start >> (EXPERTS + 1))
            self.seen.append(Started(bool(self.replay.value), gate, sequence, word & (1 << LABEL_BITS) - 1))

    def reset(self) -> None:
        self.seen.clear()


class Corrections:
    """Sends corrections, one at a time, when ``ready`` says so; counts those that are refused."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.queue: list[tuple[int, int, Any]] = []  # sequence number, label word, when
        self.sent = self.refused = 0
        self.pulse = False

    def drive(self) -> None:
        self.pulse = bool(self.queue) and not self.pulse and self.idle and self.queue[0][2]()
        self.dut.correct_valid_i.value = int(self.pulse)
        if self.pulse:
            sequence, label, _ = self.queue.pop(0)
            self.dut.correct_sequence_i.value = sequence
            self.dut.correct_label_i.value = label
            self.sent += 1

    @property
    def idle(self) -> bool:
        return self.dut.correct_busy_o.value == 0

    def sample(self, cycle: int) -> None:
        self.refused += int(self.dut.correct_refused_o.value)

    def reset(self) -> None:
        self.queue.clear()
        self.sent = self.refused = 0
        self.pulse = False
        self.dut.correct_valid_i.value = 0


class Class(Top):
    """The accelerator in a learning session."""

    def __init__(self, dut: Any, idle: str = "none", stall: str = "none", open: bool = True) -> None:
        super().__init__(dut, idle, stall)
        self.open = open
        self.session = LearnSession(LEARNS, EXPERTS - 1)
        self.between = Mode.MOE_PARALLEL  # what corrections find when no image waits
        self.banks = {number: tiny.bank(VARIANT, number) for number in (0, 1)}
        self.starts, self.corrections = Starts(dut), Corrections(dut)
        self.bench.agents += [self.starts, self.corrections, Level(self._learning), Level(self._label)]
        self.pupils: list[Sent] = []
        self.learned: list[tuple[Started, Lesson]] = []  # by the golden learner

    def _learning(self) -> dict[Any, int]:
        dut, rule = self.dut, RULE
        return {
            dut.learn_open_i: int(self.open),
            dut.learn_bank_i: self.session.bank,
            dut.learn_expert_i: self.session.expert,
            dut.local_margin_i: rule.local_margin,
            dut.local_shift_i: rule.local_shift,
            dut.own_margin_i: rule.own_margin,
            dut.generic_margin_i: rule.generic_margin,
            dut.gate_shift_i: rule.gate_shift,
            dut.random_i: rule.seed,
        }

    def _label(self) -> dict[Any, int]:
        """The label of an image with its first pixel, another one with the others."""
        taken = len(self.source.transfers)
        if taken in self.first_pixel:
            return {self.dut.s_axis_tuser: self.pupils[self.first_pixel.index(taken)].label}
        return {self.dut.s_axis_tuser: self.rng.getrandbits(LABEL_BITS)}

    def _settings(self) -> dict[Any, int]:
        values = super()._settings()
        if len(self.source.transfers) not in self.first_pixel:
            values[self.dut.mode_i] = int(self.between)
        return values

    def clear(self) -> None:
        super().clear()
        self.pupils = []

    async def load(self, number: int, bank: Bank | None = None) -> None:
        await super().load(number, bank or self.banks[number])

    async def start(self) -> Class:
        await super().start()
        await self.seed()
        return self

    async def seed(self) -> None:
        """Set the LFSR."""
        self.dut.random_load_i.value = 1
        await self.bench.step()
        self.dut.random_load_i.value = 0
        await self.bench.step()

    def teach(self, settings: Settings, label: int = 0, pixels: list[int] | None = None) -> None:
        """Queue an image; what it must give follows from what was learned before it."""
        pixels = pixels or self.random_pixels()
        self.pupils.append(Sent(replace(settings, learning=self.session if self.open else None), pixels, label))
        self.settings.append(settings)
        self.first_pixel.append(self.queued)
        self.queued += len(pixels)
        self.source.queue += [(pixel, int(i == len(pixels) - 1)) for i, pixel in enumerate(pixels)]

    def random_label(self) -> int:
        return label_word(self.rng.randrange(CLASSES), self.rng.random() < 0.7, self.rng.random() < 0.7)

    async def finish(self) -> None:
        """Run until everything is answered and nothing is open."""
        await self.bench.run_until(
            lambda: (
                not self.source.queue
                and not self.corrections.queue
                and len(self.sink.words) >= len(self.pupils)
                and self.corrections.idle
            ),
            CYCLES * (2 + len(self.pupils)),
        )
        await self.bench.step(CYCLES // 4)

    async def check(self) -> Learner:
        """Compare every answer, every weight of both banks and the LFSR with the golden learner's."""
        await self.finish()
        learner, results = self.golden()
        compare([Result.of(word) for word in self.sink.words], results)
        assert int(self.dut.random_o.value) == learner.random
        await self.check_bank(LEARNS, learner.bank())
        await self.check_bank(1 - LEARNS, self.banks[1 - LEARNS])
        return learner

    def golden(self) -> tuple[Learner, list[Result]]:
        """The golden learner after everything that was started, and the results of all images."""
        learner = Learner(MOE, self.banks[LEARNS], RULE, self.session.expert)
        self.learned = []
        inputs = [self._inputs(sent.pixels) for sent in self.pupils]
        results: list[Result | None] = [None] * len(self.pupils)
        started = iter(self.starts.seen)
        expected = [
            Descriptor.of(sent.settings, i, EXPERTS, BANKS, sent.label, CLASSES) for i, sent in enumerate(self.pupils)
        ]
        i = 0
        for now in started:
            if not now.correction:
                i = self._answer_until(i, now.sequence, expected, results, learner)
            x = inputs[now.sequence]
            learned = now.label >> LABEL_VALID & 1
            if learned:
                own = bool(now.label >> LABEL_OWN & 1)
                lesson = learner.learn(x.local[0], x.gate[0], now.label & 0xFF, own, now.gate)
                self.learned.append((now, lesson))
            if not now.correction:
                assert now.label == expected[i].lesson, f"image {i} was started with another label"
                answer = lesson.answer if learned else None
                results[i] = self._result(i, expected[i], learner, answer)
                i += 1
        self._answer_until(i, len(self.pupils), expected, results, learner)
        return learner, results

    def _answer_until(self, i, stop, expected, results, learner) -> int:
        """Images that no expert is given (no valid bank, for example) are not started."""
        while i < stop:
            assert not expected[i].lesson, f"image {i} was not learned"
            results[i] = self._result(i, expected[i], learner, None)
            i += 1
        return i

    def _result(self, i: int, descriptor: Descriptor, learner: Learner, answer: int | None) -> Result:
        bank = learner.bank() if descriptor.bank == LEARNS else self.banks[1 - LEARNS]
        if answer is None:
            image = _as_image(self.pupils[i].pixels)
            classes, experts = descriptor.answers(MODEL, image, None if descriptor.no_bank else bank)
            return Result(i, descriptor.bank, 4 * descriptor.no_bank, int(experts[0]), int(classes[0]))
        return Result(i, descriptor.bank, 0, descriptor.expert, answer)

    def _inputs(self, pixels: list[int]) -> LearnInputs:
        return learn_inputs(MOE, self.banks[LEARNS], MODEL.ge.features(_as_image(pixels)))

    async def check_bank(self, number: int, bank: Any) -> None:
        """Read every chunk of a bank back."""
        writes = bank_writes(MOE, ACCELERATOR.folding, bank)
        found = await self.read(number, writes)
        wrong = np.flatnonzero(found != writes.data)
        assert not len(wrong), f"bank {number}: {len(wrong)} of {len(found)} words differ, the first is word {wrong[0]}"

    async def read(self, number: int, writes: BankWrites) -> np.ndarray:
        dut, found = self.dut, []
        dut.rd_bank_i.value = number
        for layer, bias, address in zip(writes.layer, writes.bias, writes.address, strict=True):
            dut.rd_layer_i.value, dut.rd_bias_i.value, dut.rd_addr_i.value = int(layer), int(bias), int(address)
            dut.rd_valid_i.value = 1
            for _ in range(200):
                await self.bench.step()
                if dut.rd_done_o.value == 1:
                    break
            found.append(int(dut.rd_data_o.value))
            dut.rd_valid_i.value = 0
            await self.bench.step()
        return np.array(found, np.uint32)


def _as_image(pixels: list[int]) -> np.ndarray:
    shape = MOE.network.in_shape
    return np.array(pixels, np.uint8).reshape(1, shape.height, shape.width)


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def mixed(dut: Any, idle: str, stall: str) -> None:
    """Labelled and other images in every mode with both banks, corrections of old images, young ones and none."""
    lessons = await Class(dut, idle, stall).start()
    rng = lessons.rng
    for i in range(40):
        mode = rng.choice((Mode.GE_ONLY, *LEARN_MODES, *LEARN_MODES))
        settings = Settings(mode, rng.randrange(2), 3, rng.randrange(8), rng.randrange(-20_000, 20_000))
        lessons.teach(settings, lessons.random_label() if rng.random() < 0.6 else 0)
        if i > 4 and rng.random() < 0.4:
            back = rng.choice((1, 2, 3, KEPT - 2, KEPT + 2))
            after = i + rng.randrange(2)
            sequence = max(i - back, 0)
            lessons.corrections.queue.append(
                (sequence, lessons.random_label(), lambda after=after: len(lessons.sink.words) >= after - 1)
            )
    learner = await lessons.check()
    assert any(now.correction for now in lessons.starts.seen)
    assert learner.bank().digest() != lessons.banks[LEARNS].digest()


@cocotb.test()
@cocotb.parametrize(mode=[int(mode) for mode in LEARN_MODES])
async def back_to_back(dut: Any, mode: int) -> None:
    """Lessons one after the other, as fast as pixels come; the gate learns in the modes that have one."""
    lessons = await Class(dut).start()
    for _ in range(40):
        lessons.teach(Settings(mode, 0, 3), lessons.random_label())
    learner = await lessons.check()
    before, after = lessons.banks[LEARNS], learner.bank()
    changed = [
        not np.array_equal(a.weight, b.weight) for (_, a), (_, b) in zip(before.layers(), after.layers(), strict=True)
    ]
    assert any(changed[: -len(before.gate)])
    assert any(changed[-len(before.gate) :]) == (mode != Mode.LE_ONLY)


@cocotb.test()
async def without_the_gate(dut: Any) -> None:
    """Labels that are not for the gate, in an MoE mode."""
    lessons = await Class(dut).start()
    for _ in range(12):
        label = label_word(lessons.rng.randrange(CLASSES), lessons.rng.random() < 0.7, with_gate=False)
        lessons.teach(Settings(Mode.MOE_GATED, LEARNS, 3), label)
    learner = await lessons.check()
    for before, after in zip(lessons.banks[LEARNS].gate, learner.bank().gate, strict=True):
        assert np.array_equal(before.weight, after.weight)


@cocotb.test()
async def closed(dut: Any) -> None:
    """Without a session labels and corrections change nothing."""
    lessons = await Class(dut, open=False).start()
    for i in range(6):
        lessons.teach(Settings(Mode.MOE_PARALLEL, i % 2, 3), lessons.random_label())
    lessons.corrections.queue = [(2, lessons.random_label(), lambda: len(lessons.sink.words) > 4)]
    await lessons.check()
    assert lessons.corrections.refused == 1
    assert not any(now.label or now.correction for now in lessons.starts.seen)


@cocotb.test()
async def ties(dut: Any) -> None:
    """All rows of the local experts alike: every rival is one of many, and the lowest number counts."""
    lessons = Class(dut)
    bank = lessons.banks[LEARNS]
    alike = [replace(e[-1], weight=0 * e[-1].weight + e[-1].weight[0], bias=0 * e[-1].bias) for e in bank.local_experts]
    experts = tuple((*e[:-1], last) for e, last in zip(bank.local_experts, alike, strict=True))
    lessons.banks[LEARNS] = replace(bank, local_experts=experts)
    await lessons.start()
    for _ in range(6):
        lessons.teach(Settings(Mode.LE_ONLY, LEARNS, 3), label_word(lessons.rng.randrange(CLASSES), True))
    await lessons.check()


@cocotb.test()
async def bad_labels(dut: Any) -> None:
    """A label that no class has makes an ordinary image, and a correction with one is refused."""
    lessons = await Class(dut).start()
    for i in range(8):
        label = label_word(CLASSES + i % 3, True) if i % 2 else lessons.random_label()
        lessons.teach(Settings(Mode.MOE_PARALLEL, 0, 3), label)
    lessons.corrections.queue = [(6, label_word(CLASSES, True), lambda: len(lessons.sink.words) > 6)]
    await lessons.check()
    assert lessons.corrections.refused == 1 and not any(now.correction for now in lessons.starts.seen)


@cocotb.test()
async def which_images_can_be_corrected(dut: Any) -> None:
    """Of the last eight images those that went to the expert that learns, which GE_ONLY images do not."""
    lessons = await Class(dut).start()
    for i in range(12):
        lessons.teach(Settings(Mode.GE_ONLY if i == 9 else Mode.MOE_PARALLEL, LEARNS, 3, 0, 0))
    await lessons.finish()
    allowed = [4, 5, 6, 7, 8, 10, 11]
    lessons.corrections.queue = [
        (sequence, lessons.random_label(), lambda: True) for sequence in (*range(13), 11 + KEPT, 11 + 4 * KEPT)
    ]
    await lessons.check()
    assert [now.sequence for now in lessons.starts.seen if now.correction] == allowed
    assert lessons.corrections.refused == 15 - len(allowed)


@cocotb.test()
async def reset(dut: Any) -> None:
    """A reset in the middle of a lesson: the other bank is unharmed, and everything works from the start."""
    lessons = await Class(dut).start()
    for cycles in (2 * PIXELS, 2 * PIXELS + 20, 2 * PIXELS + 40, 3 * PIXELS + 5, 500, 560):
        for _ in range(4):
            lessons.teach(Settings(Mode.MOE_PARALLEL, 0, 3), lessons.random_label())
        await lessons.bench.step(cycles + lessons.rng.randrange(7))
        await lessons.reset()
        await lessons.load(LEARNS)
        await lessons.seed()
        for _ in range(3):
            lessons.teach(Settings(Mode.MOE_GATED, 0, 3), lessons.random_label())
        await lessons.check()
        await lessons.reset()
        await lessons.load(LEARNS)
        await lessons.seed()
