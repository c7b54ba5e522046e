# SPDX-License-Identifier: Apache-2.0
"""How long it takes from a query to a device that answers it, on a simulated device that is open already."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from driver.accelerator import Accelerator
from driver.transport import DeviceFault
from golden.integer_model import MoeModel
from spec.network import Mode
from spec.presets import Accelerator as Design
from training.pool_file import load_pool


@dataclass(frozen=True)
class QueryTime:
    """Seconds of one query.

    Attributes:
        compose: the pool is read from its file and the bank put together.
        load: the bank is packed and written through the registers, checked and made the selected one.
        answer: the first image is answered by it, in LE_ONLY.
        load_cycles, answer_cycles: cycles of the device for the last two.
    """

    compose: float
    load: float
    answer: float
    load_cycles: int
    answer_cycles: int

    @property
    def total(self) -> float:
        """From the query to the first answer."""
        return self.compose + self.load + self.answer


class QueryTimer:
    """A simulated device that is opened once for many queries; the first one opened may be built, for minutes."""

    def __init__(self, design: Design) -> None:
        self.design, self.device = design, Accelerator.open(design=design)
        self.model = MoeModel(design.moe)

    def __call__(self, pool: Path, names: Sequence[str], image: np.ndarray) -> QueryTime:
        """Answer a query from the file of a pool.

        Args:
            image: uint8 (H, W), the first to be answered.

        Raises:
            InputError: the pool cannot be read, or has no such groups.
            DeviceFault: the answer is not the golden model's.
        """
        device, cycles = self.device, self.device.transport
        device.set_mode(Mode.LE_ONLY)
        started = time.perf_counter()
        bank = load_pool(pool, self.design.moe)[0].bank(self.design.moe, names)
        composed, at_load = time.perf_counter(), cycles.cycles
        device.load_user(bank)
        loaded, at_answer = time.perf_counter(), cycles.cycles
        results = device.classify(image[np.newaxis])
        answered, at_end = time.perf_counter(), cycles.cycles
        if (results.classes != self.model.run(image[np.newaxis], Mode.LE_ONLY, bank).classes).any():
            raise DeviceFault(f"the device gives another answer to a query for {', '.join(names)} than the model")
        return QueryTime(
            composed - started, loaded - composed, answered - loaded, at_answer - at_load, at_end - at_answer
        )

    def close(self) -> None:
        """Release the device."""
        self.device.close()
