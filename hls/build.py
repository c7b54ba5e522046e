# SPDX-License-Identifier: Apache-2.0
"""Compile the HLS top level with g++ into a shared library for C simulation, and reuse it while nothing changes."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hls.gen import GeneratedHls
from spec.errors import InputError
from spec.files import locked
from spec.paths import ROOT

SIMULATION = ROOT / "hls" / "sim"
TESTBENCH = ROOT / "hls" / "testbench" / "moe_test.cpp"
# -O3 and the CPU's own instructions: the library never leaves the machine that built it. -fwrapv because sums may wrap
# (see fixed.hpp). Without -fno-gnu-unique, copies of a library would share static variables of hls4ml's templates.
FLAGS = (
    *("-std=c++14", "-O3", "-march=native", "-fPIC", "-fwrapv", "-fno-gnu-unique"),
    *("-Wall", "-Wextra", "-Wno-unknown-pragmas"),
)


def quick(flags: tuple[str, ...]) -> tuple[str, ...]:
    """The same flags for little work in the compiler."""
    return tuple("-O0" if flag == "-O3" else flag for flag in flags)


class CompileError(RuntimeError):
    """The C++ compiler refused the sources; the message has its first errors."""


def ap_types() -> Path:
    """Directory of the ap_fixed and hls_stream headers, which ship with hls4ml.

    Raises:
        InputError: hls4ml is not installed.
    """
    spec = importlib.util.find_spec("hls4ml")
    if spec is None or not spec.submodule_search_locations:
        raise InputError("the Python package 'hls4ml' is not installed; run 'make setup'")
    return Path(next(iter(spec.submodule_search_locations))) / "templates" / "vivado" / "ap_types"


def compiler() -> str:
    """Path of g++.

    Raises:
        InputError: it is not on PATH.
    """
    path = shutil.which("g++")
    if path is None:
        raise InputError("'g++' is needed for the C simulation and is not on PATH (Debian: apt-get install g++)")
    return path


def run_compiler(arguments: list[str], what: str) -> str:
    """Run g++ with the vendor headers on its path; returns its warnings.

    Raises:
        InputError: g++ or the headers are missing.
        CompileError: it failed.
    """
    run = subprocess.run(
        [compiler(), *arguments, "-isystem", str(ap_types())], capture_output=True, text=True, check=False
    )
    if run.returncode:
        errors = [line for line in run.stderr.splitlines() if "error" in line] or run.stderr.splitlines()
        raise CompileError(f"compiling {what} failed:\n" + "\n".join(errors[:10]))
    return run.stderr


def _digest(paths: list[Path], flags: tuple[str, ...]) -> str:
    h = hashlib.sha256(" ".join(flags).encode())
    for path in paths:
        h.update(path.name.encode() + b"\0" + path.read_bytes())
    return h.hexdigest()[:16]


def build_library(
    generated: GeneratedHls,
    hls4ml: tuple[Path, list[Path]] | None = None,
    directory: Path | None = None,
    optimise: bool = True,
) -> Path:
    """Compile the C simulation of one accelerator; the units are compiled at the same time.

    Args:
        generated: generated sources.
        hls4ml: take front end and tail from hls4ml: include directory and units from :mod:`hls.seam`.
        directory: where libraries are kept; default ``build/hls/lib``. A library's name has a digest of its sources.
        optimise: False compiles faster a simulation that runs slower: for tests on a few images.

    Raises:
        InputError: g++ or the headers are missing.
        CompileError: the compiler refused the sources.
    """
    directory = directory or ROOT / "build" / "hls" / "lib"
    directory.mkdir(parents=True, exist_ok=True)
    units = [*generated.units, SIMULATION / "harness.cpp"]
    flags = (*(FLAGS if optimise else quick(FLAGS)), "-DACCEL_TAPS")
    includes = [*generated.include_path, SIMULATION]
    others: list[Path] = []
    seam: list[Path] = []
    if hls4ml:
        flags += ("-DUSE_HLS4ML",)
        includes.append(hls4ml[0])
        others = hls4ml[1]
        seam = [hls4ml[0] / "hls4ml_parts.hpp"]
    sources = [*units, *others, SIMULATION / "tap_recorder.hpp", *generated.headers, *seam]
    name = f"accel_{_digest(sources, flags)}"
    library = directory / f"{name}.so"
    with locked(directory / f"{name}.lock"):  # another process may be building the same library
        if library.exists():
            return library
        work = directory / name
        work.mkdir(exist_ok=True)
        paths = [f"-I{path}" for path in includes]

        def compile_unit(unit: Path) -> str:
            if unit.suffix == ".o":
                return str(unit)
            target = str(work / f"{unit.stem}.o")
            run_compiler([*flags, *paths, "-c", str(unit), "-o", target], f"{unit.name} of the HLS C simulation")
            return target

        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            objects = list(pool.map(compile_unit, [*units, *others]))
        run_compiler([*FLAGS, "-shared", *objects, "-o", str(work / "library.so")], "the HLS C simulation")
        (work / "library.so").replace(library)
        shutil.rmtree(work)
    return library


def build_testbench(generated: GeneratedHls, executable: Path, optimise: bool = True, hardware: bool = False) -> Path:
    """Compile the C test bench, with the sources as the vendor's tool gets them (no taps), into ``executable``.

    ``hardware``: with the types of hardware, exact integers and packed words, in place of those of C simulation.
    """
    executable.parent.mkdir(parents=True, exist_ok=True)
    paths = [f"-I{path}" for path in generated.include_path]
    units = [str(path) for path in (*generated.units, TESTBENCH)]
    temporary = executable.with_name(f"{executable.name}.{os.getpid()}.tmp")
    flags = (*(FLAGS if optimise else quick(FLAGS)), f"-DACCEL_HARDWARE={int(hardware)}")
    run_compiler([*flags, *paths, *units, "-o", str(temporary)], "the HLS test bench")
    temporary.replace(executable)
    return executable
