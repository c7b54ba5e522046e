# SPDX-License-Identifier: Apache-2.0
"""C simulation of the HLS top level: whole data sets, on all cores, as a function from images to answers."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from golden.descriptor import ALL_ENABLED
from golden.integer_model import Answers
from hls.build import build_library
from hls.gen import GeneratedHls, Tap, generate, taps
from hw.gen.memory import bank_writes
from spec import result_word
from spec.bank import Bank
from spec.network import Mode
from spec.presets import Accelerator
from spec.result_word import Status
from tools.parallel import run_in_parallel

CHUNK = 100  # images per call of one simulation; results do not depend on it


class HlsError(RuntimeError):
    """The C simulation gave a wrong number of results or values."""


@dataclass
class HlsResult(Answers):
    """Answers of the HLS top level, with the fields of the result word.

    ``status``, ``banks`` are uint8 (N,), ``sequence`` uint16 (N,). ``domains`` is uint8 (N, 2): power domains enabled
    at the image's start, and after the gate's decision (bit 0 PD_FE, 1 PD_GE, 2 PD_LE, 3 PD_GN). ``seconds`` is the
    time that the busiest thread spent in the simulation.
    """

    status: np.ndarray = None
    banks: np.ndarray = None
    sequence: np.ndarray = None
    domains: np.ndarray = None
    seconds: float = 0.0


class Settings(ctypes.Structure):
    _fields_ = [
        ("mode", ctypes.c_uint32),
        ("bank", ctypes.c_uint32),
        ("bank_valid", ctypes.c_uint32),
        ("local_expert", ctypes.c_uint32),
        ("theta", ctypes.c_int32),
        ("ge_enable", ctypes.c_uint32),
        ("le_enable", ctypes.c_uint32),
    ]


def write_words(accelerator: Accelerator, bank: Bank, number: int) -> np.ndarray:
    """The bank as uint64 words of the write stream.

    A word has [31:0] data, [51:32] address, [55:52] bank, [60:56] layer, [61] bias.
    """
    writes = bank_writes(accelerator.moe, accelerator.folding, bank)
    fields = ((writes.data, 0), (writes.address, 32), (writes.layer, 56), (writes.bias, 61))
    words = np.full(len(writes), number << 52, np.uint64)
    for values, position in fields:
        words |= values.astype(np.uint64) << np.uint64(position)
    return words


class Simulation:
    """One simulated accelerator (one thread at a time)."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.accel_open.restype = ctypes.c_void_p
        library.accel_failure.restype = ctypes.c_char_p
        self.handle = ctypes.c_void_p(library.accel_open())

    def check(self, code: int) -> None:
        if code:
            raise HlsError(self._library.accel_failure().decode())

    def write(self, words: np.ndarray) -> None:
        self.check(
            self._library.accel_write(self.handle, words.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(words)))
        )

    def run(self, pixels: np.ndarray, lengths: np.ndarray | None, n: int, settings: Settings, table: tuple, progress):
        results, domains = np.zeros(n, np.uint32), np.zeros((n, 2), np.uint8)
        buffers = [np.zeros(n * t.values, np.int32 if t.wide else np.uint8) for t in table]
        data = room = None
        used = (ctypes.c_size_t * max(len(table), 1))()
        if table:
            data = (ctypes.c_void_p * len(buffers))(*[b.ctypes.data for b in buffers])
            room = (ctypes.c_size_t * len(buffers))(*[b.nbytes for b in buffers])
        pointer = ctypes.c_void_p(lengths.ctypes.data) if lengths is not None else None
        self.check(
            self._library.accel_run(
                self.handle, ctypes.c_void_p(pixels.ctypes.data), pointer, ctypes.c_size_t(n), ctypes.byref(settings),
                ctypes.c_void_p(results.ctypes.data), ctypes.c_void_p(domains.ctypes.data), data, room, used,
                ctypes.byref(progress),
            )
        )  # fmt: skip
        layers = {t.name: b[: u // b.itemsize] for t, b, u in zip(table, buffers, used, strict=False) if u}
        return results, domains, layers

    def close(self) -> None:
        self._library.accel_close(self.handle)


class HlsSimulator:
    """The accelerator's HLS sources as a function from images to answers.

    Args:
        accelerator: what to build.
        generated: generated sources to compile, for example altered ones; default: generate them.
        threads: simulations that run at the same time; default: one per core.
        library: a library built elsewhere; default: build or reuse it.
        hls4ml: the library has hls4ml's front end and tail (see :mod:`hls.seam`). Of their layers only the last one is
            recorded, and each simulation gets its own copy of the library, because of their static line buffers.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        generated: GeneratedHls | None = None,
        threads: int | None = None,
        library: Path | None = None,
        hls4ml: bool = False,
    ) -> None:
        self.accelerator = accelerator
        self._taps = taps(accelerator.moe)
        tail = accelerator.moe.network.tail
        self._recorded_tail = [layer.name for layer in (tail[-1:] if hls4ml else tail)]
        library = library or build_library(generated or generate(accelerator))
        count = threads or os.cpu_count() or 1
        self._copies = tempfile.TemporaryDirectory(prefix="accel_csim_") if hls4ml else None
        self._simulations = []
        for i in range(count):
            path = library
            if self._copies:
                path = Path(shutil.copy(library, Path(self._copies.name) / f"{i}.so"))
            self._simulations.append(Simulation(ctypes.CDLL(str(path))))
        self._valid = 0

    def load_bank(self, bank: Bank, number: int = 0) -> None:
        """Write a bank through the write stream of every simulation and mark it valid; nothing is recompiled."""
        bank.check(self.accelerator.moe)
        if not 0 <= number < self.accelerator.folding.weight_banks:
            raise ValueError(f"bank {number} does not exist, there are {self.accelerator.folding.weight_banks}")
        words = write_words(self.accelerator, bank, number)
        for simulation in self._simulations:
            simulation.write(words)
        self._valid |= 1 << number

    def run(
        self,
        images: np.ndarray,
        mode: Mode,
        bank: int = 0,
        theta: int = 0,
        local_expert: int = 0,
        keep_layers: bool = False,
        description: str | None = None,
        chunk: int = CHUNK,
        on_chunk: Callable[[int, HlsResult], None] | None = None,
        ge_enable: int = 1,
        le_enable: int = ALL_ENABLED,
    ) -> HlsResult:
        """Stream images through the accelerator.

        Args:
            images: uint8 (N, H, W) or (N, H, W, C).
            mode: any mode but OFF, which accepts no image.
            bank: bank of run-time weights; one that was never loaded is not valid (status bit, see the result word).
            keep_layers: also return every layer's output, in the integer model's names, shapes and dtypes.
            description: label of a progress bar; None shows none.
            chunk: images per call of one simulation.
            on_chunk: called as (first image, chunk result) instead of keeping the layers of all images; calls come
                from several threads.
            ge_enable, le_enable: which experts may run; ``le_enable`` has one bit a local expert.

        Raises:
            HlsError: see there.
            ValueError: mode OFF.
        """
        if mode == Mode.OFF:
            raise ValueError("mode OFF accepts no image")
        images = np.ascontiguousarray(images, np.uint8).reshape(len(images), self.accelerator.moe.network.in_shape.size)
        settings = Settings(mode, bank, self._valid, local_expert, theta, ge_enable, le_enable)
        table = self._taps if keep_layers else ()
        busy = [0.0] * len(self._simulations)

        def work(index: int, low: int, high: int, progress: ctypes.c_uint64) -> HlsResult:
            started = time.perf_counter()
            raw = self._simulations[index].run(images[low:high], None, high - low, settings, table, progress)
            busy[index] += time.perf_counter() - started
            part = self._decode(raw, mode)
            if on_chunk:
                on_chunk(low, part)
                part.layers, part.used = {}, {}
            return part

        models = [partial(work, index) for index in range(len(self._simulations))]
        parts = run_in_parallel(len(images), chunk, models, description)
        result = _join(parts)
        result.seconds = max(busy)
        return result

    def run_stream(self, pixels: list[np.ndarray], mode: Mode, bank: int = 0, theta: int = 0) -> HlsResult:
        """Images of any length (flat uint8 arrays), as a stream with TLAST at the end of each: for the status bits."""
        data = np.concatenate([np.asarray(p, np.uint8) for p in pixels])
        lengths = np.array([len(p) for p in pixels], np.uint32)
        settings = Settings(mode, bank, self._valid, 0, theta, 1, ALL_ENABLED)
        raw = self._simulations[0].run(data, lengths, len(pixels), settings, (), ctypes.c_uint64(0))
        return self._decode(raw, mode)

    def _decode(self, raw: tuple, mode: Mode) -> HlsResult:
        words, domains, layers = raw
        moe = self.accelerator.moe
        result = HlsResult(**result_word.decode(words)._asdict(), domains=domains)
        shapes = layer_shapes(self._taps, self.accelerator)
        result.layers = {name: values.reshape(-1, *shapes[name]) for name, values in layers.items()}
        if mode == Mode.MOE_GATED and layers and not (result.status & (Status.NO_BANK | Status.DISABLED)).any():
            generic = np.flatnonzero(result.experts == 0)
            result.used = dict.fromkeys(self._recorded_tail, generic)
            for name in self._recorded_tail:  # present even when no image was generic
                wide = name == moe.network.layers[-1].name
                result.layers.setdefault(name, np.zeros((0, *shapes[name]), np.int32 if wide else np.uint8))
        return result

    def close(self) -> None:
        """Free the simulations."""
        for simulation in self._simulations:
            simulation.close()
        self._simulations = []
        if self._copies:
            self._copies.cleanup()


def layer_shapes(table: tuple[Tap, ...], accelerator: Accelerator) -> dict[str, tuple[int, ...]]:
    """Shape of one image's output of every recorded layer, as the integer model gives it."""
    moe = accelerator.moe
    layers = dict(moe.bank_layers) | {x.name: x for x in (*moe.network.layers, moe.le.pool, moe.gate.pool)}
    return {tap.name: layers[tap.name].dims for tap in table}


def _join(parts: list[tuple[int, HlsResult]]) -> HlsResult:
    if not parts:
        empty = np.zeros(0, np.uint8)
        return HlsResult(empty, empty, status=empty, banks=empty, sequence=empty, domains=np.zeros((0, 2), np.uint8))

    def cat(name: str) -> np.ndarray:
        return np.concatenate([getattr(p, name) for _, p in parts])

    result = HlsResult(
        *(cat(name) for name in ("classes", "experts")),
        **{name: cat(name) for name in ("status", "banks", "sequence", "domains")},
    )
    for name in parts[0][1].layers:
        result.layers[name] = np.concatenate([p.layers[name] for _, p in parts])
    for name in parts[0][1].used:
        result.used[name] = np.concatenate([p.used[name] + low for low, p in parts])
    return result
