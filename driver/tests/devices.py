# SPDX-License-Identifier: Apache-2.0
"""Small simulated devices for the driver's tests, sound and with one defect."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from driver import Accelerator
from driver.verilated import VerilatedTransport, build_device
from hw.gen.build import generate
from spec import tiny_variants as tiny
from spec.presets import Accelerator as Design
from verif.faults import Fault, SourceEdit, altered_sources

VARIANT = "two"  # two local experts, hidden layer, confidence, three banks


def design() -> Design:
    """What the devices are built from."""
    return tiny.accelerator(VARIANT)


@cache
def _faulty_library(file: str, old: str, new: str) -> Path:
    hardware = generate(design())
    rtl = altered_sources(Fault("device", "", (SourceEdit(file, old, new),)))
    return build_device(replace(hardware, rtl=rtl), optimise=False)


def open_device(defect: tuple[str, str, str] | None = None) -> Accelerator:
    """A device after power-on; ``defect`` is (RTL file, text, what stands there instead)."""
    library = _faulty_library(*defect) if defect else None
    return Accelerator(VerilatedTransport(design(), library), design())


def random_images(count: int, seed: int) -> np.ndarray:
    """Sparse images, uint8 (count, height, width): they reach more classes than noise."""
    rng = np.random.default_rng(seed)
    shape = design().moe.network.in_shape
    size = (count, shape.height, shape.width)
    density = rng.random((count, 1, 1))
    return (rng.integers(0, 256, size) * (rng.random(size) < density)).astype(np.uint8)
