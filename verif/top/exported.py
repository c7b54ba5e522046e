# SPDX-License-Identifier: Apache-2.0
"""``make sim RTL=hls``: the test bench of the RTL on the Verilog that an HLS compiler exports.

The accelerators are those of the RTL's top-level tests. Each is exported once with the vendor's tool, where it is on
PATH, and simulated behind ``hls/vitis/moe_exported.sv``, which has the ports of the hand-written top.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hls import vendor
from hls.gen import GeneratedHls, generate
from hls.vectors import vectors
from hw.gen.memory import bank_writes
from spec import tiny_variants as tiny
from spec.bank import random_bank
from spec.errors import InputError
from spec.files import source_digest, write_if_changed
from spec.paths import ROOT
from spec.presets import Accelerator
from spec.tiny import tiny_images
from tools.cocotb_run import Results, run

ADAPTER = ROOT / "hls" / "vitis" / "moe_exported.sv"
BENCH = "verif.top.bench_moe_top"
NOTHING = (
    "Nothing to simulate: there is no exported Verilog of the current sources, and neither vitis-run nor vitis_hls is "
    "on PATH to make it."
)
CYCLES = 200_000  # an image may take as long as the compiler's schedule does
_STAMP = "sources.sha256"  # of the sources that an export was made from
_REGISTERS = {
    "AddrControl": "AP_CTRL",
    "AddrMode": "MODE",
    "AddrBank": "BANK",
    "AddrBankValid": "BANK_VALID",
    "AddrLocalExpert": "LOCAL_EXPERT",
    "AddrTheta": "THETA",
    "AddrGeEnable": "GE_ENABLE",
    "AddrLeEnable": "LE_ENABLE",
    "AddrWriteCount": "WRITE_COUNT",
}


def register_addresses(export: Path) -> dict[str, int]:
    """Addresses of the kernel's registers by parameter of the adapter, from the exported AXI4-Lite slave.

    Raises:
        InputError: there is no such slave, or it lacks a register.
    """
    slaves = sorted(export.glob("*_control_s_axi.v"))
    if len(slaves) != 1:
        raise InputError(f"{export}: has {len(slaves)} files *_control_s_axi.v, an export of moe_top has one")
    # The compiler appends _R to a name that some hardware language reserves.
    found = re.findall(r"\bADDR_(\w+?)(?:_R)?(?:_DATA_0)?\s*=\s*\d+'h([0-9A-Fa-f]+)", slaves[0].read_text())
    addresses = {name: int(value, 16) for name, value in found}
    missing = [name for name in _REGISTERS.values() if name not in addresses]
    if missing:
        raise InputError(f"{slaves[0]}: has no address of the register {missing[0]}")
    return {parameter: addresses[name] for parameter, name in _REGISTERS.items()}


def simulate(
    variant: str,
    export: Path,
    build_args: Sequence[str] = (),
    testcase: Sequence[str] | None = None,
    cycles: int = CYCLES,
) -> Results:
    """Run the RTL's top-level bench on exported Verilog.

    Args:
        variant: of :mod:`spec.tiny_variants`.
        export: directory with the Verilog, and the ``.dat`` files that it reads.
        build_args: further arguments of Verilator.
        testcase: tests to run; default all that hold for a kernel.
        cycles: longest time that an image may take.

    Raises:
        InputError: the directory is not an export of moe_top.
        SimulationError: the Verilog cannot be built, or the simulation ended without results.
    """
    accelerator = tiny.accelerator(variant)
    addresses = register_addresses(export)
    parameters = {
        "ImageBeats": accelerator.moe.network.in_shape.size,
        "Banks": accelerator.folding.weight_banks,
        "MaxWrites": len(bank_writes(accelerator.moe, accelerator.folding, tiny.bank(variant, 0))),
        "AddrW": max(addresses.values()).bit_length(),
        **addresses,
    }
    return run(
        "moe_exported",
        BENCH,
        sources=[*sorted(export.glob("*.v")), ADAPTER],
        parameters=parameters,
        testcase=testcase,
        files={path.name: path.read_text() for path in export.glob("*.dat")},
        env={"TINY_VARIANT": variant, "TOP_EXPORTED": "1", "TOP_CYCLES": str(cycles)},
        build_args=["-Wno-fatal", *build_args],  # generated Verilog is not ours to clean up
        check=False,
    )


def _digest(generated: GeneratedHls) -> str:
    return source_digest([*generated.units, *generated.headers])


def find_or_make_export(accelerator: Accelerator) -> Path | None:
    """Directory with the exported Verilog of an accelerator; None when there is none and no tool to make it.

    Raises:
        VendorError: a step of the vendor's tool failed, or exported nothing.
    """
    generated = generate(accelerator)
    banks = random_bank(accelerator.moe, 1), random_bank(accelerator.moe, 2)
    stimuli = vectors(accelerator, tiny_images(2), banks, 0)
    project = vendor.write_project(generated, stimuli, vendor.DEFAULT_PART, vendor.DEFAULT_CLOCK_NS)
    stamp = project / _STAMP
    files = vendor.exported_verilog(project)
    if not (files and stamp.exists() and stamp.read_text() == _digest(generated)):
        tool = vendor.find_tool()
        if tool is None:
            return None
        vendor.run_steps(tool, project)
        files = vendor.exported_verilog(project)
        if not files:
            raise vendor.VendorError(f"{tool.path.name}: the export has no Verilog below {project / 'moe'}")
        write_if_changed(stamp, _digest(generated))
    return files[0].parent
