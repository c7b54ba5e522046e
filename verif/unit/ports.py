# SPDX-License-Identifier: Apache-2.0
"""Agents for what the stream drivers do not cover: other port names, pulses, and vectors of valid and ready."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from verif.streams import Driven, active


class Renamed:
    """View of a design with some ports under other names: ``Renamed(dut, image_data_o="image_o")``."""

    def __init__(self, dut: Any, **names: str) -> None:
        self._dut = dut
        self._names = names

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dut, self._names.get(name, name))


class Monitor:
    """Collects the values of ``signals`` in every cycle in which ``valid`` (and ``ready``, if any) is high."""

    def __init__(self, valid: Any, signals: Iterable[Any], ready: Any = None) -> None:
        self.valid, self.ready, self.signals = valid, ready, list(signals)
        self.words: list[tuple[int, ...]] = []

    def drive(self) -> None: ...

    def sample(self, cycle: int) -> None:
        if self.valid.value == 1 and (self.ready is None or self.ready.value == 1):
            self.words.append(tuple(int(signal.value) for signal in self.signals))

    def reset(self) -> None:
        self.words.clear()


class Level:
    """Drives ports from a function every cycle: settings that depend on how far the streams are."""

    def __init__(self, values: Callable[[], dict[Any, int]]) -> None:
        self.values = values
        self._driven: dict[int, Driven] = {}  # by identity: a handle's hash is slow

    def drive(self) -> None:
        for signal, value in self.values().items():
            driven = self._driven.get(id(signal))
            if driven is None:
                driven = self._driven[id(signal)] = Driven(signal)
            driven.set(value)

    def sample(self, cycle: int) -> None: ...
    def reset(self) -> None:
        self.drive()


class Pulses:
    """Announces frames: a pulse on ``valid`` with ``data``, at the latest one cycle after a frame's first word.

    Args:
        valid, data: the ports; they have no ready.
        started: number of frames whose first word has moved.
        ahead: how many frames a pulse may be early.
    """

    def __init__(self, valid: Any, data: Any, started: Callable[[], int], ahead: int = 0) -> None:
        self.valid, self.data, self.started, self.ahead = valid, data, started, ahead
        self.queue: list[int] = []
        self.sent = 0

    def drive(self) -> None:
        now = bool(self.queue) and self.sent < self.started() + self.ahead
        self.valid.value = int(now)
        if now:
            self.data.value = self.queue.pop(0)
            self.sent += 1

    def sample(self, cycle: int) -> None: ...
    def reset(self) -> None:
        self.queue.clear()
        self.sent = 0
        self.valid.value = 0


class VectorSinks:
    """Takes words from several outputs that share ``data`` and have one bit each of ``valid`` and ``ready``.

    ``words[i]`` are those of output i. Checks that a waiting word stays as it is.
    """

    def __init__(self, valid: Any, ready: Any, data: Any, pattern: str, rng: random.Random) -> None:
        self.valid, self.ready, self.data = valid, ready, data
        self.count = len(valid)
        self.patterns = [active(pattern, random.Random(rng.random())) for _ in range(self.count)]
        self.words: list[list[int]] = [[] for _ in range(self.count)]
        self._ready = 0
        self._waiting: list[int | None] = [None] * self.count

    def drive(self) -> None:
        self._ready = sum(next(pattern) << i for i, pattern in enumerate(self.patterns))
        self.ready.value = self._ready

    def sample(self, cycle: int) -> None:
        valid = int(self.valid.value)
        word = int(self.data.value) if valid else 0
        for i in range(self.count):
            offered = word if valid >> i & 1 else None
            waiting = self._waiting[i]
            assert waiting is None or offered == waiting, f"cycle {cycle}: output {i} changed while it waited"
            self._waiting[i] = offered
            if offered is not None and self._ready >> i & 1:
                self.words[i].append(word)
                self._waiting[i] = None

    def reset(self) -> None:
        self.words = [[] for _ in range(self.count)]
        self._waiting = [None] * self.count


class VectorSources:
    """Drives several inputs with one bit each of ``valid`` and ``ready`` and ``bits`` bits each of ``data``."""

    def __init__(self, valid: Any, ready: Any, data: Any, bits: int, pattern: str, rng: random.Random) -> None:
        self.valid, self.ready, self.data, self.bits, self.rng = valid, ready, data, bits, rng
        self.count = len(valid)
        self.patterns = [active(pattern, random.Random(rng.random())) for _ in range(self.count)]
        self.queues: list[list[int]] = [[] for _ in range(self.count)]
        self._offered = [False] * self.count

    def drive(self) -> None:
        data = 0
        for i, queue in enumerate(self.queues):
            self._offered[i] = self._offered[i] or (bool(queue) and next(self.patterns[i]))
            data |= (queue[0] if self._offered[i] else self.rng.getrandbits(self.bits)) << i * self.bits
        self.valid.value = sum(offered << i for i, offered in enumerate(self._offered))
        self.data.value = data

    def sample(self, cycle: int) -> None:
        ready = int(self.ready.value)
        for i in range(self.count):
            if self._offered[i] and ready >> i & 1:
                self.queues[i].pop(0)
                self._offered[i] = False

    def reset(self) -> None:
        self.queues = [[] for _ in range(self.count)]
        self._offered = [False] * self.count
        self.valid.value = 0
