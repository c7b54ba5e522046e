# SPDX-License-Identifier: Apache-2.0
"""Run whole data sets through the Verilated accelerator, on all cores."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from golden.integer_model import Answers
from hw.gen.build import generate
from hw.gen.memory import BankWrites, bank_writes
from hw.gen.taps import Tap, taps
from spec import result_word
from spec.bank import Bank
from spec.learning import LearnRule
from spec.network import Mode
from spec.presets import Accelerator
from tools.parallel import run_in_parallel
from verif.bulk.library import build_library

TIMEOUT_CYCLES = 20_000_000  # far beyond any preset's latency


class SimulationError(RuntimeError):
    """The RTL model stopped: an assertion failed, it hung, or it gave a wrong number of words."""


@dataclass(frozen=True)
class Pace:
    """How pixels come and results are taken.

    Attributes:
        gaps: uint32 (N, pixels), cycles that each pixel is offered later than it could be; None: none.
        ready: whether a result is taken, for each cycle from a run's first, over and over; None: always.
    """

    gaps: np.ndarray | None = None
    ready: np.ndarray | None = None


@dataclass
class BulkResult(Answers):
    """Answers of the RTL, with the fields of the result word and when each came.

    ``status``, ``banks`` are uint8 (N,), ``sequence`` uint16 (N,). ``cycles`` (N,) is the clock cycle of each
    result, ``accepted`` (N,) that of each image's first pixel; both count from the start of the image's own chunk
    (each core simulates one contiguous chunk); the first one's began at the cycle ``started``. ``cycles_per_image`` is
    the mean distance of results in steady state.
    """

    status: np.ndarray = None
    banks: np.ndarray = None
    sequence: np.ndarray = None
    cycles: np.ndarray = None
    accepted: np.ndarray = None
    cycles_per_image: float = float("nan")
    latency: int = 0
    started: int = 0
    seconds: float = 0.0


class _Learning(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint32)
        for name in (
            "open", "bank", "expert", "local_margin", "local_shift", "own_margin", "generic_margin",
            "gate_shift",
        )
    ]  # fmt: skip


class _Settings(ctypes.Structure):
    _fields_ = [
        ("mode", ctypes.c_uint32),
        ("bank", ctypes.c_uint32),
        ("bank_valid", ctypes.c_uint32),
        ("local_expert", ctypes.c_uint32),
        ("theta", ctypes.c_int32),
        ("pause_seed", ctypes.c_uint32),
        ("timeout", ctypes.c_uint64),
    ]


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


class _Model:
    """One Verilated model (one thread at a time)."""

    def __init__(self, library: ctypes.CDLL, memory_directory: Path) -> None:
        self._library = library
        self._handle = library.moe_open(str(memory_directory).encode())
        if not self._handle:
            raise SimulationError(self._failure())

    def _failure(self) -> str:
        return self._library.moe_failure().decode()

    def check(self, code: int) -> None:
        if code:
            raise SimulationError(self._failure())

    def load(self, bank: int, writes) -> None:
        arrays = (writes.layer, writes.bias, writes.address, writes.data)
        self.check(
            self._library.moe_write(
                ctypes.c_void_p(self._handle), bank, ctypes.c_size_t(len(writes)), *map(_pointer, arrays)
            )
        )

    def read(self, bank: int, writes) -> np.ndarray:
        data = np.zeros(len(writes), np.uint32)
        arrays = (writes.layer, writes.bias, writes.address, data)
        self.check(
            self._library.moe_read(
                ctypes.c_void_p(self._handle), bank, ctypes.c_size_t(len(writes)), *map(_pointer, arrays)
            )
        )
        return data

    def learn(self, session: _Learning, random: int) -> None:
        self.check(self._library.moe_learn(ctypes.c_void_p(self._handle), ctypes.byref(session), random))

    def random(self) -> int:
        return self._library.moe_random(ctypes.c_void_p(self._handle))

    def pace(self, gaps: np.ndarray | None, ready: np.ndarray | None) -> None:
        waits = np.ascontiguousarray(() if gaps is None else gaps, np.uint32).ravel()
        takes = np.ascontiguousarray(() if ready is None else ready, np.uint8)
        self.check(
            self._library.moe_pace(
                ctypes.c_void_p(self._handle), _pointer(waits), ctypes.c_size_t(waits.size),
                _pointer(takes), ctypes.c_size_t(takes.size),
            )
        )  # fmt: skip

    def run(self, images: np.ndarray, labels: np.ndarray | None, settings: _Settings, tap_table, progress) -> tuple:
        n, started = len(images), self._library.moe_now(ctypes.c_void_p(self._handle))
        results, cycles, accepted = np.zeros(n, np.uint32), np.zeros(n, np.uint64), np.zeros(n, np.uint64)
        buffers: list[np.ndarray] = []
        data = room = used = None
        if tap_table:
            used = (ctypes.c_size_t * len(tap_table))()
            buffers = [np.zeros(n * t.values, np.int32 if t.signed else np.uint8) for t in tap_table]
            data = (ctypes.c_void_p * len(buffers))(*[b.ctypes.data for b in buffers])
            room = (ctypes.c_size_t * len(buffers))(*[b.nbytes for b in buffers])
        code = self._library.moe_run(
            ctypes.c_void_p(self._handle), _pointer(images), None if labels is None else _pointer(labels),
            ctypes.c_size_t(n), ctypes.byref(settings),
            _pointer(results), _pointer(cycles), _pointer(accepted), data, room, used, ctypes.byref(progress),
        )  # fmt: skip
        self.check(code)
        layers = {t.name: b[: u // b.itemsize] for t, b, u in zip(tap_table, buffers, used or (), strict=True)}
        return results, cycles, accepted, started, layers

    def reset(self) -> None:
        self.check(self._library.moe_reset(ctypes.c_void_p(self._handle)))

    def close(self) -> None:
        self._library.moe_close(ctypes.c_void_p(self._handle))


class BulkSimulator:
    """The accelerator's RTL as a function from images to answers.

    Args:
        accelerator: what to build.
        memory_directory: where the memory files are read from, to simulate a design with altered memories;
            default: the generated ones.
        library: a library built elsewhere (for example from altered sources); default: build or reuse it.
        threads: models that run at the same time; default: one per core.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        memory_directory: Path | None = None,
        library: Path | None = None,
        threads: int | None = None,
    ) -> None:
        self.accelerator = accelerator
        hardware = generate(accelerator)
        self._library = ctypes.CDLL(str(library or build_library(hardware)))
        self._library.moe_open.restype = ctypes.c_void_p
        self._library.moe_failure.restype = ctypes.c_char_p
        self._library.moe_random.restype = ctypes.c_uint32
        self._library.moe_now.restype = ctypes.c_uint64
        self._taps = taps(accelerator.moe, accelerator.folding)
        directory = memory_directory or hardware.directory
        self._models = [_Model(self._library, directory) for _ in range(threads or os.cpu_count() or 1)]
        self._valid = 0

    def load_bank(self, bank: Bank, number: int = 0) -> None:
        """Write a bank's weights through the write port of every model and mark it valid.

        A baked accelerator has its bank already, and ignores writes.
        """
        bank.check(self.accelerator.moe)
        writes = bank_writes(self.accelerator.moe, self.accelerator.folding, bank)
        for model in self._models:
            model.load(number, writes)
        self._valid |= 1 << number

    def run(
        self,
        images: np.ndarray,
        mode: Mode,
        bank: int = 0,
        theta: int = 0,
        local_expert: int = 0,
        keep_layers: bool = False,
        pause_seed: int = 0,
        description: str | None = None,
        chunk: int = 250,
        timeout: int = TIMEOUT_CYCLES,
        on_chunk: Callable[[int, BulkResult], None] | None = None,
        labels: np.ndarray | None = None,
        pace: Pace | None = None,
    ) -> BulkResult:
        """Stream images through the accelerator.

        Args:
            images: uint8 (N, H, W).
            keep_layers: also return every layer's output, in the integer model's shapes (flattened per image).
            pause_seed: 0 streams without pauses; otherwise pixels and results pause at random.
            description: label of a progress bar; None shows none.
            chunk: images per call of one model; results do not depend on it.
            timeout: cycles without a result after which the run is given up.
            on_chunk: called as (first image, chunk result) instead of keeping the layers of all images.
            labels: uint16 (N,), TUSER of each image's first pixel (:func:`spec.learning.label_word`); in a learning
                session the order of images matters, so that there must be one model.
            pace: gaps between pixels, and when results are taken (anew in each chunk).

        Raises:
            SimulationError: see there.
            InputError: the device does not have the mode.
        """
        self.accelerator.folding.check_mode(mode)
        images = np.ascontiguousarray(images, np.uint8).reshape(len(images), -1)
        settings = _Settings(mode, bank, self._valid, local_expert, theta, pause_seed, timeout)
        tap_table: tuple[Tap, ...] = self._taps if keep_layers else ()
        started = time.perf_counter()

        def work(model: _Model, low: int, high: int, progress: ctypes.c_uint64) -> BulkResult:
            gaps = None if pace is None or pace.gaps is None else pace.gaps[low:high]
            model.pace(gaps, pace and pace.ready)
            words = None if labels is None else np.ascontiguousarray(labels[low:high], np.uint16)
            part = _decode(model.run(images[low:high], words, settings, tap_table, progress), high - low)
            if on_chunk:
                on_chunk(low, part)
                part.layers = {}
            return part

        models = [partial(work, model) for model in self._models]
        parts = run_in_parallel(len(images), chunk, models, description)
        result = _join([part for _, part in parts], [tap.name for tap in tap_table])
        result.seconds = time.perf_counter() - started
        return result

    def learn(self, rule: LearnRule | None, bank: int = 0, expert: int = 0, reseed: bool = True) -> None:
        """Open a learning session on a bank, with the LFSR at the rule's seed if ``reseed``; None ends it."""
        if rule is None:
            session, seed = _Learning(), 0
        else:
            session = _Learning(open=1, bank=bank, expert=expert, **_fields(rule))
            seed = rule.seed if reseed else 0
        for model in self._models:
            model.learn(session, seed)

    def read_bank(self, writes: BankWrites, number: int = 0) -> np.ndarray:
        """What the first model's bank holds at the addresses of ``writes``: uint32, to be compared with its data."""
        return self._models[0].read(number, writes)

    @property
    def random(self) -> int:
        """State of the first model's LFSR."""
        return self._models[0].random()

    def reset(self) -> None:
        """Reset every model, for example after a run that failed; loaded banks stay."""
        for model in self._models:
            model.reset()

    def close(self) -> None:
        """Free the models."""
        for model in self._models:
            model.close()
        self._models = []


