# SPDX-License-Identifier: Apache-2.0
"""A directory from which Vivado makes the device: sources, memories, a clock constraint and the script that runs it.

Nobody has run it for this project: no Vivado was at hand. Yosys reads the same sources with the same macros.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from hw.amd.cells import DEFINES, TOP
from hw.gen.build import generate, memory_files
from spec.files import new_directory
from spec.presets import Accelerator

SCRIPT, CLOCK = "vivado.tcl", "clock.xdc"
PERIOD = 10.0  # ns

_XDC = """\
# The only clock that comes from outside; those of the power domains are it behind BUFGCE.
create_clock -name clk_i -period {period:g} [get_ports clk_i]
"""
_TCL = """\
# {design} on {part}: synthesis, placement and routing, each with its reports.
#   vivado -mode batch -source {script}
# Out of context: the AXI ports stay ports, for a block design around them. Not run by the project, which has no Vivado.
set part {part}
set sources {{
{sources}
}}
set memories {{
{memories}
}}

create_project -in_memory -part $part
read_verilog -sv $sources
read_mem $memories
read_xdc -mode out_of_context {clock}
synth_design -top {top} -part $part -mode out_of_context -flatten_hierarchy rebuilt \\
    -verilog_define {{{defines}}}
report_utilization -hierarchical -file utilization_synthesis.rpt
opt_design
place_design
phys_opt_design
route_design
report_utilization -hierarchical -file utilization.rpt
report_timing_summary -max_paths 20 -file timing.rpt
report_power -hierarchical_depth 4 -file power.rpt
write_checkpoint -force {top}.dcp
"""


def project(design: Accelerator, part: str, directory: Path, period: float = PERIOD) -> list[str]:
    """Write the project; what was in ``directory`` is replaced when everything is written.

    Args:
        period: of the clock, ns.

    Returns:
        Names of all files in it.
    """
    hardware = generate(design)
    sources = hardware.device_sources
    memories = sorted(memory_files(design))
    with new_directory(directory, replace=True) as staging:
        for path in sources:
            shutil.copy(path, staging / path.name)
        for name in memories:
            shutil.copy(hardware.directory / name, staging / name)
        (staging / CLOCK).write_text(_XDC.format(period=period))
        (staging / SCRIPT).write_text(
            _TCL.format(
                design=design.name,
                part=part,
                script=SCRIPT,
                clock=CLOCK,
                top=TOP,
                defines=" ".join(DEFINES),
                sources="\n".join(f"    {path.name}" for path in sources),
                memories="\n".join(f"    {name}" for name in memories),
            )
        )
        return sorted(path.name for path in staging.iterdir())
