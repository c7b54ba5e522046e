# SPDX-License-Identifier: Apache-2.0
"""A generated layer behind its adapter, Verilated, as a model that :func:`hls.top_model.run_top` runs."""

from __future__ import annotations

from pathlib import Path

from hls.adapter import adapter, adapter_name
from hls.tops import Top
from spec.files import write_if_changed
from tools.cocotb_run import RTL
from tools.verilate import build_library

HARNESS = Path(__file__).with_name("harness.cpp")
_OPTIONS = ("-Wno-fatal", "-Wno-lint", "-Wno-style", "-Wno-MULTITOP")  # of generated Verilog nothing is asked


def build_layer(top: Top, verilog: Path, ports: Path, directory: Path | None = None, optimise: bool = True) -> Path:
    """Verilate a generated module with its adapter.

    Args:
        verilog: what the compiler wrote.
        ports: directory of ``top_ports.h``, see :func:`hls.tops.write_tops`.
        directory: where libraries are kept, see :func:`tools.verilate.build_library`.

    Raises:
        RuntimeError: as there.
    """
    wrapper = ports / f"{adapter_name(top)}.sv"
    write_if_changed(wrapper, adapter(top))
    sources = [RTL / "stream_skid.sv", verilog, wrapper]
    return build_library(sources, adapter_name(top), HARNESS, ports, directory, optimise, _OPTIONS)
