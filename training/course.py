# SPDX-License-Identifier: Apache-2.0
"""A course: the stream of labelled images from which a device learns its user by itself.

The user's training images come several times, each time in another order, and generic images are strewn in, so that
the gate goes on seeing whom it must leave to the GE. With its label every image carries whether the gate learns too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from golden.learner import Learner, LearnInputs
from spec.errors import InputError
from spec.learning import LARGEST_SHIFT, LearnRule
from training.sampling import balanced_draw

_ORDER = 2  # apart from every other draw of the same seed


@dataclass(frozen=True)
class Course:
    """The section ``[learning.course]`` of a gate preset.

    Attributes:
        passes: over the user's images.
        every, generic: after every so many own images so many generic ones follow, counted through all passes.
        gate_on_all: the gate learns from every own image; else only from those that generic ones follow, so that it
            sees both kinds as often as ``generic`` says.
        slower_after: passes after which the local expert's steps become half as likely, ascending.
        slower_gate: the gate's too.

    Raises:
        InputError: a setting is out of range or of another type.
    """

    passes: int = 20
    every: int = 10
    generic: int = 2
    gate_on_all: bool = False
    slower_after: tuple[int, ...] = ()
    slower_gate: bool = False

    def __post_init__(self) -> None:
        for name, least in (("passes", 1), ("every", 1), ("generic", 0)):
            value = getattr(self, name)
            if type(value) is not int or value < least:
                raise InputError(f"course: {name} is {value!r}, a whole number of at least {least} is needed")
        for name in ("gate_on_all", "slower_gate"):
            if type(getattr(self, name)) is not bool:
                raise InputError(f"course: {name} is {getattr(self, name)!r}, true or false is needed")
        after = self.slower_after
        known = isinstance(after, tuple) and all(type(number) is int and number >= 0 for number in after)
        if not known or list(after) != sorted(after):
            raise InputError(f"course: slower_after is {after!r}, a list of passes in ascending order is needed")

    @staticmethod
    def of(preset: dict[str, Any]) -> Course:
        """The course of a gate preset as read from ``configs/gates``; keys that it lacks have their defaults.

        Raises:
            InputError: it has no section ``[learning]``, or a key that there is not.
        """
        name = preset.get("name", "?")
        if "learning" not in preset:
            raise InputError(f"gate preset '{name}' has no section [learning]")
        given, known = preset["learning"].get("course", {}), [field.name for field in fields(Course)]
        if unknown := sorted(given.keys() - set(known)):
            raise InputError(
                f"gate preset '{name}': learning.course has the key {unknown[0]}, known are {', '.join(known)}"
            )
        return Course(**{key: tuple(value) if isinstance(value, list) else value for key, value in given.items()})

    def with_passes(self, passes: int | None) -> Course:
        """The course with another number of passes, if one is given."""
        return self if passes is None else replace(self, passes=passes)

    def generic_images(self, own: int) -> int:
        """Generic images in the course of ``own`` own ones."""
        return own * self.passes // self.every * self.generic

    def slower(self, number: int) -> int:
        """How often the steps were made half as likely before pass ``number``, from 0."""
        return sum(number >= after for after in self.slower_after)

    def rule(self, rule: LearnRule, number: int) -> LearnRule:
        """The rule in pass ``number``, from 0."""
        more = self.slower(number)

        def shift(start: int, slower: bool) -> int:
            return min(start + more * slower, LARGEST_SHIFT)

        return replace(
            rule,
            local_shift=shift(rule.local_shift, True),
            gate_shift=shift(rule.gate_shift, self.slower_gate),
        )

    def stream(self, own: int, seed: int) -> Stream:
        """The images in their order, of a user with ``own`` images."""
        whole = np.arange(own * self.passes)
        order = [np.random.default_rng([seed, _ORDER, number]).permutation(own) for number in range(self.passes)]
        followed = (whole + 1) % self.every == 0
        # Each own image is one entry, and ``generic`` more where generic ones follow.
        place = whole + np.concatenate([[0], np.cumsum(followed)[:-1]]) * self.generic if own else whole
        total = len(whole) + int(followed.sum()) * self.generic
        is_own = np.zeros(total, bool)
        is_own[place] = True
        index = np.empty(total, np.int64)
        index[is_own] = np.concatenate(order)
        index[~is_own] = np.arange(total - len(whole))
        with_gate = ~is_own
        with_gate[place] = self.gate_on_all | followed
        numbers = np.zeros(total, np.int64)
        numbers[place] = np.repeat(np.arange(self.passes), own)
        return Stream(index, is_own, with_gate, np.maximum.accumulate(numbers))


@dataclass(frozen=True)
class Stream:
    """N labelled images in the order in which a device gets them.

    Attributes:
        index: int64 (N,), of the user's images or of the generic ones, which come 0, 1, 2, ...
        own: bool (N,), whether it is the user's.
        with_gate: bool (N,), whether the gate learns from it.
        number: int64 (N,), the pass, from 0; generic images belong to that of the own image before them.
    """

    index: np.ndarray
    own: np.ndarray
    with_gate: np.ndarray
    number: np.ndarray

    def __len__(self) -> int:
        return len(self.index)


@dataclass
class Tally:
    """What a device learned so far: images of both kinds, movements by kind of layer, and those that were lost."""

    own: int = 0
    generic: int = 0
    local_updates: int = 0
    gate_updates: int = 0
    saturations: int = 0


@dataclass(frozen=True)
class Lessons:
    """Images to learn from, as the heads see them: inputs and labels int64 (N,), in the order of a stream's index."""

    inputs: LearnInputs
    labels: np.ndarray


