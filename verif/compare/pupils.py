# SPDX-License-Identifier: Apache-2.0
"""Implementations that learn, behind one interface: the RTL, and the C++ for HLS in C simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hls.learn import HlsLearner, Kind
from hw.gen.memory import bank_writes
from spec.bank import Bank
from spec.learning import LearnRule, label_word
from spec.network import Mode
from spec.presets import Accelerator
from verif.bulk.simulator import BulkSimulator

BANK = 1  # that learns; bank 0 is the same at the start, and stays


@dataclass(frozen=True)
class Taught:
    """Answers to N images, from before each was learned.

    Attributes:
        classes, experts: integer (N,).
        cycles: of an image, in the mean; None where there are none.
        all_cycles: from the first pixel to the last result; 0 where there are none.
    """

    classes: np.ndarray
    experts: np.ndarray
    cycles: float | None
    all_cycles: int


class Pupil(Protocol):
    """What learns a course."""

    random: int  # state of the LFSR

    def teach(
        self,
        rule: LearnRule,
        mode: Mode,
        images: np.ndarray,
        labels: np.ndarray,
        own: np.ndarray,
        with_gate: np.ndarray,
        first: bool,
        pause_seed: int,
    ) -> Taught:
        """Teach N images: uint8 (N, H, W), labels integer (N,), whether they are the user's and teach the gate, too,
        bool (N,). ``first``: the LFSR begins with the rule's seed. ``pause_seed``: of pauses of the streams, 0: none.
        """  # fmt: skip

    def differs(self, bank: Bank, number: int) -> int:
        """Words in which a bank of the memories is not ``bank``."""

    def close(self) -> None:
        """Free it."""


class RtlPupil:
    """The Verilated RTL, or a model of it that is given."""

    def __init__(self, accelerator: Accelerator, start: Bank, simulator: BulkSimulator | None = None) -> None:
        self._accelerator, self._own = accelerator, simulator is None
        self._device = simulator or BulkSimulator(accelerator, threads=1)
        for number in (0, BANK):
            self._device.load_bank(start, number)

    @property
    def random(self) -> int:
        return self._device.random

    def teach(self, rule, mode, images, labels, own, with_gate, first, pause_seed) -> Taught:
        self._device.learn(rule, BANK, reseed=first)
        words = [label_word(int(c), bool(o), bool(g)) for c, o, g in zip(labels, own, with_gate, strict=True)]
        found = self._device.run(
            images, mode, labels=np.array(words, np.uint16), pause_seed=pause_seed, chunk=len(images)
        )
        return Taught(found.classes, found.experts, found.cycles_per_image, int(found.cycles[-1] - found.accepted[0]))

    def differs(self, bank: Bank, number: int) -> int:
        wanted = bank_writes(self._accelerator.moe, self._accelerator.folding, bank)
        return int((self._device.read_bank(wanted, number) != wanted.data).sum())

    def close(self) -> None:
        if self._own:
            self._device.close()


class HlsPupil:
    """The C++ for HLS in C simulation, which has no streams that pause and no cycles."""

    def __init__(self, accelerator: Accelerator, start: Bank) -> None:
        self._accelerator = accelerator
        self._device = HlsLearner(accelerator, LearnRule())
        for number in (0, BANK):
            self._device.load_bank(start, number)

    @property
    def random(self) -> int:
        return self._device.random

    def teach(self, rule, mode, images, labels, own, with_gate, first, pause_seed) -> Taught:
        self._device.rule = rule
        if first:
            self._device.set_random(rule.seed)
        kinds = np.where(own, Kind.OWN, Kind.GENERIC).astype(np.uint8)
        # Whether the gate learns is a setting of a call here, and not a bit of the label.
        bounds = [0, *(np.flatnonzero(np.diff(with_gate)) + 1), len(images)]
        parts = [
            self._device.run(images[a:b], labels[a:b], kinds[a:b], mode, BANK, gate=bool(with_gate[a])).fields
            for a, b in zip(bounds[:-1], bounds[1:], strict=True)
        ]
        return Taught(np.concatenate([p.classes for p in parts]), np.concatenate([p.experts for p in parts]), None, 0)

    def differs(self, bank: Bank, number: int) -> int:
        both = self._device.bank(number), bank
        words = [bank_writes(self._accelerator.moe, self._accelerator.folding, one).data for one in both]
        return int((words[0] != words[1]).sum())

    def close(self) -> None:
        self._device.close()


STAGES = {"rtl": RtlPupil, "hls": HlsPupil}
