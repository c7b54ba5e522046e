# SPDX-License-Identifier: Apache-2.0
"""Cycles of images in MOE_GATED on the whole device, whose GE sleeps: by the simulated device and by the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from driver import Accelerator as Driver
from driver.verilated import VerilatedTransport, build_device
from hw.cycles.model import CycleModel, Image
from hw.cycles.sleep import Sleep
from hw.cycles.timing import Timing
from hw.gen.build import GeneratedHardware, generate
from spec.bank import Bank, random_bank
from spec.bank_file import device_words
from spec.domains import DOMAINS
from spec.network import Mode
from spec.presets import Accelerator
from verif.cycles.cases import CaseMaker

_IMAGES = 60  # of a night
_LONGEST_PAUSE = 300
REST = 3_000  # cycles in which a device without work comes to rest


@dataclass(frozen=True)
class Burst:
    """Images that are offered together, ``pause`` cycles after the last result of those before.

    ``images`` uint8 (N, height, width), ``own`` bool (N,): what the gate says of each.
    """

    images: np.ndarray
    own: np.ndarray
    pause: int


@dataclass(frozen=True)
class Night:
    """Bursts on a device that sleeps as ``sleep`` says, and the cycle of each of their results."""

    accelerator: Accelerator
    sleep: Sleep
    bursts: tuple[Burst, ...]
    results: np.ndarray


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


def predict(
    accelerator: Accelerator, bursts: Sequence[Burst], sleep: Sleep, timing: Timing | None = None
) -> np.ndarray:
    """The same by the model."""
    model, start = CycleModel(accelerator, timing, sleep), REST
    found = []
    for burst in bursts:
        start += burst.pause
        cycles = model.run([Image(Mode.MOE_GATED, bool(own), start=start) for own in burst.own])
        found.append(cycles.results)
        start = int(cycles.results[-1]) + 1
    return np.concatenate(found) - REST


def nights(accelerator: Accelerator, count: int, seed: int) -> list[Night]:
    """Random mixes with random pauses on a simulated device, each with other settings."""
    bank, rng = random_bank(accelerator.moe, seed), np.random.default_rng([seed, 0x51EE9])
    maker, library = CaseMaker(accelerator, bank, seed), build_device(generate(accelerator), watch=True)
    found = []
    for _ in range(count):
        delays, switches = (0, 1, 2, 2, 5, 20), (0, 1, 3, 3, 9)
        sleep = Sleep(int(rng.choice([0, 0, 1, 20, 40, 100])), int(rng.choice(delays)), int(rng.choice(switches)))
        images = maker.images(_IMAGES)
        theta, own = maker.mix(images)
        cuts = 1 + np.flatnonzero(rng.random(_IMAGES - 1) < 0.5)
        pauses = rng.integers(0, 300, len(cuts) + 1) * (rng.random(len(cuts) + 1) < 0.7)
        parts = zip(np.split(images, cuts), np.split(own, cuts), pauses, strict=True)
        bursts = tuple(Burst(*part) for part in parts)
        found.append(Night(accelerator, sleep, bursts, measure(accelerator, bank, theta, bursts, sleep, library)))
    return found


def every_pause(accelerator: Accelerator, sleep: Sleep, seed: int, hardware: GeneratedHardware | None = None) -> Night:
    """Single images for the GE, one cycle later each time than the one before: through a whole sequence off and on.

    ``hardware`` is what is simulated, by default what is generated for the accelerator.
    """
    bank, own = random_bank(accelerator.moe, seed), np.zeros(1, bool)
    images = CaseMaker(accelerator, bank, seed).images(1)
    bursts = tuple(Burst(images, own, pause) for pause in range(_LONGEST_PAUSE))
    library = build_device(hardware or generate(accelerator), optimise=False)
    return Night(accelerator, sleep, bursts, measure(accelerator, bank, 2**31 - 1, bursts, sleep, library))


def differs(night: Night, timing: Timing | None = None) -> bool:
    """Whether the model is not equal to the device in every cycle."""
    return not np.array_equal(predict(night.accelerator, night.bursts, night.sleep, timing), night.results)
