# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of the work of learning on moe_top: strobes at memories and comparisons, against what is predicted.

Prediction is :mod:`spec.lesson_activity` with the golden learner's lessons; the strobes are those of the cells
themselves where there are cells (weight_ram, replay_ring), else those of the learner.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import reduce
from typing import Any

import cocotb

from golden.descriptor import Settings
from hw.hierarchy import BRANCHES, FRAME_STARTED, LEARNER, REPLAY_RING, WEIGHT_RAM, layer_instance
from spec.learning import LABEL_OWN
from spec.lesson_activity import HeadActivity, LearningHead, image_watched, lesson_activity, total
from spec.network import Mode, name_in_bank
from verif.streams import CROSSED
from verif.top.bench_lessons import LEARN_MODES, Class
from verif.top.bench_moe_top import ACCELERATOR, EXPERTS, MOE

FOLDING = ACCELERATOR.folding


class HeadStrobes:
    """What one head does, cycle by cycle, in the counts of :class:`spec.lesson_activity.HeadActivity`."""

    def __init__(self, dut: Any, domain: str, number: int, head: LearningHead) -> None:
        element = BRANCHES[domain].path(number)

        def at(path: str, *names: str) -> list[Any]:
            instance = reduce(_child, path.split("."), dut)
            return [getattr(instance, name) for name in names]

        name = head.layer.name if domain == "gn" else name_in_bank(head.layer.name, number)
        learner = at(f"{element}.{LEARNER}", "access_rd_en_o", "compare_en_o", "vector_taken_i", "logit_taken_i")
        self.read, self.compare, self.vector, self.logit = learner
        self.done, self.now = at(f"{element}.{LEARNER}", "done", "now_q")
        self.lesson_bit = _lesson_bit(self.now)
        (self.write,) = at(f"{layer_instance(domain, name)}.{WEIGHT_RAM}", "word_en_i")
        self.pieces_left, self.fetch = at(f"{element}.{REPLAY_RING}", "left_q", "fetch")
        lanes = FOLDING.layers[head.first.name].simd
        self.pieces = lanes // 4 if lanes > 4 and lanes % 4 == 0 else 1  # of a word of the ring
        self.counts = dict.fromkeys(asdict(HeadActivity()), 0)

    def sample(self) -> None:
        counts = self.counts
        for name, strobe in (
            ("weight_reads", self.read), ("input_reads", self.read), ("weight_writes", self.write),
            ("compare_reads", self.compare), ("input_writes", self.vector), ("logits", self.logit),
            ("ring_reads", self.fetch),
        ):  # fmt: skip
            counts[name] += int(strobe.value == 1)
        counts["ring_writes"] += int(self.pieces_left.value != 0)
        if self.done.value == 1:
            counts["margins"] += int(self.now.value) >> self.lesson_bit & 1

    def activity(self) -> HeadActivity:
        """Words, not pieces of words, of the ring."""
        ring = {name: self.counts[name] / self.pieces for name in ("ring_reads", "ring_writes")}
        return HeadActivity(**self.counts | ring)


class Work:
    """Strobes of all heads, and what was started without a label."""

    def __init__(self, dut: Any) -> None:
        self.local = [HeadStrobes(dut, "le", i, LearningHead.of_local_expert(MOE)) for i in range(EXPERTS)]
        self.gate = HeadStrobes(dut, "gn", 0, LearningHead.of_gate(MOE))
        self.start = reduce(getattr, FRAME_STARTED[0].split("."), dut)
        self.images: list[int] = []  # bits of who starts, in the order of the starts

    def drive(self) -> None: ...

    def sample(self, cycle: int) -> None:
        for head in (*self.local, self.gate):
            head.sample()
        if bits := int(self.start.value):
            self.images.append(bits)

    def reset(self) -> None: ...


def _child(scope: Any, name: str) -> Any:
    """An instance or generate block, by its name with index."""
    base, _, index = name.partition("[")
    found = getattr(scope, base)
    return found[int(index[:-1])] if index else found


def _lesson_bit(now: Any) -> int:
    """Where ``valid`` of the lesson is in an entry {bank, valid, own, target, dither}."""
    return len(now) - 1 - _bank_bits()


def _bank_bits() -> int:
    return max(1, (FOLDING.weight_banks - 1).bit_length())


async def check_work(lessons: Class, work: Work) -> None:
    """Answers and weights as ever, then every strobe against the prediction."""
    await lessons.check()
    learned = iter(lessons.learned)
    parts = []
    assert len(work.images) == len(lessons.starts.seen)
    for bits, now in zip(work.images, lessons.starts.seen, strict=True):
        if now.correction or now.label:
            start, lesson = next(learned)
            assert start == now
            own = bool(now.label >> LABEL_OWN & 1)
            pairs = lesson.local_pair, lesson.gate_pair
            parts.append(lesson_activity(MOE, FOLDING, own, now.gate, *pairs, correction=now.correction))
        elif bits >> 1:
            parts.append(image_watched(MOE, FOLDING, now.gate))
    expected = total(parts)
    local = sum((head.activity() for head in work.local), HeadActivity())
    assert local == expected.local, f"local experts: {local}, predicted {expected.local}"
    found = work.gate.activity()
    assert found == expected.gate, f"gate: {found}, predicted {expected.gate}"
    assert expected.randoms == len(lessons.learned)
    moved = [lesson for _, lesson in lessons.learned if lesson.local]
    assert moved and len(moved) < len(lessons.learned), "every lesson moves weights, or none"


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED[:2] + CROSSED[-1:]))
async def mixed(dut: Any, idle: str, stall: str) -> None:
    """Labelled and other images in every mode, and corrections."""
    lessons = Class(dut, idle, stall)
    work = Work(dut)
    lessons.bench.agents.append(work)
    await lessons.start()
    rng = lessons.rng
    for i in range(40):
        mode = rng.choice((Mode.GE_ONLY, *LEARN_MODES, *LEARN_MODES))
        lessons.teach(Settings(mode, rng.randrange(2), 3, rng.randrange(8)), lessons.random_label() if i % 3 else 0)
        if i > 4 and rng.random() < 0.3:
            wanted = (i - rng.choice((1, 2, 3)), lessons.random_label(), lambda i=i: len(lessons.sink.words) >= i - 1)
            lessons.corrections.queue.append(wanted)
    await check_work(lessons, work)
    assert any(now.correction for now in lessons.starts.seen)
    assert any(lesson.gate for _, lesson in lessons.learned)


@cocotb.test()
async def back_to_back(dut: Any) -> None:
    """Lessons as fast as pixels come."""
    lessons = Class(dut)
    work = Work(dut)
    lessons.bench.agents.append(work)
    await lessons.start()
    for _ in range(30):
        lessons.teach(Settings(Mode.MOE_GATED, 0, 3), lessons.random_label())
    await check_work(lessons, work)
