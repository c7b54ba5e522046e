# SPDX-License-Identifier: Apache-2.0
"""PandA Bambu, an open HLS compiler: finding it, and turning tops (:mod:`hls.tops`) into Verilog.

What it writes contains library components under the LGPL and stays below ``build/``. The width of every port of a
generated module is held against the specification: a compiler may give a structure a port that is too narrow, without a
word.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from hls.gen import GeneratedHls
from hls.tops import Port, Top
from spec.errors import CheckFailed
from spec.files import as_json, locked, source_digest, write_text
from spec.paths import BUILD

VARIABLE = "BAMBU"
"""Environment variable: path of the compiler, where it is not on PATH."""
DEFAULT_CLOCK_NS = 12.5
_FLAGS = (
    *("--compiler=I386_CLANG16", "-std=c++14", "-O2", "-v1", "--generate-interface=INFER"),
    # The solver's time in seconds. No device: with an ECP5 its memories include the vendor's own models.
    *("--reset-type=sync", "--reset-level=low", "--time=60"),
)
_CONTROL = {"clock": 1, "reset": 1, "start_port": 1, "done_port": 1}
_TIMEOUT_S = 3600


class BambuError(CheckFailed):
    """The compiler failed, or gave a module with other ports; the message names the top and the log."""


@dataclass(frozen=True)
class GeneratedTop:
    """A module that Bambu wrote: its Verilog, and the seconds that took."""

    top: Top
    verilog: Path
    seconds: float


def find_bambu() -> Path | None:
    """The compiler, or None."""
    path = shutil.which(os.environ.get(VARIABLE) or "bambu")
    return Path(path) if path else None


def version(bambu: Path) -> str:
    """What it says of itself.

    Raises:
        BambuError: it does not run.
    """
    try:
        run = subprocess.run([bambu, "--version"], capture_output=True, text=True, check=False, timeout=60)
    except OSError as error:
        raise BambuError(f"{bambu} does not run: {error}") from None
    found = re.search(r"Version: (.+)", run.stdout)
    if not found:
        raise BambuError(f"{bambu} does not say its version, its exit code is {run.returncode}")
    return found[1].strip()


def verilog_ports(port: Port) -> dict[str, int]:
    """Ports of the generated module for a stream or register, with their widths in bits."""
    if not port.stream:
        return {port.name: port.bits}
    if port.is_input:
        return {f"{port.name}_dout": port.bits, f"{port.name}_empty_n": 1, f"{port.name}_read": 1}
    return {f"{port.name}_din": port.bits, f"{port.name}_full_n": 1, f"{port.name}_write": 1}


def module_ports(verilog: str, name: str) -> dict[str, int]:
    """Widths of the ports of a module, from its declarations.

    Raises:
        BambuError: there is no such module.
    """
    module = re.search(rf"^module {name}\b(.*?)^endmodule", verilog, re.M | re.S)
    if not module:
        raise BambuError(f"the compiler gave no module {name}")
    declared = re.findall(r"^\s*(?:input|output)\s+(?:signed\s+)?(?:\[(\d+):0\]\s*)?(\w+)\s*;", module[1], re.M)
    return {port: int(high or 0) + 1 for high, port in declared}


def check_ports(top: Top, verilog: str) -> None:
    """Hold a generated module's ports against those of the top.

    Raises:
        BambuError: a port is missing, has another width, or is one too many.
    """
    found = module_ports(verilog, top.name)
    expected = dict(_CONTROL)
    for port in top.ports:
        expected |= verilog_ports(port)
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            raise BambuError(f"top {top.name}: the generated module has no port {name}")
        if name not in expected:
            raise BambuError(f"top {top.name}: the generated module has a port {name}, which nothing drives")
        if found[name] != expected[name]:
            raise BambuError(f"top {top.name}: port {name} has {found[name]} bits, it must have {expected[name]}")


def _command(bambu: Path, top: Top, unit: Path, generated: GeneratedHls, clock_ns: float) -> list[str]:
    paths = [f"-I{path}" for path in generated.include_path]
    return [str(bambu), str(unit), f"--top-fname={top.name}", *_FLAGS, f"--clock-period={clock_ns:g}", *paths]


def generate_top(
    bambu: Path,
    top: Top,
    unit: Path,
    generated: GeneratedHls,
    clock_ns: float = DEFAULT_CLOCK_NS,
    directory: Path | None = None,
) -> GeneratedTop:
    """Turn one top into Verilog, or reuse what was made of the same sources.

    Args:
        unit: its C++ unit, see :func:`hls.tops.write_tops`.
        directory: where results are kept; default ``build/hls/bambu``.

    Raises:
        BambuError: see there.
    """  # fmt: skip
    directory = directory or BUILD / "hls" / "bambu"
    directory.mkdir(parents=True, exist_ok=True)
    command = _command(bambu, top, unit, generated, clock_ns)
    sources = source_digest([unit, *generated.headers])
    digest = hashlib.sha256(repr((sources, command, version(bambu))).encode()).hexdigest()[:16]
    work = directory / f"{top.name}_{digest}"
    verilog, record, log = work / f"{top.name}.v", work / "record.json", work / "bambu.log"
    with locked(directory / f"{work.name}.lock"):  # another process may be at the same top
        if record.exists():
            return GeneratedTop(top, verilog, json.loads(record.read_text())["seconds"])
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        started = time.perf_counter()
        with open(log, "w") as stream:
            code = subprocess.run(
                command, cwd=work, stdout=stream, stderr=subprocess.STDOUT, check=False, timeout=_TIMEOUT_S
            ).returncode
        if code or not verilog.exists():
            raise BambuError(f"top {top.name}: the compiler ended with exit code {code}, see {log}")
        check_ports(top, verilog.read_text())
        seconds = round(time.perf_counter() - started, 1)
        write_text(
            record, as_json({"top": top.name, "seconds": seconds, "command": command, "version": version(bambu)})
        )
    return GeneratedTop(top, verilog, seconds)


def generate_tops(
    bambu: Path,
    tops: Sequence[Top],
    units: dict[str, Path],
    generated: GeneratedHls,
    clock_ns: float = DEFAULT_CLOCK_NS,
    jobs: int | None = None,
) -> dict[str, GeneratedTop | BambuError]:
    """Turn tops into Verilog, several at a time and with a progress bar; what fails is in the result."""

    def attempt(top: Top) -> GeneratedTop | BambuError:
        try:
            return generate_top(bambu, top, units[top.name], generated, clock_ns)
        except BambuError as error:
            return error

    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        results = list(tqdm(pool.map(attempt, tops), total=len(tops), desc="bambu", unit="top"))
    return {top.name: result for top, result in zip(tops, results, strict=True)}
