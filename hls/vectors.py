# SPDX-License-Identifier: Apache-2.0
"""Stimuli and expected results of the C test bench: every mode, and a change of user between two images."""

from __future__ import annotations

import numpy as np

from golden.descriptor import ALL_ENABLED, Descriptor, Settings
from golden.integer_model import MoeModel
from hls.csim import write_words
from spec.bank import Bank
from spec.network import RUNNING_MODES, Mode
from spec.presets import Accelerator

FRONT_END, GLOBAL, LOCAL, GATE = 1, 2, 4, 8  # bits of a domain word


def expected_domains(image: Descriptor, expert: int) -> tuple[int, int]:
    """Domains enabled at an image's start, and after the gate's decision; ``expert`` answers (0: the GE)."""
    start = FRONT_END | (LOCAL if image.use_le else 0) | (GATE if image.use_gate else 0)
    if image.use_ge and not image.gated:
        start |= GLOBAL
    return start, start | (GLOBAL if image.gated and expert == 0 else 0)


def _transaction(mode: int, bank: int, valid: int, theta: int, words: np.ndarray, pixels: np.ndarray) -> str:
    header = f"{mode} {bank} {valid} 0 {theta} 1 {ALL_ENABLED} {len(words)} {len(pixels)}"
    lines = [header, " ".join(f"{word:x}" for word in words.tolist()), " ".join(map(str, pixels.tolist()))]
    return "\n".join(line for line in lines if line)


def vectors(accelerator: Accelerator, images: np.ndarray, banks: tuple[Bank, Bank], theta: int = 0) -> str:
    """The text of ``vectors.txt``.

    One user's bank is loaded in mode OFF; then each image runs in each mode, and the other user's bank arrives together
    with the last image of the first user, whose answer it must not touch.

    Args:
        images: uint8 (N, H, W), N >= 1.
        banks: of two users, loaded as banks 0 and 1.
    """
    model = MoeModel(accelerator.moe)
    words = [write_words(accelerator, bank, number) for number, bank in enumerate(banks)]
    nothing = words[0][:0]
    lines = [_transaction(Mode.OFF, 0, 0, 0, words[0], np.zeros(0, int))]
    sequence = 0
    for number, bank in enumerate(banks):
        for mode in RUNNING_MODES:
            answers = model.run(images, mode, bank, theta)
            descriptor = Descriptor.of(Settings(mode), 0, accelerator.moe.local_experts, len(banks))
            for i, image in enumerate(images):
                last = number == 0 and mode == RUNNING_MODES[-1] and i == len(images) - 1
                arriving = words[1] if last else nothing
                valid = 1 if number == 0 else 3
                lines.append(_transaction(mode, number, valid, theta, arriving, image.ravel()))
                expert = int(answers.experts[i])
                word = int(answers.classes[i]) | expert << 8 | number << 16 | (sequence & 0xFFF) << 20
                lines.append(f"{word:08x} {' '.join(map(str, expected_domains(descriptor, expert)))}")
                sequence += 1
    return "\n".join(lines) + "\n"
