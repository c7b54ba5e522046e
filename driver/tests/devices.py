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


Defect = tuple[str, str, str]  # RTL file, text, what stands there instead


@cache
def library(defect: Defect | None = None) -> Path:
    """A device that tells when images and corrections start: one build for all tests, those that do not ask it too."""
    hardware = generate(design())
    if defect:
        hardware = replace(hardware, rtl=altered_sources((Replacement(*defect),), "device"))
    return build_device(hardware, optimise=defect is None, watch=True)


def open_device(defect: Defect | None = None) -> Accelerator:
    """A device after power-on."""
    return Accelerator(VerilatedTransport(design(), library(defect)), design())
