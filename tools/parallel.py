# SPDX-License-Identifier: Apache-2.0
"""Simulate a data set chunk by chunk on several models at the same time, one thread each, with a progress bar."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from spec.progress import progress_bar

Part = TypeVar("Part")
Work = Callable[[int, int, ctypes.c_uint64], Part]
"""Answers the images from a first to one behind the last, and counts in its last argument while it does."""


def run_in_parallel(
    count: int, chunk: int, models: Sequence[Work[Part]], description: str | None, unit: str = "image"
) -> list[tuple[int, Part]]:
    """Answer images 0 .. count - 1.

    Each model takes every k-th chunk, so that a chunk never waits for a busy model. The work itself must release the
    interpreter's lock, as calls of C functions do.

    Args:
        chunk: images of one call.
        models: one function a thread.
        description: label of a progress bar; None shows none.
        unit: what is counted.

    Returns:
        First image and part of every chunk, in order.
    """
    bounds = [(low, min(low + chunk, count)) for low in range(0, count, chunk)]
    progress = [ctypes.c_uint64(0) for _ in models]
    done = [0] * len(models)

    def work(index: int) -> list[tuple[int, Part]]:
        parts = []
        for low, high in bounds[index :: len(models)]:
            parts.append((low, models[index](low, high, progress[index])))
            done[index] += high - low
            progress[index].value = 0
        return parts

    with ThreadPoolExecutor(len(models)) as pool:
        futures = [pool.submit(work, i) for i in range(len(models))]
        with progress_bar(total=count, description=description, unit=unit) as bar:
            while description is not None and not all(future.done() for future in futures):
                time.sleep(0.05)
                bar.update(sum(done) + sum(p.value for p in progress) - bar.n)
            parts = sorted((part for future in futures for part in future.result()), key=lambda part: part[0])
            bar.update(count - bar.n)
    return parts
