# SPDX-License-Identifier: Apache-2.0
"""The image descriptor ``accel_pkg::image_t`` in Python, and what a mode makes of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spec.bank import Bank
from spec.learning import LABEL_BITS, LABEL_GATE, LABEL_VALID
from spec.network import NO_CLASS, Mode
from spec.result_word import SEQUENCE_NUMBERS

if TYPE_CHECKING:  # it imports torch, for which a bench of one module need not wait
    from golden.integer_model import MoeModel

MAX_LOCAL_EXPERTS = 8
ALL_ENABLED = (1 << MAX_LOCAL_EXPERTS) - 1
_FIELDS = (  # most significant first, as in accel_pkg
    ("use_ge", 1),
    ("gated", 1),
    ("use_le", MAX_LOCAL_EXPERTS),
    ("use_gate", 1),
    ("expert", 4),
    ("no_bank", 1),
    ("disabled", 1),
    ("bank", 4),
    ("sequence", 12),
    ("theta", 32),
    ("lesson", LABEL_BITS),
)


@dataclass(frozen=True)
class LearnSession:
    """An open learning session: labelled images are learned."""

    bank: int = 0
    expert: int = 0


@dataclass(frozen=True)
class Settings:
    """The settings that are sampled once an image."""

    mode: int
    bank: int = 0
    bank_valid: int = 1  # one bit a bank
    local_expert: int = 0
    theta: int = 0
    ge_enable: int = 1
    le_enable: int = ALL_ENABLED  # one bit a local expert
    learning: LearnSession | None = None

    def learns(self, label: int, local_experts: int, banks: int, classes: int) -> bool:
        """Whether an image with this label (:func:`spec.learning.label_word`) is learned."""
        session = self.learning
        if session is None or not label >> LABEL_VALID & 1 or label & 0xFF >= classes:
            return False
        bank = session.bank < banks and self.bank_valid >> session.bank & 1
        expert = session.expert < local_experts and self.le_enable >> session.expert & 1
        return bool(bank and expert and self.mode in (Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED))


@dataclass(frozen=True)
class Descriptor:
    """One image's descriptor.

    ``use_le`` has one bit a local expert; ``lesson`` is the label of an image that is learned
    (:func:`spec.learning.label_word`).
    """

    use_ge: int = 0
    gated: int = 0
    use_le: int = 0
    use_gate: int = 0
    expert: int = 0
    no_bank: int = 0
    disabled: int = 0
    bank: int = 0
    sequence: int = 0
    theta: int = 0
    lesson: int = 0

    def pack(self) -> int:
        """The descriptor as the bits of ``image_t``."""
        word = 0
        for name, bits in _FIELDS:
            word = word << bits | getattr(self, name) & (1 << bits) - 1
        return word

    @staticmethod
    def of(
        settings: Settings, sequence: int, local_experts: int, banks: int, label: int = 0, classes: int = 0
    ) -> Descriptor:
        """What the hardware shall do with an image (docs/architecture.md; reserved modes accept no image).

        ``label``: what came with the image (:func:`spec.learning.label_word`), of ``classes``.
        """
        mode = Mode(settings.mode)
        if mode == Mode.OFF:
            raise ValueError("mode OFF accepts no image")
        moe = mode in (Mode.MOE_PARALLEL, Mode.MOE_GATED)
        has_bank = settings.bank < banks and bool(settings.bank_valid >> settings.bank & 1)
        chosen = settings.local_expert if settings.local_expert < local_experts else 0
        everyone = (1 << local_experts) - 1
        le_disabled = everyone & ~settings.le_enable
        if settings.learns(label, local_experts, banks, classes):
            gate = moe and label >> LABEL_GATE & 1 and settings.ge_enable and not le_disabled
            return Descriptor(
                use_le=everyone if gate else 1 << settings.learning.expert,
                use_gate=int(bool(gate)),
                expert=settings.learning.expert + 1,
                disabled=int(moe and bool(not settings.ge_enable or le_disabled)),
                bank=settings.learning.bank,
                sequence=sequence % SEQUENCE_NUMBERS,
                theta=settings.theta,
                lesson=label,
            )
        # Without the GE there is nothing for a gate to choose: the chosen local expert answers.
        alone = mode == Mode.LE_ONLY or (moe and not settings.ge_enable)
        gate = moe and has_bank and settings.ge_enable and not le_disabled
        use_le = 0
        if gate:
            use_le = everyone
        elif alone and has_bank and settings.le_enable >> chosen & 1:
            use_le = 1 << chosen
        if mode == Mode.LE_ONLY:
            disabled = le_disabled >> chosen & 1
        else:
            disabled = not settings.ge_enable or (moe and le_disabled != 0)
        return Descriptor(
            use_ge=int(mode != Mode.LE_ONLY and settings.ge_enable),
            gated=int(mode == Mode.MOE_GATED and gate),
            use_le=use_le,
            use_gate=int(gate),
            expert=chosen + 1 if alone else 0,
            no_bank=int(mode != Mode.GE_ONLY and not has_bank),
            disabled=int(disabled),
            bank=settings.bank,
            sequence=sequence % SEQUENCE_NUMBERS,
            theta=settings.theta,
        )

    def answers(self, model: MoeModel, images: np.ndarray, bank: Bank | None) -> tuple[np.ndarray, np.ndarray]:
        """Classes and experts, uint8 (N,) each, of images with this descriptor; class 255 says that nobody answered."""
        experts = np.full(len(images), self.expert, np.uint8)
        if self.use_gate:
            gated = model.run(images, Mode.MOE_PARALLEL, bank, self.theta)
            return gated.classes, gated.experts
        if self.use_le:
            return model.run(images, Mode.LE_ONLY, bank, 0, self.expert - 1).classes, experts
        if self.use_ge and self.expert == 0:
            return model.run(images, Mode.GE_ONLY, None).classes, experts
        return np.full(len(images), NO_CLASS, np.uint8), experts
