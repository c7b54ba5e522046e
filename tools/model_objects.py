# SPDX-License-Identifier: Apache-2.0
"""Compile the C++ that Verilator wrote, quickly: one precompiled header for all designs, and objects that are shared.

Verilator's own makefiles compile every design from nothing, although most of a small one is its runtime's headers and a
mutant differs from its original in one function. Here

* the runtime library and a precompiled header of it are made once for each set of flags;
* an object is kept under a digest of what it is made of, so that a mutant compiles only the files that it changes;
* a small design is one translation unit, harness included.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from spec.files import locked
from spec.paths import ROOT
from tools.toolchain import verilator_environment

OBJECTS = ROOT / "build" / "objects"

# Every translation unit reads the model's headers, half a second for the whole device. So a design of less C++ than
# this is one unit. Of a larger one, and of an optimised one, which would keep a single core busy, the files below the
# second limit are.
ONE_UNIT, SMALL_FILE = 3_000_000, 300_000  # bytes
# What the generated files and the harnesses include of the runtime.
_RUNTIME_HEADERS = ("verilated.h", "verilated_cov.h", "verilated_vpi.h", "verilated_sym_props.h", "verilated_syms.h")


class CompileFailed(RuntimeError):
    """The C++ compiler failed; the message has the end of its output."""


@dataclass(frozen=True)
class Optimisation:
    """Compiler options of generated code that runs often, of what runs once, and of the runtime library."""

    often: str = "-O0"
    once: str = "-O0"
    runtime: str = "-O2"


SHORT_RUN = Optimisation()
# Initialisation code runs once and is a third of all code: not worth optimising.
LONG_RUN = Optimisation(often="-O2")
# A large design in cocotb, where Python takes more time than the design does.
COCOTB_RUN = Optimisation(often="-O1")


@functools.cache
def compiler_version() -> str:
    """Path and version of the compiler, which are part of every digest.

    Raises:
        CompileFailed: there is none.
    """
    path = shutil.which("g++")
    if path is None:
        raise CompileFailed("g++ was not found on PATH; install it with the system's packages.")
    run = subprocess.run([path, "-dumpfullversion", "-dumpmachine"], capture_output=True, text=True, check=False)
    return f"{path} {' '.join(run.stdout.split())} verilator {importlib.metadata.version('verilator')}"


class ModelCompiler:
    """Compiles the models of one set of flags.

    Args:
        cache: directory of the objects and precompiled headers.
        flags: of every file, for example ``-fPIC``.
        optimisation: of the three kinds of files.
        jobs: compilers at the same time.
        own: where new objects of models go, if not to the cache: those of a design that nobody builds again.
    """

    def __init__(
        self,
        cache: Path,
        flags: Sequence[str],
        optimisation: Optimisation = SHORT_RUN,
        jobs: int | None = None,
        own: Path | None = None,
    ) -> None:
        self._cache = cache
        self._own = own or cache
        self._flags = tuple(flags)
        self._optimisation = optimisation
        self._jobs = jobs or os.cpu_count() or 1
        include = Path(verilator_environment()["VERILATOR_ROOT"]) / "include"
        self._include = include
        self._paths = (f"-I{include}", f"-I{include / 'vltstd'}")

    def objects(
        self,
        work: Path,
        prefix: str,
        harness: Sequence[Path],
        include: Sequence[Path] = (),
        harness_flags: Sequence[str] = (),
    ) -> list[Path]:
        """Compile what Verilator wrote to ``work`` under the name ``prefix``, and the harness.

        Args:
            work: Verilator's output.
            prefix: of the generated files.
            harness: C++ sources that use the model.
            include: directories of headers that only the harness includes.
            harness_flags: macros that only the harness knows. The runtime library and its precompiled header, which
                take longer than many a model, are the same whatever they are.

        Returns:
            Object files to link, in a cache: not to be changed.

        Raises:
            CompileFailed: see there.
        """
        classes = _make_variables((work / f"{prefix}_classes.mk").read_text())
        switches = tuple(f"-D{name}={classes.get(name, ['0'])[0]}" for name in _SWITCHES)
        flags = (*self._flags, "-DVERILATOR=1", *switches)
        often = [work / f"{name}.cpp" for name in classes["VM_CLASSES_FAST"] + classes["VM_SUPPORT_FAST"]]
        once = [work / f"{name}.cpp" for name in classes["VM_CLASSES_SLOW"] + classes["VM_SUPPORT_SLOW"]]
        headers = sorted(work.glob("*.h"))
        others = [header for directory in include for header in sorted(directory.glob("*.h"))]
        paths = [f"-I{directory}" for directory in (work, *include)]
        groups: dict[str, list[Path]] = {}
        for level, files in ((self._optimisation.often, often), (self._optimisation.once, once)):
            groups.setdefault(level, []).extend(files)
        model: list[tuple[str, tuple[str, ...], Path, list[Path]]] = []
        for level, files in groups.items():
            small, large = _by_size(files, ONE_UNIT if len(groups) == 1 else 0)
            extra = harness if level == self._optimisation.often else []
            macros = tuple(harness_flags) if extra else ()
            unit = work / f"{prefix}__unit{level}.cpp"
            unit.write_text("".join(f'#include "{path}"\n' for path in (*small, *extra)))
            model.append((level, macros, unit, [*small, *extra, *headers, *others]))
            model += [(level, (), path, [path, *headers]) for path in large]
        runtime = [self._include / f"{name}.cpp" for name in classes["VM_GLOBAL_FAST"] + classes["VM_GLOBAL_SLOW"]]

        def compile_model(entry: tuple[str, tuple[str, ...], Path, list[Path]]) -> Path:
            level, macros, source, depends = entry
            header = self._precompiled((level, *flags))
            return self._object(source, (level, *flags, *macros), paths, depends, header, self._own)

        def compile_runtime(source: Path) -> Path:
            # Everybody needs it at the same time, when the cache is empty: then each process makes some of its files.
            with locked(self._cache / f"{source.stem}.lock"):
                return self._object(source, (self._optimisation.runtime, *flags), [], [source], None, self._cache)

        for level in dict.fromkeys(level for level, _, _, _ in model):
            self._precompiled((level, *flags))  # before the threads ask for it at the same time
        largest_first = sorted(model, key=lambda entry: -sum(path.stat().st_size for path in entry[3]))
        with ThreadPoolExecutor(self._jobs) as pool:
            made = dict(zip((e[2] for e in largest_first), pool.map(compile_model, largest_first), strict=True))
            return [*(made[source] for _, _, source, _ in model), *pool.map(compile_runtime, runtime)]

    def _object(
        self,
        source: Path,
        flags: Sequence[str],
        paths: Sequence[str],
        depends: Iterable[Path],
        header: Path | None,
        directory: Path,
    ) -> Path:
        """The object of a source file, from the cache if it is there, otherwise made in ``directory``."""
        digest = _digest(flags, depends)
        name = Path(digest[:2]) / f"{digest}-{source.stem}.o"
        if (self._cache / name).exists():
            return self._cache / name
        target = directory / name
        prelude = ["-include", str(header)] if header else []
        command = ["g++", *prelude, *flags, *paths, *self._paths, "-c", str(source)]
        _make(target, command)
        return target

    def _precompiled(self, flags: Sequence[str]) -> Path:
        """A header with everything of the runtime that models include, precompiled for these flags."""
        text = "".join(f'#include "{name}"\n' for name in _RUNTIME_HEADERS)
        digest = hashlib.sha256(text.encode() + _digest(flags, ()).encode()).hexdigest()[:16]
        header = self._cache / f"runtime-{digest}" / "runtime.h"
        compiled = header.with_suffix(".h.gch")
        if not compiled.exists():
            header.parent.mkdir(parents=True, exist_ok=True)
            with locked(header.with_suffix(".lock")):
                if not compiled.exists():
                    header.write_text(text)
                    _make(compiled, ["g++", *flags, *self._paths, "-x", "c++-header", str(header)])
        return header


_SWITCHES = (
    "VM_COVERAGE", "VM_SC", "VM_TIMING", "VM_TRACE", "VM_TRACE_FST", "VM_TRACE_VCD", "VM_TRACE_SAIF",
)  # fmt: skip


def link_sources(sources: Sequence[Path], work: Path) -> list[str]:
    """Link SystemVerilog sources into ``work``/src; returns their names for a Verilator that runs in ``work``.

    Assertions have the name of their file. Without its directory, which differs for every mutant, a mutant's C++ is the
    original's but for what it changes.
    """
    directory = work / "src"
    directory.mkdir(parents=True)
    for path in sources:
        (directory / path.name).symlink_to(path.resolve())
    return [f"src/{path.name}" for path in sources]


def _by_size(files: Sequence[Path], one_unit: int) -> tuple[list[Path], list[Path]]:
    """The files that are compiled together, all of them below ``one_unit`` bytes, and those each alone."""
    sizes = {path: path.stat().st_size for path in files}
    if sum(sizes.values()) < one_unit:
        return list(files), []
    return [path for path in files if sizes[path] < SMALL_FILE], [path for path in files if sizes[path] >= SMALL_FILE]


def _make_variables(text: str) -> dict[str, list[str]]:
    """Variables of a makefile that only assigns lists."""
    joined = re.sub(r"\\\n", " ", text)
    assigned = re.findall(r"^(\w+) \+?=([^\n]*)$", joined, re.MULTILINE)
    return {name: words.split() for name, words in assigned}


def _digest(flags: Sequence[str], files: Iterable[Path]) -> str:
    """Of a compiler call: its version, its options, and the names and contents of all it reads."""
    digest = hashlib.sha256(repr((compiler_version(), tuple(flags))).encode())
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\0".encode() + content)
    return digest.hexdigest()[:32]


def _make(target: Path, command: Sequence[str]) -> None:
    """Run a compiler; its output appears under its name when it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=target.suffix)
    os.close(handle)
    try:
        run = subprocess.run([*command, "-o", temporary], capture_output=True, text=True, check=False)
        if run.returncode:
            tail = "\n".join((run.stdout + run.stderr).splitlines()[-30:])
            raise CompileFailed(f"{' '.join(command)} failed:\n{tail}")
        os.replace(temporary, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
