# SPDX-License-Identifier: Apache-2.0
"""Whole courses through golden learner and RTL: every answer, every weight after every pass, and the LFSR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from golden.data import LabelledImages
from golden.integer_model import NetworkModel
from golden.learner import Learner, Lesson, learn_inputs
from hw.gen.memory import bank_writes
from spec.bank import Bank
from spec.learning import LearnRule, label_word
from spec.network import Mode
from spec.presets import Accelerator
from training.course import Course, Stream, strewn
from verif.bulk.simulator import BulkSimulator

BANK = 1  # that learns; bank 0 is the same at the start, and stays


@dataclass(frozen=True)
class Compared:
    """What differed between golden learner and RTL in a course.

    Attributes:
        images: labelled images.
        answers, weights, others: answers that differ, words of the learned bank that differ after a pass, and those of
            the bank that does not learn.
        random: passes after which the LFSR's states differ.
        moved: images that moved weights of the local expert, and of the gate.
        cycles: of an image, in the mean.
        course_cycles: from a pass's first pixel to its last result, all passes together.
    """

    images: int
    answers: int
    weights: int
    others: int
    random: int
    moved: tuple[int, int]
    cycles: float
    course_cycles: int

    @property
    def mismatches(self) -> int:
        """Everything that differs."""
        return self.answers + self.weights + self.others + self.random


def lessons(own: LabelledImages, generic: LabelledImages, course: Course, seed: int) -> tuple[Stream, LabelledImages]:
    """A course's stream, and the generic images that it takes."""
    stream = course.stream(len(own), seed)
    return stream, generic.select(strewn(generic.labels, course.generic_images(len(own)), seed))


def compare_course(
    accelerator: Accelerator,
    start: Bank,
    own: LabelledImages,
    generic: LabelledImages,
    rule: LearnRule,
    course: Course,
    mode: Mode = Mode.MOE_GATED,
    seed: int = 0,
    pause_seed: int = 0,
    simulator: BulkSimulator | None = None,
    on_lesson: Callable[[Lesson, bool, bool], None] | None = None,
) -> Compared:
    """Teach the same course to both.

    Args:
        own: the user's images.
        generic: images of which the course takes its own.
        simulator: of one model; default: built for the accelerator.
        on_lesson: called with each of the golden learner's lessons, whether it is own, and whether the gate learns.
    """
    moe, network = accelerator.moe, NetworkModel(accelerator.moe.network)
    stream, strewn_images = lessons(own, generic, course, seed)
    parts = [(part, learn_inputs(moe, start, network.features(part.images))) for part in (strewn_images, own)]
    learner = Learner(moe, start, rule, gate=mode != Mode.LE_ONLY)
    device = simulator or BulkSimulator(accelerator, threads=1)
    device.load_bank(start, 0)
    device.load_bank(start, BANK)
    unchanged = bank_writes(moe, accelerator.folding, start)
    answers = weights = others = random = 0
    moved, cycles, course_cycles = [0, 0], [], 0
    for number in range(course.passes):
        learner.rule = course.rule(rule, number)
        device.learn(learner.rule, BANK, reseed=number == 0)
        at = np.flatnonzero(stream.number == number)
        images = np.stack([parts[int(stream.own[i])][0].images[stream.index[i]] for i in at])
        labels, expected = [], []
        for i in at:
            part, inputs = parts[int(stream.own[i])]
            index, label = stream.index[i], int(part.labels[stream.index[i]])
            mine, with_gate = bool(stream.own[i]), bool(stream.with_gate[i])
            labels.append(label_word(label, mine, with_gate))
            lesson = learner.learn(inputs.local[index], inputs.gate[index], label, mine, with_gate)
            expected.append(lesson.answer)
            moved[0] += lesson.local
            moved[1] += lesson.gate
            if on_lesson:
                on_lesson(lesson, mine, with_gate)
        found = device.run(
            images, mode, labels=np.array(labels, np.uint16), pause_seed=pause_seed and pause_seed + number,
            chunk=len(images),
        )  # fmt: skip
        answers += int(((found.classes != expected) | (found.experts != 1)).sum())
        wanted = bank_writes(moe, accelerator.folding, learner.bank())
        weights += int((device.read_bank(wanted, BANK) != wanted.data).sum())
        random += device.random != learner.random
        cycles.append(found.cycles_per_image)
        course_cycles += int(found.cycles[-1] - found.accepted[0])
    others = int((device.read_bank(unchanged, 0) != unchanged.data).sum())
    if simulator is None:
        device.close()
    return Compared(len(stream), answers, weights, others, random, tuple(moved), float(np.mean(cycles)), course_cycles)