def _fields(rule: LearnRule) -> dict[str, int]:
    return {name: value for name, value in asdict(rule).items() if name != "seed"}


def _decode(raw: tuple, n: int) -> BulkResult:
    words, cycles, accepted, started, layers = raw
    shaped = {name: values for name, values in layers.items() if len(values)}
    return BulkResult(
        **result_word.decode(words)._asdict(),
        layers=shaped,
        cycles=cycles,
        accepted=accepted,
        # The first two distances still show the pipeline filling up.
        cycles_per_image=float(cycles[-1] - cycles[2]) / (n - 3) if n > 3 else float("nan"),
        latency=int(cycles[0] - accepted[0]) if n else 0,
        started=started,
    )


def _join(parts: list[BulkResult], names: list[str]) -> BulkResult:
    """All chunks as one result; ``names`` are the layers in network order. A chunk has no key for a layer that none of
    its images used (the GE's in MOE_GATED), which is no rows of that layer."""
    if not parts:
        empty = np.zeros(0, np.uint8)
        return BulkResult(empty, empty, status=empty, banks=empty, sequence=empty, cycles=empty, accepted=empty)

    def cat(name: str) -> np.ndarray:
        return np.concatenate([getattr(p, name) for p in parts])

    present = {name: [p.layers[name] for p in parts if name in p.layers] for name in names}
    layers = {name: np.concatenate(values) for name, values in present.items() if values}
    rates = np.array([p.cycles_per_image for p in parts])
    weights = np.array([len(p.classes) - 3 for p in parts], float)
    known = ~np.isnan(rates)
    rate = float(np.average(rates[known], weights=weights[known])) if known.any() else float("nan")
    return BulkResult(
        cat("classes"),
        cat("experts"),
        layers,
        status=cat("status"),
        banks=cat("banks"),
        sequence=cat("sequence"),
        cycles=cat("cycles"),
        accepted=cat("accepted"),
        cycles_per_image=rate,
        latency=parts[0].latency,
        started=parts[0].started,
    )
