# SPDX-License-Identifier: Apache-2.0
"""Images that find the device as an earlier one found it take as long: they are looked up and not solved again.

What an image finds are the times of the last words of earlier images, as far as a relation can still notice them,
counted from the last pixel. Nothing of the image moves before that, so times further back than the longest delay are
all the same.
"""

from __future__ import annotations

import numpy as np

from hw.cycles.engine import Network, Stream

_KEPT = 50_000_000  # bytes of states, at most


class Repeats:
    """A network's images, with those that are known."""

    def __init__(self, net: Network, clock: Stream) -> None:
        """``clock`` is the stream whose last word of the image before counts as cycle 0."""
        self._net, self._clock = net, clock
        self._known: dict[tuple[frozenset[str], bytes], np.ndarray] = {}
        self._tails = [slice(-s.history, None) for s in net.streams]
        self._sizes = np.cumsum([s.history for s in net.streams])[:-1]
        self._far = -1 - max(max(r.delay for r in s.relations) for s in net.streams if s.relations)
        self._far -= max(int(np.max(s.spacing)) for s in net.streams)

    def image(self, groups: frozenset[str], repeats: bool) -> None:
        """Solve one more image.

        Args:
            repeats: it begins as soon as it may, and nothing else depends on the hour.
        """
        if not repeats:
            self._net.image(groups)
            return
        start = self._clock.times.item(-1)
        key = (groups, self._state(start).tobytes())
        found = self._known.get(key)
        if found is None:
            self._net.image(groups)
            if len(self._known) * len(key[1]) < _KEPT:
                self._known[key] = self._state(start)
            return
        state = found.astype(np.int64) + start
        for s, tail, times in zip(self._net.streams, self._tails, np.split(state, self._sizes), strict=True):
            s.times[tail] = times

    def state(self) -> bytes:
        """What the next image finds; equal states go on alike."""
        return self._state(self._clock.times.item(-1)).tobytes()

    def _state(self, start: int) -> np.ndarray:
        state = np.concatenate([s.times[tail] for s, tail in zip(self._net.streams, self._tails, strict=True)])
        return np.maximum(state - start, self._far).astype(np.int32)
