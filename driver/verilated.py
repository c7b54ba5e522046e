# SPDX-License-Identifier: Apache-2.0
"""The simulated device: the Verilated accelerator in this process."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from driver.transport import BusError, DeviceFault
from hw.gen.build import GeneratedHardware, generate
from spec.presets import Accelerator as Design
from tools.verilate import build_library

MODEL = Path(__file__).with_name("model") / "device.cpp"
ACCEPTED, STARTED, CORRECTED = range(3)  # kinds of events, as in device.h
EVENT = np.dtype([("cycle", "u8"), ("kind", "u4"), ("outputs", "u4"), ("image", "u4", 4)])
TIMEOUT_CYCLES = 5_000_000  # without a result; the slowest preset needs a hundredth of it for an image
OKAY = 0
SWITCH_GOOD, SWITCH_STUCK_OPEN, SWITCH_STUCK_CLOSED, SWITCH_GLITCHING = range(4)  # as in device.h


class PowerLevels(NamedTuple):
    """Levels of the domains front end, GE, local experts, gate: each a tuple of four."""

    switch: tuple[bool, ...]
    clock: tuple[bool, ...]
    reset_released: tuple[bool, ...]
    isolated: tuple[bool, ...]
    memory: tuple[bool, ...]


# Switching activity of everything: wide words and memories too, which Verilator leaves out by itself.
_SAIF = ("--trace-saif", "--trace-max-array", "65536", "--trace-max-width", "65536", "-CFLAGS", "-DDEVICE_SAIF")


_WATCH = (str(MODEL.with_name("watch.vlt")), "-CFLAGS", "-DDEVICE_WATCH")


def build_device(
    hardware: GeneratedHardware,
    optimise: bool = True,
    corruption: bool = False,
    saif: bool = False,
    watch: bool = False,
) -> Path:
    """The shared library of the simulated device (``model/device.h``), built when it is not there yet.

    ``corruption`` makes a slower model in which domains without power can lose their state (``model/corruption.h``);
    ``saif`` one that can write its switching activity; ``watch`` one that tells when images and corrections start.
    """
    options = ("--public-flat-rw", "-CFLAGS", "-DDEVICE_CORRUPTION") if corruption else ()
    options += _SAIF if saif else ()
    options += _WATCH if watch else ()
    sources = hardware.device_sources
    return build_library(sources, "moe_accelerator", MODEL, hardware.directory, optimise=optimise, options=options)


def _library(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))
    library.device_open.restype = ctypes.c_void_p
    library.device_failure.restype = ctypes.c_char_p
    library.device_cycles.restype = library.device_result_cycle.restype = ctypes.c_uint64
    library.device_power.restype = ctypes.c_uint32
    library.device_corruptible.restype = library.device_corrupted.restype = ctypes.c_uint64
    for name in ("device_pixels_waiting", "device_results_waiting"):
        getattr(library, name).restype = ctypes.c_size_t
    library.device_watched.restype = ctypes.c_size_t
    return library


class VerilatedTransport:
    """A simulated device in this process (see ``driver/model/device.h``); time passes only while it is accessed.

    Args:
        design: what to build.
        library: a library built elsewhere, for example from altered sources.
        optimise: False compiles faster and runs slower.
    """

    def __init__(self, design: Design, library: Path | None = None, optimise: bool = True) -> None:
        hardware = generate(design)
        self._library = _library(library or build_device(hardware, optimise))
        handle = self._library.device_open(str(hardware.directory).encode())
        if not handle:
            raise DeviceFault(self._failure())
        self._device = ctypes.c_void_p(handle)

    def _failure(self) -> str:
        return f"the simulated device stopped: {self._library.device_failure().decode()}"

    def _check(self, code: int) -> None:
        if code:
            raise DeviceFault(self._failure())

    def read(self, address: int) -> int:
        """See :class:`driver.transport.Transport`."""
        data, response = ctypes.c_uint32(), ctypes.c_uint32()
        self._check(self._library.device_read(self._device, address, ctypes.byref(data), ctypes.byref(response)))
        if response.value != OKAY:
            raise BusError(f"a read of register address {address:#x} was refused")
        return data.value

    def write(self, address: int, value: int, strobes: int = 0xF) -> None:
        """See :class:`driver.transport.Transport`; ``strobes`` has one bit a byte."""
        response = ctypes.c_uint32()
        self._check(self._library.device_write(self._device, address, value, strobes, ctypes.byref(response)))
        if response.value != OKAY:
            raise BusError(f"a write to register address {address:#x} was refused")

    def write_burst(self, address: int, words: np.ndarray) -> None:
        """See :class:`driver.transport.Transport`."""
        words = np.ascontiguousarray(words, np.uint32)
        written, response = ctypes.c_size_t(), ctypes.c_uint32()
        self._check(
            self._library.device_write_burst(
                self._device, address, words.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(words)),
                ctypes.byref(written), ctypes.byref(response),
            )
        )  # fmt: skip
        if response.value != OKAY:
            raise BusError(f"write {written.value + 1} of {len(words)} to register address {address:#x} was refused")

    def send(self, pixels: np.ndarray, last: bool = True, label: int = 0) -> None:
        """Queue pixels of one image, uint8 (n,); with ``last``, TLAST goes with the final one. Costs no time.

        ``label``: TUSER of the first pixel (:func:`spec.learning.label_word`).
        """
        pixels = np.ascontiguousarray(pixels, np.uint8)
        pointer = pixels.ctypes.data_as(ctypes.c_void_p)
        self._check(
            self._library.device_send_labelled(
                self._device, pointer, ctypes.c_size_t(pixels.size), int(last), ctypes.c_uint32(label)
            )
        )

    def receive(self, count: int, timeout: int = TIMEOUT_CYCLES) -> tuple[np.ndarray, np.ndarray]:
        """Run until there are ``count`` results, or ``timeout`` cycles go by without one.

        Returns:
            Results, uint32 (n <= count,), and TLAST of each, bool (n,).
        """
        results, last, received = np.zeros(count, np.uint32), np.zeros(count, np.uint8), ctypes.c_size_t()
        self._check(
            self._library.device_receive(
                self._device, results.ctypes.data_as(ctypes.c_void_p), last.ctypes.data_as(ctypes.c_void_p),
                ctypes.c_size_t(count), ctypes.c_uint64(timeout), ctypes.byref(received),
            )
        )  # fmt: skip
        return results[: received.value], last[: received.value].astype(bool)

    def stream(self, images: np.ndarray, labels: Sequence[int] | None = None) -> np.ndarray:
        """See :class:`driver.transport.Transport`."""
        for image, label in zip(images, labels or [0] * len(images), strict=True):
            self.send(image, label=label)
        results, _ = self.receive(len(images))
        if len(results) != len(images):
            raise DeviceFault(f"the device gave {len(results)} results to {len(images)} images")
        return results

    def run(self, cycles: int) -> None:
        """Let time pass."""
        self._check(self._library.device_run(self._device, ctypes.c_uint64(cycles)))

    def power_switch(self, domain: int, latency: int = 3, kind: int = SWITCH_GOOD) -> None:
        """How the power switch of a domain behaves: cycles to its acknowledge, and one of ``SWITCH_*``."""
        self._library.device_switch(self._device, domain, ctypes.c_uint32(latency), kind)

    @property
    def power(self) -> PowerLevels:
        """Control levels of all domains now."""
        bits = self._library.device_power(self._device)
        return PowerLevels(*(tuple(bool(bits >> 4 * k + d & 1) for d in range(4)) for k in range(5)))

    def corrupt(self, seed: int) -> None:
        """From now on, whatever is in a domain without power becomes random; 0: no longer.

        Raises:
            DriverError: the model was built without ``corruption``.
        """
        self._check(self._library.device_corrupt(self._device, ctypes.c_uint64(seed)))

    def corruptible_bits(self, domain: int, memories: bool = False) -> int:
        """Bits of a domain that corruption overwrites, without or with its weight memories."""
        return self._library.device_corruptible(self._device, domain, int(memories))

    @property
    def corrupted_bits(self) -> int:
        """Bits that corruption has overwritten so far."""
        return self._library.device_corrupted(self._device)

    def trace(self, path: Path | None) -> None:
        """From now on, count the switching activity of every net; None: write it to the file that was given.

        Raises:
            DriverError: the model was built without ``saif``, or the file cannot be written.
        """
        self._check(self._library.device_trace(self._device, str(path).encode() if path else None))

    def watched(self) -> np.ndarray:
        """What happened since it was asked last, in order: images accepted, and when they or corrections began to go to
        the experts; :data:`EVENT` (n,), empty if the model was built without ``watch``.

        ``image`` has the bits of the descriptor, lowest word first; ``outputs`` whom it goes to.
        """
        parts, chunk = [], 4096
        while True:
            events, room = np.zeros(chunk, EVENT), ctypes.c_size_t(chunk)
            count = self._library.device_watched(self._device, events.ctypes.data_as(ctypes.c_void_p), room)
            parts.append(events[:count])
            if count < chunk:
                return np.concatenate(parts)

    def pauses(self, seed: int) -> None:
        """Let pixels and results pause at random (0: never again)."""
        self._library.device_pauses(self._device, ctypes.c_uint32(seed))

    def reset(self) -> None:
        """Power-on reset; everything queued is gone."""
        self._check(self._library.device_reset(self._device))

    @property
    def cycles(self) -> int:
        """Clock cycles since the device was opened."""
        return self._library.device_cycles(self._device)

    @property
    def result_cycle(self) -> int:
        """Clock cycle in which the last result was taken from the device; 0 before the first."""
        return self._library.device_result_cycle(self._device)

    @property
    def interrupt(self) -> bool:
        """Level of the interrupt output."""
        return bool(self._library.device_interrupt(self._device))

    @property
    def pixels_waiting(self) -> int:
        """Pixels sent and not yet taken."""
        return self._library.device_pixels_waiting(self._device)

    @property
    def results_waiting(self) -> int:
        """Results taken from the device and not yet received here."""
        return self._library.device_results_waiting(self._device)

    def close(self) -> None:
        """See :class:`driver.transport.Transport`."""
        if self._device:
            self._library.device_close(self._device)
            self._device = None
