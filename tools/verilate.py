# SPDX-License-Identifier: Apache-2.0
"""Build a Verilated design with a C++ harness as a shared library, and reuse it while its sources do not change."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from spec.files import source_digest
from spec.paths import ROOT
from tools.toolchain import verilator_environment

HOST = Path(__file__).with_name("model_host.h")
OBJCACHE = Path(__file__).with_name("objcache.py")
# The CPU's own instructions: the library never leaves the machine that built it. Without gnu-unique symbols, because
# two libraries in one process (a sound and a faulty design) must not share Verilator's globals.
_CXX_FLAGS = "-std=c++20 -march=native -fPIC -fno-gnu-unique -DVL_USER_STOP -DVL_USER_FINISH -DVL_USER_FATAL"
# Initialisation code runs once and is a third of all code: not worth optimising.
_OPTIMISE = "OPT_FAST=-O2 OPT_SLOW=-O0 OPT_GLOBAL=-O2"
_DO_NOT_OPTIMISE = "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0"


def build_library(
    sources: Sequence[Path],
    top: str,
    harness: Path,
    include: Path,
    directory: Path | None = None,
    optimise: bool = True,
    options: tuple[str, ...] = (),
) -> Path:
    """Verilate a design with a C++ harness.

    Args:
        sources: SystemVerilog, packages first.
        top: its top module.
        harness: the source of the C functions; headers beside it belong to it.
        include: directory of the generated headers that the harness includes.
        directory: where libraries are kept; default ``build/bulk``. The library's name has a digest of all sources.
        optimise: False compiles in a third of the time a model that runs a tenth as fast: for tests on a few images.
        options: further arguments of Verilator.

    Returns:
        Path of the shared library.

    Raises:
        RuntimeError: Verilator or the C++ compiler failed; the message has the end of its output.
    """
    directory = directory or ROOT / "build" / "bulk"
    directory.mkdir(parents=True, exist_ok=True)
    headers = [*sorted(include.glob("*.h")), *sorted(harness.parent.glob("*.h"))]
    digest = source_digest([*sources, *headers, harness, HOST, Path(__file__)])[:16]
    digest += hashlib.sha256(repr(options).encode()).hexdigest()[:8] if options else ""
    digest += "" if optimise else "_slow"
    library = directory / f"moe_{digest}.so"
    with open(directory / f"moe_{digest}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be building the same library
        if library.exists():
            return library
        work = directory / f"moe_{digest}"
        shutil.rmtree(work, ignore_errors=True)
        command = [
            "verilator", "--cc", "--exe", "--build", "-j", str(os.cpu_count() or 1),
            "--top-module", top, "-O3", "--x-assign", "fast", "--x-initial", "unique",
            "--assert", "--Mdir", str(work), "-o", "libmoe.so",
            "-CFLAGS", f"{_CXX_FLAGS} -I{include} -I{HOST.parent}", "-LDFLAGS", "-shared -Wl,-Bsymbolic",
            *options, *map(str, sources), str(harness),
        ]  # fmt: skip
        environment = verilator_environment()
        environment["MAKEFLAGS"] += f" {_OPTIMISE if optimise else _DO_NOT_OPTIMISE}"
        cache = f"{sys.executable} {OBJCACHE} {directory / 'objects'}"
        environment["MAKEFLAGS"] += " OBJCACHE=" + cache.replace(" ", "\\ ")
        run = subprocess.run(command, env=environment, capture_output=True, text=True)
        if run.returncode:
            tail = "\n".join((run.stdout + run.stderr).splitlines()[-30:])
            raise RuntimeError(f"building the simulation failed:\n{tail}")
        (work / "libmoe.so").replace(library)
        shutil.rmtree(work)
    return library
