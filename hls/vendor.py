# SPDX-License-Identifier: Apache-2.0
"""Hand-off to the vendor's HLS compiler: project files, and synthesis, co-simulation and RTL export where it exists."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hls.build import TESTBENCH
from hls.gen import GeneratedHls
from spec.errors import CheckFailed, InputError
from spec.files import write_if_changed
from spec.paths import ROOT

SCRIPTS = ROOT / "hls" / "vitis"
STEPS = ("synthesis", "cosimulation", "export")
DEFAULT_PART = "xczu7ev-ffvc1156-2-e"
DEFAULT_CLOCK_NS = 10.0
_COMMANDS = {"vitis-run": ["--mode", "hls", "--tcl"], "vitis_hls": ["-f"]}  # the newer tool first


class VendorError(CheckFailed):
    """A step of the vendor's tool failed; the message names the step and its log."""


@dataclass(frozen=True)
class VendorTool:
    """An HLS compiler found on PATH."""

    path: Path

    def command(self, script: str) -> list[str]:
        """Command line that runs a Tcl script."""
        return [str(self.path), *_COMMANDS[self.path.name], script]


def find_tool() -> VendorTool | None:
    """The vendor's HLS compiler, or None."""
    for name in _COMMANDS:
        if path := shutil.which(name):
            return VendorTool(Path(path))
    return None


def write_project(generated: GeneratedHls, vectors: str, part: str, clock_ns: float) -> Path:
    """Write ``vitis/`` beside the generated sources: ``project.tcl``, the scripts, and the test bench's vectors.

    Raises:
        InputError: an impossible part name or clock period.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]+", part):
        raise InputError(f"--part is '{part}', a device name has only letters, digits, '.', '_' and '-'")
    if not 0.5 <= clock_ns <= 1000:
        raise InputError(f"--clock is {clock_ns} ns, allowed are 0.5 to 1000")
    directory = generated.directory / "vitis"
    directory.mkdir(parents=True, exist_ok=True)
    cflags = " ".join(["-std=c++14", *(f"-I{path}" for path in generated.include_path)])
    values = {
        "project": "moe",
        "part": part,
        "clock_ns": f"{clock_ns:g}",
        "sources": " ".join(map(str, generated.units)),
        "bench": str(TESTBENCH),
        "vectors": str(directory / "vectors.txt"),
        "cflags": cflags,
    }
    lines = [f"set {name} {{{value}}}" for name, value in values.items()]
    text = "# SPDX-License-Identifier: Apache-2.0\n# Generated; do not edit.\n" + "\n".join(lines) + "\n"
    write_if_changed(directory / "project.tcl", text)
    write_if_changed(directory / "vectors.txt", vectors)
    for step in STEPS:
        write_if_changed(directory / f"{step}.tcl", (SCRIPTS / f"{step}.tcl").read_text())
    return directory


def run_steps(tool: VendorTool, directory: Path) -> list[Path]:
    """Run every step in ``directory``; each step's output goes to ``<step>.log``, whose paths are returned.

    Raises:
        VendorError: a step failed; later ones are not run.
    """
    logs = []
    for step in STEPS:
        log = directory / f"{step}.log"
        with open(log, "w") as stream:
            code = subprocess.run(
                tool.command(f"{step}.tcl"), cwd=directory, stdout=stream, stderr=subprocess.STDOUT, check=False
            ).returncode
        if code:
            raise VendorError(f"{tool.path.name}: {step} failed with exit code {code}, see {log}")
        logs.append(log)
    return logs


def exported_verilog(directory: Path) -> list[Path]:
    """Verilog files that synthesis wrote."""
    return sorted((directory / "moe" / "solution" / "syn" / "verilog").glob("*.v"))
