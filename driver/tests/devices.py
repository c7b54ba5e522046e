# SPDX-License-Identifier: Apache-2.0
"""Small simulated devices for the driver's tests, sound and with one defect."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from driver import Accelerator
from driver.verilated import VerilatedTransport, build_device
from hw.gen.altered import altered_sources
from hw.gen.build import generate
from spec import tiny_variants as tiny
from spec.presets import Accelerator as Design
from tools.mutants import Replacement

VARIANT = "two"  # two local experts, hidden layer, confidence, three banks


def design() -> Design:
    """What the devices are built from."""
    return tiny.accelerator(VARIANT)


@cache
def _faulty_library(file: str, old: str, new: str) -> Path:
    hardware = generate(design())
    rtl = altered_sources((Replacement(file, old, new),), "device")
    return build_device(replace(hardware, rtl=rtl), optimise=False)


def open_device(defect: tuple[str, str, str] | None = None) -> Accelerator:
    """A device after power-on; ``defect`` is (RTL file, text, what stands there instead)."""
    library = _faulty_library(*defect) if defect else None
    return Accelerator(VerilatedTransport(design(), library), design())
