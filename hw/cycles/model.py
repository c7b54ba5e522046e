# SPDX-License-Identifier: Apache-2.0
"""Cycle model of the accelerator: when each image enters, and when its result leaves.

It is exact: the cycles are those of the RTL, from network and folding alone (:mod:`verif.cycles` compares). It covers
``moe_top``, where every domain is on: all modes, any mix of own and generic images, pixels that come with gaps, a
master that takes results when it likes, and changes of mode between images. Not covered, and refused: lessons, images
of a wrong length, mode OFF, modes that the device does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from golden.descriptor import Descriptor, Settings
from hw.cycles.core import ALL, CONFIDENCE, GATE, GATED, GE, STORE, build, local
from hw.cycles.repeat import Repeats
from hw.cycles.sleep import Sleep, Supply
from hw.cycles.timing import Timing
from spec.errors import InputError
from spec.network import RUNNING_MODES, Mode
from spec.presets import Accelerator

_REPETITIONS = 10_000


@dataclass(frozen=True)
class Image:
    """What the cycles of one image depend on.

    Attributes:
        mode: in force when it is accepted.
        own: in MOE_GATED: the gate sends it to a local expert. Nothing depends on it in other modes.
        local_expert: who answers in LE_ONLY.
        gaps: cycles that each pixel is offered later than it could be, (pixels,); None: none.
        start: its first pixel is not offered before this cycle.
    """

    mode: Mode
    own: bool = False
    local_expert: int = 0
    gaps: np.ndarray | None = None
    start: int = 0


@dataclass
class Cycles:
    """Cycles of each image, int64 (N,): when its first pixel moves, and when its result does.

    All count from the first cycle without reset, which is 0.
    """

    accepted: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    results: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def latencies(self) -> np.ndarray:
        """From the first pixel to the result, (N,)."""
        return self.results - self.accepted

    @property
    def intervals(self) -> np.ndarray:
        """Between two results, (N - 1,)."""
        return np.diff(self.results)


class CycleModel:
    """One device, which goes on where it stopped.

    With ``sleep`` it is ``moe_accelerator``, in MOE_GATED and no other mode, whose GE begins asleep and wakes for
    images that need it; without, ``moe_top``, whose domains are always on.
    """

    def __init__(self, accelerator: Accelerator, timing: Timing | None = None, sleep: Sleep | None = None) -> None:
        if sleep:
            accelerator.folding.check_mode(Mode.MOE_GATED)
        self.accelerator, self._sleep = accelerator, sleep
        self._timing = timing or Timing()
        self._core = build(accelerator, self._timing)
        self._core.results.wait = self._take
        self._repeats = Repeats(self._core.net, self._core.pixels)
        self._ready: np.ndarray | None = None
        self.reset()

    def reset(self) -> None:
        """Begin anew, with no image in the device."""
        self._core.net.start()
        self._gapless = self._core.pixels.room
        if self._sleep:
            self._supply = Supply(self._sleep, self._timing)
            self._core.opened.wait = self._supply.opened

    def results_ready(self, pattern: Sequence[bool] | None, start: int = 0) -> None:
        """Let the master take results only in some cycles.

        Args:
            pattern: for each cycle from ``start``, over and over; None: it always does.

        Raises:
            InputError: it never does.
        """
        ready = None if pattern is None else np.asarray(pattern, bool)
        if ready is not None and not ready.any():
            raise InputError("the pattern of ready has no cycle in which a result is taken")
        self._ready, self._ready_from = ready, start

    def run(self, images: Sequence[Image]) -> Cycles:
        """Cycles of further images.

        Raises:
            InputError: an image that is not covered.
        """
        core, n = self._core, len(images)
        found = Cycles(np.zeros(n, np.int64), np.zeros(n, np.int64))
        for i, image in enumerate(images):
            groups = self._groups(image)
            gap = 0
            if image.gaps is None:
                core.pixels.room = self._gapless
            else:
                gaps = np.asarray(image.gaps, np.int64)
                if gaps.shape != (core.pixels.count,) or gaps.min() < 0:
                    raise InputError(f"gaps must be {core.pixels.count} numbers from 0, one a pixel")
                gap = int(gaps[0])
                core.pixels.room = np.concatenate([[0], np.cumsum(gaps + 1)])
            soonest = core.pixels.times.item(-1) + 1
            offered = max(max(image.start, soonest) + gap, self._timing.reset)
            core.descriptor.wait = lambda time, offered=offered: max(time, offered)
            at_once = offered <= soonest and image.gaps is None and self._ready is None and not self._sleep
            self._repeats.image(groups, at_once)
            if self._sleep and GE in groups:
                self._supply.worked(*(s.times.item(-1) for s in (core.offered, core.moved, core.classes)))
            found.accepted[i], found.results[i] = core.first_pixel.times[-1], core.results.times[-1]
        return found

    def steady(self, images: Sequence[Image]) -> tuple[int, int]:
        """Cycles and images of one period, when these images come over and over without a pause.

        Raises:
            InputError: there is nothing to repeat, or what is given depends on the hour.
        """
        timed = self._ready is not None or any(i.start or i.gaps is not None for i in images)
        if timed or not images:
            raise InputError("a steady state is one of images without starts, gaps and a pattern of ready")
        seen: dict[tuple, tuple[int, int]] = {}
        for repetition in range(_REPETITIONS):
            self.run(images)
            now = (self._core.pixels.times.item(-1), repetition)
            asleep = self._supply.state(now[0]) if self._sleep else None
            then = seen.setdefault((self._repeats.state(), asleep), now)
            if then != now:
                return now[0] - then[0], (now[1] - then[1]) * len(images)
        raise InputError(f"these images reach no steady state in {_REPETITIONS} repetitions")

    def doze(self) -> int:
        """Cycles from the power manager's seeing an idle GE, while the class of an image alone is made, to its leaving.

        Negative: the class leaves before.
        """
        self.reset()
        self.run([Image(Mode.GE_ONLY)])
        return self._core.classes.times.item(-1) - Supply.idle_from(self._core.moved.times.item(-1), self._timing) + 1

    def _groups(self, image: Image) -> frozenset[str]:
        """Where an image has words."""
        if image.mode not in RUNNING_MODES:
            raise InputError(f"the cycle model knows no images in mode {Mode(image.mode).name}")
        self.accelerator.folding.check_mode(image.mode)
        if self._sleep and image.mode != Mode.MOE_GATED:
            raise InputError(f"a GE sleeps in MOE_GATED only, an image is in {image.mode.name}")
        moe = self.accelerator.moe
        settings = Settings(image.mode, local_expert=image.local_expert)
        d = Descriptor.of(settings, 0, moe.local_experts, self.accelerator.folding.weight_banks)
        groups = {ALL, *(local(i) for i in range(moe.local_experts) if d.use_le >> i & 1)}
        if d.use_ge:
            groups |= {STORE} if d.gated and image.own else {STORE, GE}
        if d.gated:
            groups.add(GATED)
        if d.use_gate:
            groups |= {GATE} if moe.confidence_shift is None else {GATE, CONFIDENCE}
        return frozenset(groups)

    def _take(self, time: int) -> int:
        """The first cycle, not before ``time``, in which a result is taken."""
        if self._ready is None:
            return time
        period, place = len(self._ready), (time - self._ready_from) % len(self._ready)
        waits = np.flatnonzero(self._ready[place:])
        return time + int(waits[0] if len(waits) else period - place + np.flatnonzero(self._ready)[0])
