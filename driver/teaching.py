# SPDX-License-Identifier: Apache-2.0
"""A whole course on a device: it learns its user image by image, and is looked at after every pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from driver.accelerator import Accelerator
from driver.lessons import Session
from driver.read_back import read_bank
from golden.data import LabelledImages
from golden.integer_model import MoeModel
from spec.bank import Bank
from spec.learning import LearnRule
from spec.network import Mode
from training.course import Course, strewn
from training.shares import balanced_share

START, LEARNS = 0, 1  # the device's banks
_CHUNK = 250  # images between two signs of progress


@dataclass(frozen=True)
class Pass:
    """What the device is after a pass over the user's images.

    Attributes:
        number: of passes, from 1.
        bank: its weights, as they were read back.
        running: share of the pass's own images that the local expert answered right before it learned them.
        moves: lessons that moved weights of the local expert, and of the gate.
        cycles: clock cycles from the first pixel on.
    """

    number: int
    bank: Bank
    running: float
    moves: tuple[int, int]
    cycles: int


def teach(
    device: Accelerator,
    start: Bank,
    own: LabelledImages,
    generic: LabelledImages,
    rule: LearnRule,
    course: Course,
    seed: int = 0,
    progress: Callable[[int], object] = lambda images: None,
) -> Iterator[Pass]:
    """Let a device take a course in MOE_GATED; afterwards its bank 1 has what it learned, and bank 0 the start.

    Bank 0 is protected: it never learns.

    Args:
        own: the user's images.
        generic: images of which the course takes its own.
        seed: of the order; the LFSR's stands in ``rule``.
        progress: called with the number of images after each portion of them.

    Raises:
        DriverError: the device cannot learn, or does not answer.
    """
    stream = course.stream(len(own), seed)
    kinds = (generic.select(strewn(generic.labels, course.generic_images(len(own)), seed)), own)
    device.set_mode(Mode.MOE_GATED)
    device.load_user(start, START, protect=True)
    device.load_user(start, LEARNS, activate=False)
    for number in range(course.passes):
        at = np.flatnonzero(stream.number == number)
        session = Session(device, course.rule(rule, number), LEARNS)
        rule_now = stream.own[at].astype(int)
        images = np.stack([kinds[kind].images[index] for kind, index in zip(rule_now, stream.index[at], strict=True)])
        labels = np.array([kinds[kind].labels[index] for kind, index in zip(rule_now, stream.index[at], strict=True)])
        device.counters(clear=True)
        for low in range(0, len(at), _CHUNK):
            part = slice(low, low + _CHUNK)
            session.learn(images[part], labels[part], stream.own[at][part], stream.with_gate[at][part])
            progress(len(images[part]))
        cycles = device.counters().cycles
        running = session.accuracy
        moves = device.read("learn_local_moves.value"), device.read("learn_gate_moves.value")
        session.commit(activate=False)
        yield Pass(number + 1, read_bank(device, LEARNS), running, moves, cycles)
        rule = replace(rule, seed=device.read("learn_random.value"))


@dataclass(frozen=True)
class Shares:
    """Shares of images that are answered right: the user's by the GE, the LE and both behind the gate, and generic ones
    (every class alike) by the GE and by both; and the share of the user's that the gate sends to the LE."""

    ge: float
    le: float
    overall: float
    to_le: float
    generic_ge: float
    generic: float


def shares(model: MoeModel, bank: Bank, own: LabelledImages, generic: LabelledImages) -> Shares:
    """Measure a bank by the integer golden model, whose answers are the device's."""

    def classes(images: LabelledImages, mode: Mode) -> np.ndarray:
        return model.run(images.images, mode, bank).classes == images.labels

    mine = model.run(own.images, Mode.MOE_PARALLEL, bank)
    return Shares(
        ge=float(classes(own, Mode.GE_ONLY).mean()),
        le=float(classes(own, Mode.LE_ONLY).mean()),
        overall=float((mine.classes == own.labels).mean()),
        to_le=float((mine.experts > 0).mean()),
        generic_ge=balanced_share(classes(generic, Mode.GE_ONLY), generic.labels),
        generic=balanced_share(classes(generic, Mode.MOE_PARALLEL), generic.labels),
    )
