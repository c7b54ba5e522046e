# SPDX-License-Identifier: Apache-2.0
"""What the device is taught: the lessons of one correction, and those of somebody's own images.

A correction is one image, and the rule moves a weight by one at most (docs/learning.md). So the image is given REPEATS
times, each time with one that was taught before, lest that is forgotten; and after every GENERIC_AFTER repeats with
somebody else's image, which the gate is to leave to the global expert. Own images take the course of the gate preset.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from demo.desk import Lesson
from golden.data import LabelledImages
from training.course import Course, strewn

REPEATS = 12
GENERIC_AFTER = 4
REMEMBERED = 40  # images that were taught before, the latest
MOST_LESSONS = 4000  # of own images, with all passes
PORTION = 200  # lessons between which other requests get the device

Taught = tuple[np.ndarray, int]
"""An image, uint8 (28, 28), and its class."""


def correction(image: np.ndarray, label: int, before: Sequence[Taught], generic: LabelledImages) -> list[Lesson]:
    """The lessons of one correction.

    Args:
        image: uint8 (28, 28).
        before: what was taught before.
        generic: other people's images, of which the first ones behind ``len(before)`` are taken in turn.
    """
    earlier = list(before)[-REMEMBERED:]
    lessons: list[Lesson] = []
    for repeat in range(REPEATS):
        lessons.append(Lesson(image, label))
        if earlier:
            lessons.append(Lesson(*earlier[-1 - repeat % len(earlier)]))
        if repeat % GENERIC_AFTER == GENERIC_AFTER - 1:
            number = (len(before) * REPEATS // GENERIC_AFTER + repeat // GENERIC_AFTER) % len(generic)
            lessons.append(Lesson(generic.images[number], int(generic.labels[number]), own=False))
    return lessons


def own_images(own: LabelledImages, generic: LabelledImages, course: Course, seed: int = 0) -> list[Lesson]:
    """The lessons of somebody's images: the course, with as many passes as :data:`MOST_LESSONS` allows.

    Args:
        own: to be learned.
        generic: other people's images, every class alike.
        seed: of the order.
    """
    course = course.with_passes(max(1, min(course.passes, MOST_LESSONS // len(own))))
    others = generic.select(strewn(generic.labels, course.generic_images(len(own)), seed))
    stream = course.stream(len(own), seed)
    lessons = []
    for mine, index, gate in zip(stream.own, stream.index, stream.with_gate, strict=True):
        source = own if mine else others
        lessons.append(Lesson(source.images[index], int(source.labels[index]), bool(mine), bool(gate)))
    return lessons
