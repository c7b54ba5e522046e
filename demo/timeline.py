# SPDX-License-Identifier: Apache-2.0
"""When each power domain was on and worked while one image went through the device, from the device's own counters.

The counters are copied at one cycle (COUNTER_SNAPSHOT) and read through the registers, again and again while the image
is on its way. Registers have their own path in the device: reading them costs the image no cycle. What a domain did
between two samples is the difference of its counters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driver import Accelerator
from driver.transport import DeviceFault
from driver.verilated import TIMEOUT_CYCLES
from hw.regs.map import register
from spec.domains import DOMAINS

PAUSE = 24  # cycles from the end of one sample to the next snapshot; reading a sample takes about 40
SLOWER = 32  # later samples are further apart: one such part of the time that has gone by
AFTER = 6  # samples behind the answer: a domain that has nothing left to do goes to sleep
_ADDRESSES = [register("counters.cycles.lo").address] + [
    register(f"domain[{d}].{kind}.lo").address for kind in ("on_cycles", "active_cycles") for d in range(len(DOMAINS))
]
_WRAP = 1 << 32


@dataclass(frozen=True)
class Timeline:
    """What the domains did, in portions of time.

    Attributes:
        ends: last cycle of each portion, counted from the first pixel, int64 (n,).
        on, active: share of each portion in which each domain had power, and worked: float64 (n, 4) in the order of
            :data:`spec.domains.DOMAINS`.
    """

    ends: np.ndarray
    on: np.ndarray
    active: np.ndarray

    @staticmethod
    def of(samples: list[list[int]]) -> Timeline:
        """From samples of the running counters: cycle, on cycles and active cycles of each domain."""
        taken = np.array(samples, np.int64)
        steps = np.diff(taken, axis=0) % _WRAP
        cycles = steps[:, :1]
        count = len(DOMAINS)
        return Timeline(
            (taken[1:, 0] - taken[0, 0]) % _WRAP, steps[:, 1 : 1 + count] / cycles, steps[:, 1 + count :] / cycles
        )


@dataclass(frozen=True)
class Recording:
    """One image: its result word (None if none was asked for), cycles from first pixel to result, and the timeline."""

    word: int | None
    cycles: int | None
    timeline: Timeline


def record(device: Accelerator, image: np.ndarray | None, samples: int = 24) -> Recording:
    """Send an image to a simulated device and watch it.

    Args:
        device: with nothing in flight; its counters have been cleared.
        image: uint8 (28, 28); None sends nothing and watches for a number of ``samples``, as in mode OFF.

    Raises:
        DeviceFault: no answer comes.
    """
    transport = device.transport
    device.write("result_packet", results=1)
    taken = [_sample(device)]
    start = transport.cycles
    if image is None:
        for _ in range(samples):
            transport.run(PAUSE)
            taken.append(_sample(device))
        return Recording(None, None, Timeline.of(taken))
    transport.send(image)
    words = np.zeros(0, np.uint32)
    while not len(words):
        words, _ = transport.receive(1, max(PAUSE, (transport.cycles - start) // SLOWER))
        taken.append(_sample(device))
        if transport.cycles - start > TIMEOUT_CYCLES:
            raise DeviceFault(f"the device gave no answer in {TIMEOUT_CYCLES:,} cycles")
    cycles = transport.result_cycle - start
    for _ in range(AFTER):
        transport.run(PAUSE)
        taken.append(_sample(device))
    return Recording(int(words[0]), cycles, Timeline.of(taken))


def _sample(device: Accelerator) -> list[int]:
    device.write("counter_snapshot", snapshot=1)
    return [device.transport.read(address) for address in _ADDRESSES]
