# SPDX-License-Identifier: Apache-2.0
"""The loop of stages that answer a chunk of images in one call."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from golden.integer_model import Answers
from spec.progress import progress_bar
from verif.compare.stage import CHUNK, Chunk, OnChunk, StageRun


def run_in_chunks(
    images: np.ndarray,
    on_chunk: OnChunk,
    description: str | None,
    answer: Callable[[np.ndarray], Answers],
) -> StageRun:
    """Answer images chunk by chunk; only ``answer`` is timed, not what ``on_chunk`` does with the result."""
    seconds = 0.0
    with progress_bar(total=len(images), description=description, unit="image") as bar:
        for first in range(0, len(images), CHUNK):
            started = time.perf_counter()
            answers = answer(images[first : first + CHUNK])
            seconds += time.perf_counter() - started
            on_chunk(Chunk(first, answers))
            bar.update(len(answers.classes))
    return StageRun(seconds)
