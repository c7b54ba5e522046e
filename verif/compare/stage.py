# SPDX-License-Identifier: Apache-2.0
"""What a stage of the comparison is: one implementation that answers images chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from golden.integer_model import Answers
from spec.bank import Bank
from spec.network import Mode
from spec.presets import Accelerator
from spec.result_word import numbers_from
from verif.faults import Fault

CHUNK = 250  # images compared at a time: bounds the memory that all layers of all images would need


@dataclass(frozen=True)
class Setup:
    """What all stages of one comparison work on.

    ``ge`` is the QONNX file that ``accelerator`` was read from, ``float_weights`` the trained float weights.
    ``optimise`` False builds simulations faster that run slower. ``threads`` is how many models simulate; None: one a
    core.
    """

    accelerator: Accelerator
    bank: Bank
    ge: Path
    float_weights: Path | None = None
    theta: int = 0
    local_expert: int = 0
    fault: Fault | None = None
    optimise: bool = True
    threads: int | None = None


@dataclass
class Chunk:
    """A stage's answers to consecutive images, from image ``first`` on.

    ``fields`` are further parts of the result that must equal an expected value: name -> (expected, found), (N,) each.
    """

    first: int
    answers: Answers
    fields: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)


OnChunk = Callable[[Chunk], None]


class ResultFields(Protocol):
    """Answers with the other fields of the result words, as RTL and HLS give them."""

    status: np.ndarray
    banks: np.ndarray
    sequence: np.ndarray


def result_fields(answers: ResultFields, bank: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What the rest of the result words must be: status 0, the loaded bank, numbers that count up within a chunk."""
    count = len(answers.status)
    first = int(answers.sequence[0]) if count else 0
    return {
        "status": (np.zeros(count, np.uint8), answers.status),
        "bank": (np.full(count, bank, np.uint8), answers.banks),
        "sequence": (numbers_from(first, count), answers.sequence),
    }


@dataclass
class StageRun:
    """Figures of one run: wall time, and what only some stages know (clock cycles)."""

    seconds: float
    figures: dict[str, float] = field(default_factory=dict)


class StageStopped(RuntimeError):
    """The implementation stopped before it had answered every image; the message says why."""


class Stage(Protocol):
    """One implementation of the accelerator.

    ``exact`` says whether it must equal the integer model in every bit. ``on_chunk`` may be called from several
    threads, in any order of chunks.
    """

    name: str
    exact: bool

    def run(self, images: np.ndarray, mode: Mode, on_chunk: OnChunk, description: str | None) -> StageRun:
        """Answer uint8 images (N, H, W); ``description`` labels a progress bar, None shows none."""
        ...

    def close(self) -> None:
        """Free what the stage holds."""
        ...
