# SPDX-License-Identifier: Apache-2.0
"""Exact times of the words of a network of valid/ready streams: the longest path, image by image.

A :class:`Stream` is a place where words move, or an event: its times are clock cycles, one a word. ``b.after(a, d)``
says that a word of ``b`` moves no earlier than ``d`` cycles after the word of ``a`` with the same number; everything
that a handshake, a register, a queue or a credit does is such a relation (max-plus algebra). Words of a stream move in
order, at least ``spacing`` cycles apart.

No word waits for one of a later image. So the images are solved one after the other, with the times of the last words
of earlier images as constants. Within an image relations go in both directions (what is full holds up what is in front
of it): times begin at "never" and only rise until every relation holds, which is the smallest solution. It is the only
one, because around every circle of relations time advances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

NEVER = -(1 << 40)  # cycles: before everything
_SWEEPS = 100_000  # more than any network needs

Index = range | np.ndarray


@dataclass
class _Relation:
    """Words ``at`` of a stream move ``delay`` cycles or more after words ``of`` of ``source``."""

    at: Index
    source: Stream
    of: Index
    delay: int
    group: str | None  # of images for which it holds


class Stream:
    """A place where words move.

    Attributes:
        count: words an image.
        group: which images have words here; see :meth:`Network.image`.
        spacing: cycles between a word and the one before, a number or an array (count,).
        offered: (stream, delay) of the register that offers the words, if there is one.
    """

    def __init__(self, name: str, count: int, group: str, spacing: int | np.ndarray = 1) -> None:
        self.name, self.count, self.group, self.spacing = name, count, group, spacing
        self.relations: list[_Relation] = []
        self.offered: tuple[Stream, int] | None = None
        self.history = 1  # words of earlier images that are remembered
        self.times = np.zeros(0, np.int64)  # (history + count,)
        self.wait: Callable[[int], int] | None = None  # when the only word of an image moves that could move then
        self.room = np.zeros(0, np.int64)  # (1 + count,) cycles from the last word of the image before

    def after(
        self, source: Stream, delay: int, at: Index | None = None, of: Index | None = None, lag: int = 0,
        group: str | None = None,
    ) -> None:  # fmt: skip
        """Add a relation.

        Args:
            at: words of this stream; default all.
            of: as many words of ``source``, negative ones are those of earlier images; default ``at`` of all.
            lag: that many words before ``of``.
            group: images for which it holds; default: all that have words in both streams.
        """
        at = range(self.count) if at is None else at
        of = range(source.count) if of is None else of
        if lag:
            of = range(of.start - lag, of.stop - lag, of.step) if isinstance(of, range) else of - lag
        assert len(at) == len(of), f"{self.name} after {source.name}: {len(at)} and {len(of)} words"
        if len(of):
            source.history = max(source.history, -int(min(of)))
            self.relations.append(_Relation(at, source, of, delay, group))

    def set_spacing(self, spacing: int | np.ndarray) -> None:
        """Set the spacing, which may differ from image to image."""
        self.spacing = spacing
        steps = np.full(self.count, spacing) if np.isscalar(spacing) else np.asarray(spacing)
        self.room = np.concatenate([[0], np.cumsum(steps)])

    @property
    def now(self) -> np.ndarray:
        """Times of the words of the image that was solved last, (count,)."""
        return self.times[self.history :]


def _slice(index: Index, history: int) -> slice | np.ndarray:
    """Positions in an array that begins ``history`` words before the image."""
    array = np.asarray(index, np.int64)
    steps = np.diff(array)
    if len(array) == 1 or (steps[0] > 0 and (steps == steps[0]).all()):
        step = int(steps[0]) if len(steps) else 1
        start = int(array[0]) + history
        return slice(start, start + (len(array) - 1) * step + 1, step)
    return array + history


class _Program:
    """The relations of one kind of image, with positions in place of word numbers."""

    def __init__(self, streams: list[Stream], groups: frozenset[str]) -> None:
        self.streams = [s for s in streams if s.group in groups]
        number = {id(s): i for i, s in enumerate(self.streams)}
        self.relations: list[list[tuple]] = []
        self.readers: list[list[int]] = [[] for _ in self.streams]
        for i, stream in enumerate(self.streams):
            kept = [r for r in stream.relations if id(r.source) in number and (r.group is None or r.group in groups)]
            for r in kept:
                readers = self.readers[number[id(r.source)]]
                if max(r.of) >= 0 and i not in readers:
                    readers.append(i)
            if stream.count == 1:
                self.relations.append([(r.source, int(r.of[0]) + r.source.history, r.delay) for r in kept])
                continue
            placed = [(_slice(r.at, 1), r.source, _slice(r.of, r.source.history), r.delay) for r in kept]
            self.relations.append([(at, isinstance(at, slice), *rest) for at, *rest in placed])

    def solve(self) -> None:
        """Times of one more image."""
        for s in self.streams:
            s.times[: s.history] = s.times[s.count :]
            s.times[s.history :] = NEVER
        waiting = [True] * len(self.streams)
        order: Iterable[int] = range(len(self.streams))
        for _ in range(_SWEEPS):
            for i in order:
                if waiting[i]:
                    waiting[i] = False
                    if self._raise(i):
                        for reader in self.readers[i]:
                            waiting[reader] = True
            if not any(waiting):
                return
            order = reversed(order) if isinstance(order, range) else range(len(self.streams))
        raise RuntimeError("the times of an image do not settle: a circle of relations without a delay")

    def _raise(self, i: int) -> bool:
        """Let the words of one stream move as early as its relations allow; whether one moves later than before."""
        s = self.streams[i]
        if s.count == 1:
            return self._raise_one(s, self.relations[i])
        new = np.full(s.count + 1, NEVER)
        new[0] = s.times[s.history - 1]
        for at, plain, source, of, delay in self.relations[i]:
            bound = source.times[of] + delay
            if plain:
                part = new[at]
                np.maximum(part, bound, out=part)
            else:
                new[at] = np.maximum(new[at], bound)
        new -= s.room
        np.maximum.accumulate(new, out=new)
        new += s.room
        if np.array_equal(new[1:], s.times[s.history :]):
            return False
        s.times[s.history :] = new[1:]
        return True

    @staticmethod
    def _raise_one(s: Stream, relations: list[tuple]) -> bool:
        """The same for a stream of one word an image: many are, and numbers are faster than arrays."""
        time = s.times.item(-2) + s.room.item(1)
        for source, of, delay in relations:
            bound = source.times.item(of) + delay
            if bound > time:
                time = bound
        if s.wait:
            time = s.wait(time)
        if time == s.times.item(-1):
            return False
        s.times[-1] = time
        return True


class Network:
    """All streams of a device, made in the order in which words pass them."""

    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self._programs: dict[frozenset[str], _Program] = {}

    def stream(self, name: str, count: int, group: str, spacing: int | np.ndarray = 1) -> Stream:
        """A new stream."""
        self.streams.append(Stream(name, count, group, spacing))
        return self.streams[-1]

    def start(self) -> None:
        """Forget all images."""
        for s in self.streams:
            s.times = np.full(s.history + s.count, NEVER)
            s.set_spacing(s.spacing)

    def image(self, groups: frozenset[str]) -> None:
        """Solve one more image, which has words in the streams of ``groups``."""
        if groups not in self._programs:
            self._programs[groups] = _Program(self.streams, groups)
        self._programs[groups].solve()
