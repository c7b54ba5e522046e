# SPDX-License-Identifier: Apache-2.0
"""One top of :mod:`hls.tops` as a function from input words to output words, in whatever model a library holds."""

from __future__ import annotations

import ctypes
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hls.build import FLAGS, SIMULATION, quick, run_compiler
from hls.gen import GeneratedHls
from hls.top_vectors import TopVectors
from hls.tops import Port, Top
from spec.files import locked, source_digest

MODEL = SIMULATION / "top_model.cpp"


class TopError(RuntimeError):
    """A model stopped, or left words behind."""


@dataclass(frozen=True)
class TopRun:
    """Output words by port, as in :class:`TopVectors`, and the clock cycles from reset to the last one."""

    outputs: dict[str, np.ndarray]
    cycles: int


def build_model(generated: GeneratedHls, top: Top, unit: Path, directory: Path) -> Path:
    """Compile a top's C simulation, with the types of hardware, as a shared library in ``directory``.

    Raises:
        InputError, CompileError: as :func:`hls.build.run_compiler`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    ports = unit.with_suffix("")
    flags = [*quick(FLAGS), "-O1", "-DACCEL_HARDWARE=1", "-shared", "-pthread"]
    paths = [f"-I{path}" for path in (*generated.include_path, ports)]
    files = [unit, MODEL, ports / "top_ports.h", *generated.headers]
    digest = hashlib.sha256((source_digest(files) + repr(flags)).encode()).hexdigest()[:16]
    library = directory / f"{top.name}_{digest}.so"
    with locked(library.with_suffix(".lock")):
        if not library.exists():
            temporary = library.with_suffix(".tmp")
            run_compiler([*flags, *paths, str(unit), str(MODEL), "-o", str(temporary)], f"the top {top.name}")
            temporary.replace(library)
    return library


def run_top(library: Path, top: Top, vectors: TopVectors, seed: int = 0, stall: int = 0) -> TopRun:
    """Run a model on all calls.

    Args:
        library: with the C interface of ``hls/sim/top_model.cpp``.
        seed, stall: a model with a clock holds each stream back in ``stall`` of 256 cycles, at random.

    Raises:
        TopError: the model stopped before it had given as many words as expected, or gave more.
    """
    handle = ctypes.CDLL(str(library))
    handle.top_failure.restype = ctypes.c_char_p
    streams = [port for port in top.ports if port.stream]
    ordered = [port for port in streams if port.is_input] + [port for port in streams if not port.is_input]
    buffers = [_buffer(port, vectors) for port in ordered]
    data = (ctypes.c_void_p * len(buffers))(*[buffer.ctypes.data for buffer in buffers])
    count = (ctypes.c_size_t * len(buffers))(*[len(buffer) for buffer in buffers])
    registers = (ctypes.c_int64 * max(len(vectors.registers), 1))(*vectors.registers)
    cycles = ctypes.c_uint64()
    code = handle.top_run(
        data, count, registers, ctypes.c_uint64(seed), ctypes.c_uint(stall), ctypes.byref(cycles)
    )  # fmt: skip
    if code:
        raise TopError(f"top {top.name}: {handle.top_failure().decode()}")
    outputs = {}
    for port, buffer, found in zip(ordered, buffers, count, strict=True):
        if not port.is_input:
            if found != len(buffer):
                raise TopError(f"top {top.name}: port {port.name} gave {found} words, expected were {len(buffer)}")
            outputs[port.name] = buffer
    return TopRun(outputs, cycles.value)


def differing(vectors: TopVectors, run: TopRun) -> int:
    """Output words that are not what they must be."""
    return sum(int((run.outputs[name] != expected).any(1).sum()) for name, expected in vectors.outputs.items())


def _buffer(port: Port, vectors: TopVectors) -> np.ndarray:
    if port.is_input:
        return np.ascontiguousarray(vectors.inputs[port.name])
    return np.zeros_like(vectors.outputs[port.name])
