# SPDX-License-Identifier: Apache-2.0
"""The simulated device behind its serial pins, at the other end of a file descriptor: as a board at a port is."""

from __future__ import annotations

import ctypes
import os
import select
import threading
from collections.abc import Sequence
from pathlib import Path

from driver.transport import DeviceFault
from hw.board import DEVICE_TOP, board_options, board_sources
from hw.board.boards import Board
from hw.gen.build import GeneratedHardware, generate
from spec.presets import Accelerator as Design
from tools.verilate import build_library

MODEL = Path(__file__).with_name("model") / "serial.cpp"
DIVISOR = 8  # cycles of a bit, ticks of one: a fast line, so that little is simulated beside the device's work
GAP_CYCLES = 4000
START_TICKS = 2 * GAP_CYCLES  # reset, and the silence after which a frame may begin; a board was on before its driver
_STEP = 2000  # ticks between looks at the descriptor


def build_serial(
    hardware: GeneratedHardware, sources: Sequence[Path] = (), optimise: bool = True, board: Board | None = None
) -> Path:
    """The shared library of the device behind its pins, built when it is not there yet.

    Args:
        sources: others than those of ``hardware``, for example with a defect.
        board: the device in this board's top.
    """
    options = (f"-GDivisor={DIVISOR}", f"-GGapCycles={GAP_CYCLES}")
    if board:
        options = (*board_options(board.parameters(DIVISOR, GAP_CYCLES)), "-CFLAGS", "-DSERIAL_BOARD")
    return build_library(
        list(sources) or board_sources(hardware, board), board.module if board else DEVICE_TOP, MODEL,
        hardware.directory, optimise=optimise, options=options,
    )  # fmt: skip


class SerialBoard:
    """A device whose time passes in a thread of its own, and whose pins are bytes of a file descriptor.

    Args:
        design: what the device is built from.
        descriptor: read and written here; the other end is the driver's. It is closed when the device stops, so that
            nobody waits for it.
        library: a library built elsewhere.
        board: the device in this board's top, on a line for whose rate the board's clock is ``DIVISOR`` times as fast.

    Raises:
        DeviceFault: the device cannot be opened.
    """

    def __init__(
        self, design: Design, descriptor: int, library: Path | None = None, board: Board | None = None
    ) -> None:
        hardware = generate(design)
        self._library = ctypes.CDLL(str(library or build_serial(hardware, board=board)))
        self._library.serial_open.restype = ctypes.c_void_p
        self._library.serial_failure.restype = ctypes.c_char_p
        self._library.serial_receive.restype = ctypes.c_size_t
        self._library.serial_waiting.restype = ctypes.c_size_t
        self._library.serial_spoilt.restype = ctypes.c_uint64
        tick = ctypes.c_double(1e6 / board.clock_mhz if board else 0)  # ps
        handle = self._library.serial_open(str(hardware.directory).encode(), DIVISOR, tick)
        if not handle:
            raise DeviceFault(f"the simulated device stopped: {self._library.serial_failure().decode()}")
        self._device, self._descriptor = ctypes.c_void_p(handle), descriptor
        if self._library.serial_run(self._device, ctypes.c_uint64(START_TICKS)):
            raise DeviceFault(f"the simulated device stopped: {self._library.serial_failure().decode()}")
        self._end = threading.Event()
        self._lock = threading.Lock()
        self._heard = ctypes.create_string_buffer(1 << 16)
        self._failure = ""
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def noise(self, seed: int, share: float) -> None:
        """From now on spoil this share of the bytes on their way, in both directions (0: none)."""
        with self._lock:
            self._library.serial_noise(self._device, ctypes.c_uint32(seed), ctypes.c_double(share))

    @property
    def spoilt(self) -> int:
        """Bytes that noise spoilt so far."""
        return self._library.serial_spoilt(self._device)

    def _live(self) -> None:
        try:
            while not self._end.is_set() and self._step():
                pass
        except OSError:
            pass  # the driver's end was closed
        finally:
            os.close(self._descriptor)

    def _step(self) -> bool:
        """Let some time pass, with what is on the line; False when the device or the line has come to its end."""
        data = b""
        if select.select([self._descriptor], [], [], 0)[0]:
            data = os.read(self._descriptor, 1 << 12)
            if not data:
                return False
        with self._lock:
            self._library.serial_send(self._device, data, ctypes.c_size_t(len(data)))
            cycles = max(_STEP, self._library.serial_waiting(self._device))
            if self._library.serial_run(self._device, ctypes.c_uint64(cycles)):
                self._failure = self._library.serial_failure().decode()
                return False
            count = self._library.serial_receive(self._device, self._heard, ctypes.c_size_t(len(self._heard)))
        if count:
            os.write(self._descriptor, self._heard.raw[:count])
        return True

    def close(self) -> None:
        """Stop the device's time and release it.

        Raises:
            DeviceFault: it had stopped by itself, for example at an assertion of the RTL.
        """
        self._end.set()
        self._thread.join()
        if self._device:
            self._library.serial_close(self._device)
            self._device = None
            if self._failure:
                raise DeviceFault(f"the simulated device stopped: {self._failure}")
