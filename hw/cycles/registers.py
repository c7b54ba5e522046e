# SPDX-License-Identifier: Apache-2.0
"""Modules between layers: registers, queues, changes of width. Each takes the stream of what enters and adds to it what
holds it up; what it gives is the stream of what leaves."""

from __future__ import annotations

import numpy as np

from hw.cycles.engine import Network, Stream
from hw.cycles.timing import Timing


def skid(net: Network, t: Timing, name: str, source: Stream) -> Stream:
    """``stream_skid``."""
    return _queue(net, t, name, source, t.skid, t.skid_words)


def feature(net: Network, t: Timing, name: str, source: Stream, apart: bool) -> Stream:
    """``feature_register``."""
    if not apart:
        return skid(net, t, name, source)
    out = net.stream(name, source.count, source.group)
    out.after(source, t.skid)
    out.offered = (source, t.skid)
    source.after(out, t.back, lag=1)
    return out


def fifo(net: Network, t: Timing, name: str, source: Stream, depth: int) -> Stream:
    """``stream_fifo``; with a depth of 1 its ready follows that behind it at once."""
    return _queue(net, t, name, source, t.fifo, depth)


def _queue(net: Network, t: Timing, name: str, source: Stream, delay: int, depth: int) -> Stream:
    out = net.stream(name, source.count, source.group)
    out.after(source, delay)
    out.offered = (source, delay)
    source.after(out, t.back if depth > 1 else 0, lag=depth)
    return out


def taken_later(t: Timing, source: Stream) -> None:
    """What is offered is taken a cycle later."""
    for relation in source.relations:
        relation.delay += t.load
    source.set_spacing(source.spacing + t.load)


def width(
    net: Network, t: Timing, name: str, source: Stream, lanes: int, out_lanes: int, apart: bool = False
) -> Stream:
    """``stream_width``: wires when nothing changes."""
    if lanes == out_lanes:
        return source
    if lanes > out_lanes:
        ratio = lanes // out_lanes
        gap = t.apart if apart else 0
        if apart:
            taken_later(t, source)
        out = net.stream(name, source.count * ratio, source.group)
        firsts = range(0, out.count, ratio)
        out.after(source, t.split, at=firsts)
        source.after(out, gap, of=firsts, lag=1)
        out.spacing = np.resize([t.split + gap] + [1] * (ratio - 1), out.count)  # follows from both
        return out
    ratio = out_lanes // lanes
    out = net.stream(name, source.count // ratio, source.group)
    lasts = range(ratio - 1, source.count, ratio)
    out.after(source, t.gather, of=lasts)
    source.after(out, 0, at=lasts, lag=1)
    return out


def append(
    net: Network, name: str, vectors: int, first_words: int, second_words: int, group: str
) -> tuple[Stream, np.ndarray, np.ndarray]:
    """``stream_append``: the stream of its output, and which of its words are the first ones and the second ones."""
    total = first_words + second_words
    numbers = np.arange(vectors * total).reshape(vectors, total)
    out = net.stream(name, vectors * total, group)
    return out, numbers[:, :first_words].ravel(), numbers[:, first_words:].ravel()
