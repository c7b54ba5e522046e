# SPDX-License-Identifier: Apache-2.0
"""What a device must answer and count, from the golden models: an independent stand-in for the whole accelerator."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from golden.descriptor import Descriptor, Settings
from golden.integer_model import MoeModel
from spec.activity import Activity, image_activity
from spec.bank import Bank
from spec.network import NO_CLASS
from spec.presets import Accelerator
from spec.result_word import Fields, Status, encode, numbers_from


@dataclass
class Counts:
    """Totals over all images so far; names as in ``driver.Counters``."""

    images: int = 0
    answers_ge: int = 0
    answers_le: list[int] = field(default_factory=lambda: [0] * 8)
    answers_nobody: int = 0
    images_no_bank: int = 0
    store_writes: int = 0
    store_reads: int = 0
    fe: Activity = Activity()
    ge: Activity = Activity()
    le: Activity = Activity()
    gn: Activity = Activity()


class GoldenDevice:
    """Answers images one group at a time and adds up what they cost.

    Args:
        design: the accelerator.
        banks: its number of banks; ``self.banks[number]`` is the content of a valid bank.
    """

    def __init__(self, design: Accelerator) -> None:
        self.design = design
        self.model = MoeModel(design.moe)
        self.banks: dict[int, Bank] = {}
        self.counts = Counts()
        self._sequence = 0
        self._activity = image_activity(design.moe, design.folding)

    def answer(self, images: np.ndarray, settings: Settings) -> np.ndarray:
        """Result words, uint32 (N,), of images that are accepted with these settings; ``bank_valid`` is ignored."""
        moe, folding = self.design.moe, self.design.folding
        valid = sum(1 << number for number in self.banks)
        settings = Settings(**{**vars(settings), "bank_valid": valid})
        image = Descriptor.of(settings, 0, moe.local_experts, folding.weight_banks)
        bank = self.banks.get(settings.bank)
        count = len(images)
        classes, experts = image.answers(self.model, images, bank)
        self._count(image, classes, experts)
        sequence = numbers_from(self._sequence, count)
        self._sequence += count
        status = image.disabled * Status.DISABLED | image.no_bank * Status.NO_BANK
        return encode(Fields(classes, experts, status, settings.bank, sequence))

    def _count(self, image: Descriptor, classes: np.ndarray, experts: np.ndarray) -> None:
        counts, work, n = self.counts, self._activity, len(classes)
        ge_runs = n * image.use_ge
        if image.gated:
            ge_runs = int((experts == 0).sum())
        answered = classes != NO_CLASS
        counts.images += n
        counts.answers_ge += int((answered & (experts == 0)).sum())
        counts.answers_nobody += int((~answered).sum())
        for i in range(8):
            counts.answers_le[i] += int((answered & (experts == i + 1)).sum())
        counts.images_no_bank += n * image.no_bank
        counts.store_writes += n * image.use_ge * work.feature_words
        counts.store_reads += ge_runs * work.feature_words
        counts.fe += work.front_end * n
        counts.ge += work.ge_tail * ge_runs
        counts.le += work.local_expert * (n * image.use_le.bit_count())
        counts.gn += work.gate * (n * image.use_gate)
