# SPDX-License-Identifier: Apache-2.0
"""Pools: a word leaves behind the last word of its window."""

from __future__ import annotations

import numpy as np

from hw.cycles.engine import Network, Stream
from hw.cycles.registers import append
from hw.cycles.timing import Timing
from spec.kinds.data import Shape


def completing(shape: Shape, size: int, lanes: int) -> np.ndarray:
    """Numbers of the words that complete a window, in the order of the windows."""
    words = shape.channels // lanes
    numbers = np.arange(shape.height * shape.width * words).reshape(shape.height, shape.width, words)
    return numbers[size - 1 :: size, size - 1 :: size].ravel()


def pool(net: Network, t: Timing, name: str, source: Stream, shape: Shape, size: int, lanes: int) -> Stream:
    """``max_pool``, ``average_pool``."""
    ends = completing(shape, size, lanes)
    out = net.stream(name, len(ends), source.group)
    out.after(source, t.pool, of=ends)
    source.after(out, 0, at=ends, lag=1)
    return out


def max_average_pool(net: Network, t: Timing, name: str, source: Stream, shape: Shape, size: int, lanes: int) -> Stream:
    """``max_average_pool``: a window's maxima, then its averages, which wait in a queue."""
    ends, words = completing(shape, size, lanes), shape.channels // lanes
    queued = net.stream(f"{name} averages", len(ends), source.group)
    queued.after(source, t.pool, of=ends)
    out, maxima, averages = append(net, name, len(ends) // words, words, words, source.group)
    out.after(source, t.pool, at=maxima, of=ends)
    out.after(queued, t.fifo, at=averages)
    # What leaves, numbered by pool.
    left = {}
    for part, at in (("maxima", maxima), ("averages", averages)):
        left[part] = net.stream(f"{name} {part} left", len(ends), source.group)
        left[part].after(out, 0, of=at)
    source.after(left["maxima"], 0, at=ends, lag=1)
    source.after(queued, 0, at=ends, lag=1)
    queued.after(left["averages"], t.back if words > 1 else 0, lag=words)
    return out
