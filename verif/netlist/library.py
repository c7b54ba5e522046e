# SPDX-License-Identifier: Apache-2.0
"""The netlist as the simulated device: the same C++ model and driver as the RTL's, only the sources differ."""

from __future__ import annotations

from pathlib import Path

from driver.verilated import MODEL
from hw.gen.build import generate
from hw.place.netlist import Netlist
from spec.presets import Accelerator
from tools.mutants import Replacement
from tools.verilate import build_library
from verif.netlist.sources import netlist_sources

# Nobody wrote the netlist, so its style is nobody's: Yosys' models have delays for its timing, which simulation leaves
# out, and no clean widths.
OPTIONS = ("-DNO_INCLUDES", "--no-timing", "-Wno-lint", "-Wno-SPECIFYIGN", "-Wno-UNOPTFLAT", "-Wno-INITIALDLY")


def netlist_library(design: Accelerator, found: Netlist, change: Replacement | None = None) -> Path:
    """The shared library (``driver/model/device.h``), built when it is not there yet.

    Compiled without optimisation: on some hundred images that would cost more time than it saves.

    Args:
        found: the netlist of this design.
        change: of its Verilog: a defect.
    """
    sources, include = netlist_sources(found, change), generate(design).directory
    return build_library(sources, found.top, MODEL, include, optimise=False, options=OPTIONS)
