# SPDX-License-Identifier: Apache-2.0
"""Build a Verilated design with a C++ harness as a shared library, and reuse it while its sources do not change."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from spec.files import locked, source_digest
from spec.paths import ROOT
from tools import model_objects
from tools.cocotb_run import RTL, refuse_new_findings
from tools.model_objects import OBJECTS
from tools.mutants import under_test
from tools.toolchain import verilator_environment

HOST = Path(__file__).with_name("model_host.h")
# The CPU's own instructions: the library never leaves the machine that built it. Without gnu-unique symbols, because
# two libraries in one process (a sound and a faulty design) must not share Verilator's globals.
_CXX_FLAGS = (
    "-std=c++20", "-march=native", "-fPIC", "-fno-gnu-unique", "-DVL_USER_STOP", "-DVL_USER_FINISH", "-DVL_USER_FATAL",
)  # fmt: skip


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
        options: further arguments of Verilator, files among them; what follows a ``-CFLAGS`` is for the C++ compiler
            of the harness.

    Returns:
        Path of the shared library.

    Raises:
        RuntimeError: Verilator or the C++ compiler failed; the message has the end of its output.
    """
    directory = directory or ROOT / "build" / "bulk"
    mutant = under_test()
    if mutant and (changed := mutant.stand_in(sources, RTL)) != list(sources):
        refuse_new_findings(mutant, top, {}, sources, changed)
        sources, directory = changed, mutant.build_directory / "bulk"
    directory.mkdir(parents=True, exist_ok=True)
    digest = _digest(sources, top, harness, include, options) + ("" if optimise else "_slow")
    library = directory / f"moe_{digest}.so"
    with locked(directory / f"moe_{digest}.lock"):  # another process may be building the same library
        if library.exists():
            return library
        work = directory / f"moe_{digest}"
        shutil.rmtree(work, ignore_errors=True)
        verilator, cxx = _split(options)
        command = [
            "verilator", "--cc", "--top-module", top, "-O3", "--x-assign", "fast", "--x-initial", "unique",
            "--assert", "--Mdir", ".", *verilator, *model_objects.link_sources(sources, work),
        ]  # fmt: skip
        _run(command, work)
        level = model_objects.LONG_RUN if optimise else model_objects.SHORT_RUN
        objects = model_objects.ModelCompiler(OBJECTS, _CXX_FLAGS, level).objects(
            work, f"V{top}", [harness], include=[include, HOST.parent, harness.parent], harness_flags=cxx
        )
        _run(["g++", "-shared", "-Wl,-Bsymbolic", *map(str, objects), "-o", "libmoe.so"], work)
        (work / "libmoe.so").replace(library)
        shutil.rmtree(work)
    return library


def _digest(sources: Sequence[Path], top: str, harness: Path, include: Path, options: Sequence[str]) -> str:
    """24 hexadecimal digits of all that a library is made of."""
    headers = [*sorted(include.glob("*.h")), *sorted(harness.parent.glob("*.h"))]
    files = [path for path in map(Path, options) if path.is_file()]
    own = [HOST, Path(__file__), Path(model_objects.__file__)]
    words = repr((top, options, model_objects.compiler_version())).encode()
    return source_digest([*sources, *headers, harness, *files, *own])[:16] + hashlib.sha256(words).hexdigest()[:8]


def _split(options: Sequence[str]) -> tuple[list[str], list[str]]:
    """Arguments of Verilator, and those of the C++ compiler among them."""
    verilator, cxx = [], []
    words = iter(options)
    for word in words:
        if word == "-CFLAGS":
            cxx.append(next(words))
        else:
            verilator.append(word)
    return verilator, cxx


def _run(command: list[str], directory: Path) -> None:
    environment = verilator_environment()
    run = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        tail = "\n".join((run.stdout + run.stderr).splitlines()[-30:])
        raise RuntimeError(f"building the simulation failed:\n{tail}")