def learn(learner: Learner, course: Course, own: Lessons, generic: Lessons, seed: int) -> Iterator[tuple[int, Tally]]:
    """Let a learner take a course; after each pass the number of passes, from 1, and the tally so far.

    Args:
        own: the user's images.
        generic: at least :meth:`Course.generic_images` of them.
        seed: of the order; the LFSR's stands in the learner's rule.

    Raises:
        InputError: there are too few generic images, or none of the user's.
    """
    if not len(own.labels):
        raise InputError("course: the user has no image to learn from")
    if len(generic.labels) < (needed := course.generic_images(len(own.labels))):
        raise InputError(f"course: has {len(generic.labels)} generic images, {needed} are needed")
    stream, rule, tally = course.stream(len(own.labels), seed), learner.rule, Tally()
    bounds = np.searchsorted(stream.number, np.arange(course.passes + 1))
    for number in range(course.passes):
        learner.rule = course.rule(rule, number)
        for at in range(bounds[number], bounds[number + 1]):
            mine, index = bool(stream.own[at]), stream.index[at]
            part = own if mine else generic
            lesson = learner.learn(
                part.inputs.local[index], part.inputs.gate[index], int(part.labels[index]), mine, stream.with_gate[at]
            )
            tally.own += mine
            tally.generic += not mine
            tally.local_updates += lesson.local
            tally.gate_updates += lesson.gate
            tally.saturations += lesson.saturations
        yield number + 1, replace(tally)
    learner.rule = rule


def strewn(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Indices (int64, (count,)) of generic images for a course: round after round one of every class, shuffled.

    Args:
        labels: of all generic images that may teach, integer (N,).
        seed: of the draw.

    Raises:
        InputError: there is no image to draw from.
    """
    if not count:
        return np.zeros(0, np.int64)
    classes = len(np.unique(labels))
    if not classes:
        raise InputError("course: there is no generic image to draw from")
    rounds = -(-count // classes)
    drawn = balanced_draw(labels, rounds, 0, seed)
    number = np.empty(len(drawn), np.int64)  # of an image among those of its class
    number[np.argsort(labels[drawn], kind="stable")] = np.tile(np.arange(rounds), classes)
    return drawn[np.argsort(number, kind="stable")][:count]
