# SPDX-License-Identifier: Apache-2.0
"""One top of :mod:`hls.tops` as a function from input words to output words, in whatever model a library holds."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hls.build import FLAGS, SIMULATION, quick, run_compiler
from hls.gen import GeneratedHls
from hls.top_vectors import TopVectors
from hls.tops import Port, Top
from spec.files import locked, source_digest, write_if_changed

MODEL = (SIMULATION / "top_model.hpp", SIMULATION / "top_model.inc")


class TopError(RuntimeError):
    """A model stopped, or left words behind."""


@dataclass(frozen=True)
class TopRun:
    """Output words by port, as in :class:`TopVectors`, and the clock cycles from reset to the last one."""

    outputs: dict[str, np.ndarray]
    cycles: int


def build_models(generated: GeneratedHls, tops: Sequence[Top], directory: Path, optimise: bool = True) -> Path:
    """Compile the C simulation of tops that were written, with the types of hardware, as one shared library.

    Args:
        directory: where libraries are kept; a library's name has a digest of its sources.
        optimise: False compiles faster a simulation that runs slower.

    Raises:
        InputError, CompileError: as :func:`hls.build.run_compiler`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    place = generated.directory / "tops"
    text = '#include "top_model.hpp"\n'
    for top in tops:
        text += f'#include "{top.name}.cpp"\n#include "{top.name}/top_ports.h"\n#include "top_model.inc"\n'
    unit = place / "tops_model.cpp"
    write_if_changed(unit, text)
    flags = [*(FLAGS if optimise else quick(FLAGS)), "-DACCEL_HARDWARE=1", "-shared"]
    paths = [f"-I{path}" for path in (*generated.include_path, SIMULATION, place)]
    written = [path for top in tops for path in (place / f"{top.name}.cpp", place / top.name / "top_ports.h")]
    digest = source_digest([unit, *written, *MODEL, *generated.headers])
    name = f"tops_{hashlib.sha256(repr((digest, flags)).encode()).hexdigest()[:16]}"
    library = directory / f"{name}.so"
    with locked(directory / f"{name}.lock"):  # another process may be building the same library
        if not library.exists():
            temporary = directory / f"{name}.tmp"
            run_compiler([*flags, *paths, str(unit), "-o", str(temporary)], "the C simulation of the layers")
            temporary.replace(library)
    return library


def run_top(
    library: Path, top: Top, vectors: TopVectors, seed: int = 0, stall: int = 0, memory: Path | None = None
) -> TopRun:
    """Run a model on all calls.

    Args:
        library: with the C interface of ``hls/sim/top_model.inc``.
        seed, stall: Verilog is held back in ``stall`` of 256 cycles on each stream, at random.
        memory: directory of the memory files that Verilog reads; default: where it is run.

    Raises:
        TopError: the model stopped before it had given as many words as expected, or gave more.
    """
    handle = ctypes.CDLL(str(library))
    failure = handle[f"{top.name}_failure"]
    failure.restype = ctypes.c_char_p
    streams = [port for port in top.ports if port.stream]
    ordered = [port for port in streams if port.is_input] + [port for port in streams if not port.is_input]
    buffers = [_buffer(port, vectors) for port in ordered]
    data = (ctypes.c_void_p * len(buffers))(*[buffer.ctypes.data for buffer in buffers])
    count = (ctypes.c_size_t * len(buffers))(*[len(buffer) for buffer in buffers])
    registers = (ctypes.c_int64 * max(len(vectors.registers), 1))(*vectors.registers)
    cycles = ctypes.c_uint64()
    code = handle[f"{top.name}_run"](
        str(memory or Path.cwd()).encode(), data, count, registers, ctypes.c_uint64(seed), ctypes.c_uint(stall),
        ctypes.byref(cycles),
    )  # fmt: skip
    if code:
        raise TopError(f"top {top.name}: {failure().decode()}")
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
