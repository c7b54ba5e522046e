# SPDX-License-Identifier: Apache-2.0
"""Cycles of cases by the RTL and by the cycle model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hw.cycles.model import CycleModel, Image
from hw.cycles.timing import Timing
from hw.gen.build import generate
from spec.bank import Bank, random_bank
from spec.presets import Accelerator
from verif.bulk.library import build_library
from verif.bulk.simulator import BulkSimulator, Pace
from verif.cycles.cases import CaseMaker, Part

BETWEEN = 2  # cycles from a run's last result to the first cycle of the next run, by the harness
BEFORE = 1  # cycles without reset before the first run


@dataclass(frozen=True)
class Measured:
    """A case and its cycles, int64 (images of all parts, 2): first pixel and result, from the first without reset."""

    parts: tuple[Part, ...]
    cycles: np.ndarray


class Device:
    """The RTL of one accelerator, with a bank."""

    def __init__(self, accelerator: Accelerator, bank: Bank, optimise: bool = False) -> None:
        library = build_library(generate(accelerator), optimise=optimise)
        self._simulator = BulkSimulator(accelerator, library=library, threads=1)
        self._simulator.load_bank(bank)

    def measure(self, parts: tuple[Part, ...]) -> Measured:
        """Run a case from reset."""
        self._simulator.reset()
        found, zero = [], None
        for part in parts:
            result = self._simulator.run(
                part.images, part.mode, theta=part.theta, local_expert=part.local_expert,
                pace=Pace(part.gaps, part.ready), chunk=len(part.images),
            )  # fmt: skip
            zero = result.started - BEFORE if zero is None else zero
            found.append(np.stack([result.accepted, result.cycles], 1).astype(np.int64) - zero)
        return Measured(parts, np.concatenate(found))

    def close(self) -> None:
        """Free the simulation."""
        self._simulator.close()


def predict(model: CycleModel, parts: Sequence[Part]) -> np.ndarray:
    """Cycles of a case by the model, as in :class:`Measured`."""
    model.reset()
    start, found = BEFORE, []
    for part in parts:
        model.results_ready(part.ready, start)
        images = [
            Image(part.mode, bool(own), part.local_expert, None if part.gaps is None else part.gaps[i], start)
            for i, own in enumerate(part.own)
        ]
        cycles = model.run(images)
        found.append(np.stack([cycles.accepted, cycles.results], 1))
        start = int(cycles.results[-1]) + BETWEEN
    return np.concatenate(found)


def measure_design(accelerator: Accelerator, cases: int, seed: int) -> list[Measured]:
    """Random cases of a design through its RTL."""
    bank = random_bank(accelerator.moe, seed)
    device = Device(accelerator, bank)
    try:
        return [device.measure(parts) for parts in CaseMaker(accelerator, bank, seed).cases(cases)]
    finally:
        device.close()


def different(accelerator: Accelerator, measured: Sequence[Measured], timing: Timing | None = None) -> list[int]:
    """Numbers of the cases in which the model is not equal to the RTL in every cycle."""
    model = CycleModel(accelerator, timing)
    return [i for i, case in enumerate(measured) if not np.array_equal(predict(model, case.parts), case.cycles)]
