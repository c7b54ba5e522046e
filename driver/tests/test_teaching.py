# SPDX-License-Identifier: Apache-2.0
"""A course on a device: it learns what the golden learner learns, and the bank of the factory weights never does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from driver import DriverError
from driver.lessons import Session
from driver.read_back import read_bank
from driver.teaching import LEARNS, START, teach
from driver.tests.devices import design, open_device
from golden.integer_model import NetworkModel
from golden.learner import Learner, learn_inputs
from spec.bank import random_bank
from spec.learning import LearnRule
from spec.tiny_variants import random_images
from training.course import Course, Lessons, learn, strewn

RULE = LearnRule(local_margin=40_000, own_margin=30_000, generic_margin=20_000, gate_shift=9, seed=7)
COURSE = Course(passes=2, every=3, generic=1, slower_after=(1,))
FACTORY = random_bank(design().moe, 5)


@dataclass(frozen=True)
class Handwriting:
    """What a course needs of ``LabelledImages``, in the tiny design's size: images uint8 (N, H, W), labels (N,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, index: np.ndarray) -> Handwriting:
        return Handwriting(self.images[index], self.labels[index])


def handwriting(count: int, seed: int) -> Handwriting:
    classes = design().moe.network.classes
    return Handwriting(random_images(count, seed), np.random.default_rng(seed).integers(0, classes, count))


def golden_digests(own: Handwriting, generic: Handwriting) -> list[str]:
    """Digests of the banks after each pass."""
    moe = design().moe
    generic = generic.select(strewn(generic.labels, COURSE.generic_images(len(own)), 0))
    model, learner = NetworkModel(moe.network), Learner(moe, FACTORY, RULE)
    taught = (Lessons(learn_inputs(moe, FACTORY, model.features(kind.images)), kind.labels) for kind in (own, generic))
    return [learner.bank().digest() for _ in learn(learner, COURSE, *taught, 0)]


def test_a_course_on_a_device() -> None:
    own, generic = handwriting(20, 1), handwriting(30, 2)
    with open_device() as device:
        passes = [now.bank.digest() for now in teach(device, FACTORY, own, generic, RULE, COURSE)]
        assert passes == golden_digests(own, generic) and len(set(passes)) == COURSE.passes
        assert read_bank(device, START).digest() == FACTORY.digest()
        with pytest.raises(DriverError, match="bank 0 cannot learn: the bank is protected from learning"):
            Session(device, RULE, START)
        Session(device, RULE, LEARNS).cancel()
