# SPDX-License-Identifier: Apache-2.0
"""The golden learner beside a small simulated device: given images, it learns what the device learns."""

from __future__ import annotations

import numpy as np

from driver.tests.devices import design
from golden.integer_model import NetworkModel
from golden.learner import Learner, learn_inputs
from spec.bank import Bank, random_bank
from spec.learning import LearnRule
from spec.tiny_variants import random_images

RULE = LearnRule(
    local_margin=40_000, local_shift=8, own_margin=30_000, generic_margin=20_000, gate_shift=9, seed=0xDEADBEEF
)
CLASSES = design().moe.network.classes
START = random_bank(design().moe, 5)


def lessons(count: int, seed: int):
    """Images, labels, own and for the gate."""
    rng = np.random.default_rng(seed)
    return random_images(count, seed), rng.integers(0, CLASSES, count), rng.random(count) < 0.7, rng.random(count) < 0.7


class Pupil:
    """The golden learner with images instead of inputs."""

    def __init__(self, expert: int = 0, start: Bank = START) -> None:
        self.learner = Learner(design().moe, start, RULE, expert)
        self._start = start

    def learn(self, images, labels, own, with_gate) -> list[int]:
        """Answers of the local expert before it learned each."""
        x = learn_inputs(design().moe, self._start, NetworkModel(design().moe.network).features(images))
        given = zip(x.local, x.gate, labels, own, with_gate, strict=True)
        return [self.learner.learn(le, gn, int(c), bool(o), bool(g)).answer for le, gn, c, o, g in given]
