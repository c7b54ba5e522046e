# SPDX-License-Identifier: Apache-2.0
"""Courses to compare: those of users with the full-size network, and random ones with small networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from golden.data import LabelledImages
from spec import tiny_variants as tiny
from spec.bank import Bank
from spec.bank_file import load_bank
from spec.learning import LearnRule
from spec.paths import BANKS, factory_file
from spec.presets import Accelerator, load_toml
from training.course import Course
from training.learning import lfsr_seed, teaching
from training.table_files import TableData

_OWN = 2000  # random images of a small network's user


@dataclass(frozen=True)
class RandomImages:
    """N images with any labels: uint8 (N, height, width), integer (N,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, index: np.ndarray) -> RandomImages:
        """Those of an index, integer (M,)."""
        return RandomImages(self.images[index], self.labels[index])


Images = LabelledImages | RandomImages


@dataclass(frozen=True)
class Lecture:
    """A course, who takes it, and from what.

    Attributes:
        name: for people.
        start: bank to start from.
        own, generic: images of both kinds.
        rule: with the LFSR's first state.
    """

    name: str
    accelerator: Accelerator
    start: Bank
    own: Images
    generic: Images
    rule: LearnRule
    course: Course


def of_users(
    accelerator: Accelerator, gate: str, data: TableData, passes: int | None, seed: int, banks: Path = BANKS
) -> Iterator[Lecture]:
    """The preset's course for each user of the data, from the factory bank without this user.

    Raises:
        InputError: the preset cannot learn, or a file is missing.
    """
    preset = load_toml("gates", gate)
    rule, course = LearnRule.of(preset, accelerator.moe), Course.of(preset).with_passes(passes)
    generic = teaching(data.train)
    for user in data.numbers:
        start = load_bank(factory_file(accelerator.moe.preset, user, banks), accelerator.moe)
        seeded = replace(rule, seed=lfsr_seed(seed, user))
        yield Lecture(f"user {user}", accelerator, start, data.users.train(user), generic, seeded, course)


def of_small_networks(images: int, seed: int) -> Iterator[Lecture]:
    """Random images with random labels, so many over all small networks or more, every lesson for the gate, too."""
    course = Course(passes=1, every=3, generic=1, gate_on_all=True)
    a_pass = _OWN + course.generic_images(_OWN)
    course = course.with_passes(-(-images // (a_pass * len(tiny.VARIANTS))))
    for number, variant in enumerate(tiny.VARIANTS):
        accelerator, rng = tiny.accelerator(variant), np.random.default_rng([seed, number])
        classes = accelerator.moe.network.classes
        own, generic = (
            RandomImages(tiny.random_images(count, 2 * number + kind), rng.integers(0, classes, count).astype(np.uint8))
            for kind, count in enumerate((_OWN, course.generic_images(_OWN)))
        )
        rule = LearnRule(60_000, 8, 30_000, 20_000, 9, lfsr_seed(seed, number))
        yield Lecture(f"small network '{variant}'", accelerator, tiny.bank(variant, 0), own, generic, rule, course)
