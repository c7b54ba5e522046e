# SPDX-License-Identifier: Apache-2.0
"""Whole courses through golden learner and RTL or HLS: every answer, every weight after every pass, and the LFSR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from golden.integer_model import NetworkModel
from golden.learner import Learner, Lesson, learn_inputs
from spec.bank import Bank
from spec.learning import LearnRule
from spec.network import Mode, Moe
from training.course import Course, Stream, strewn
from verif.compare.courses import Images
from verif.compare.pupils import BANK, Pupil


@dataclass(frozen=True)
class Compared:
    """What differed between golden learner and another implementation in a course.

    Attributes:
        images: labelled images.
        answers, weights, others: answers that differ, words of the learned bank that differ after a pass, and those of
            the bank that does not learn.
        random: passes after which the LFSR's states differ.
        moved: images that moved weights of the local expert, and of the gate.
        cycles: of an image, in the mean; None where there are none.
        course_cycles: from a pass's first pixel to its last result, all passes together; 0 where there are none.
    """

    images: int
    answers: int
    weights: int
    others: int
    random: int
    moved: tuple[int, int]
    cycles: float | None
    course_cycles: int

    @property
    def mismatches(self) -> int:
        """Everything that differs."""
        return self.answers + self.weights + self.others + self.random


def lessons(own: Images, generic: Images, course: Course, seed: int) -> tuple[Stream, Images]:
    """A course's stream, and the generic images that it takes."""
    stream = course.stream(len(own), seed)
    return stream, generic.select(strewn(generic.labels, course.generic_images(len(own)), seed))


def compare_course(
    pupil: Pupil,
    moe: Moe,
    start: Bank,
    own: Images,
    generic: Images,
    rule: LearnRule,
    course: Course,
    mode: Mode = Mode.MOE_GATED,
    seed: int = 0,
    pause_seed: int = 0,
    on_lesson: Callable[[Lesson, bool, bool], None] | None = None,
) -> Compared:
    """Teach the same course to the golden learner and to another implementation.

    Args:
        pupil: with ``start`` in both banks.
        own: the user's images.
        generic: images of which the course takes its own.
        pause_seed: of the streams' pauses; 0: none.
        on_lesson: called with each of the golden learner's lessons, whether it is own, and whether the gate learns.
    """
    network = NetworkModel(moe.network)
    stream, strewn_images = lessons(own, generic, course, seed)
    parts = [(part, learn_inputs(moe, start, network.features(part.images))) for part in (strewn_images, own)]
    learner = Learner(moe, start, rule, gate=mode != Mode.LE_ONLY)
    answers = weights = random = 0
    moved, cycles, course_cycles = [0, 0], [], 0
    for number in range(course.passes):
        learner.rule = course.rule(rule, number)
        at = np.flatnonzero(stream.number == number)
        mine, with_gate, index = stream.own[at], stream.with_gate[at], stream.index[at]
        of = [parts[int(one)] for one in mine]
        images = np.stack([part.images[i] for (part, _), i in zip(of, index, strict=True)])
        labels = np.array([part.labels[i] for (part, _), i in zip(of, index, strict=True)])
        expected = []
        for (_, inputs), i, label, own_one, gate_too in zip(of, index, labels, mine, with_gate, strict=True):
            lesson = learner.learn(inputs.local[i], inputs.gate[i], int(label), bool(own_one), bool(gate_too))
            expected.append(lesson.answer)
            moved[0] += lesson.local
            moved[1] += lesson.gate
            if on_lesson:
                on_lesson(lesson, bool(own_one), bool(gate_too))
        pauses = pause_seed and pause_seed + number
        found = pupil.teach(learner.rule, mode, images, labels, mine, with_gate, number == 0, pauses)
        answers += int(((found.classes != expected) | (found.experts != 1)).sum())
        weights += pupil.differs(learner.bank(), BANK)
        random += pupil.random != learner.random
        cycles.append(found.cycles)
        course_cycles += found.all_cycles
    mean = None if None in cycles else float(np.mean(cycles))
    return Compared(len(stream), answers, weights, pupil.differs(start, 0), random, tuple(moved), mean, course_cycles)
