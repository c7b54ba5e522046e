# SPDX-License-Identifier: Apache-2.0
"""The Verilated arithmetic of one accelerator as a shared library (``harness.cpp``)."""

from __future__ import annotations

from pathlib import Path

from hw.gen.build import GeneratedHardware
from tools import verilate

HARNESS = Path(__file__).with_name("harness.cpp")


def build_library(hardware: GeneratedHardware, optimise: bool = True) -> Path:
    """Build ``moe_sim`` (see :func:`tools.verilate.build_library`)."""
    sources = hardware.simulation_sources
    return verilate.build_library(sources, "moe_sim", HARNESS, hardware.directory, optimise=optimise)
