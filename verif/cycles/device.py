# SPDX-License-Identifier: Apache-2.0
"""Cycles of images in MOE_GATED on the whole device, whose GE sleeps: by the simulated device and by the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from driver import Accelerator as Driver
from driver.verilated import VerilatedTransport
from hw.cycles.model import CycleModel, Image
from hw.cycles.sleep import Sleep
from spec.bank import Bank
from spec.bank_file import device_words
from spec.domains import DOMAINS
from spec.network import Mode
from spec.presets import Accelerator

REST = 3_000  # cycles in which a device without work comes to rest


@dataclass(frozen=True)
class Burst:
    """Images that are offered together, ``pause`` cycles after the last result of those before.

    ``images`` uint8 (N, height, width), ``own`` bool (N,): what the gate says of each.
    """

    images: np.ndarray
    own: np.ndarray
    pause: int


def measure(
    accelerator: Accelerator, bank: Bank, theta: int, bursts: Sequence[Burst], sleep: Sleep, library: Path | None = None
) -> np.ndarray:
    """Cycle of each result of a simulated device in MOE_GATED, int64 (images,); 0 is that of the first burst.

    Raises:
        RuntimeError: the GE did not sleep before the first burst.
    """
    transport = VerilatedTransport(accelerator, library)
    with Driver(transport, accelerator) as device:
        transport.power_switch(DOMAINS.index("ge"), sleep.switch)
        device.write("power_delay", cycles=sleep.delay)
        device.write("power_idle", cycles=sleep.idle)
        device.load_stream(device_words(bank, accelerator.moe, accelerator.folding))
        device.set_threshold(theta)
        device.set_mode(Mode.MOE_GATED)
        transport.run(REST + sleep.idle)
        if not transport.power.isolated[DOMAINS.index("ge")]:
            raise RuntimeError("the GE is awake before the first image")
        found, zero = [], transport.cycles
        for burst in bursts:
            transport.run(burst.pause)
            for image in burst.images:
                transport.send(image)
            for _ in burst.images:
                transport.receive(1)
                found.append(transport.result_cycle - zero)
    return np.array(found, np.int64)


def predict(accelerator: Accelerator, bursts: Sequence[Burst], sleep: Sleep) -> np.ndarray:
    """The same by the model."""
    model, start = CycleModel(accelerator, sleep=sleep), REST
    found = []
    for burst in bursts:
        start += burst.pause
        cycles = model.run([Image(Mode.MOE_GATED, bool(own), start=start) for own in burst.own])
        found.append(cycles.results)
        start = int(cycles.results[-1]) + 1
    return np.concatenate(found) - REST
