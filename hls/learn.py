# SPDX-License-Identifier: Apache-2.0
"""C simulation of an accelerator that learns: labelled images in, answers, lessons and learned weights out."""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np

from golden.descriptor import ALL_ENABLED
from hls.build import build_library
from hls.csim import Settings, Simulation, write_words
from hls.gen import generate
from spec import result_word
from spec.bank import Bank
from spec.bank_payload import packed_layers, unpack_layer
from spec.errors import InputError
from spec.learning import LearnRule
from spec.network import LayerWeights, Mode
from spec.presets import Accelerator


class Kind(IntEnum):
    """What an image is, as far as learning is concerned."""

    UNLABELLED = 0
    OWN = 1
    GENERIC = 2


@dataclass(frozen=True)
class Lessons:
    """Answers to N images, and what became of each; all arrays have the shape (N,) but for ``domains``.

    Attributes:
        fields: of the result words, see :class:`spec.result_word.Fields`.
        domains: uint8 (N, 2), as in :class:`hls.csim.HlsResult`.
        random: uint32, state of the LFSR behind the image.
        learned: bool, the image was learned.
        local, gate: bool, their weights were to move.
        refused: bool, the image should have been learned and could not be; it is an ordinary one.
        saturations: int64, movements that the end of a weight's range prevented.
        seconds: time in the simulation.
    """

    fields: result_word.Fields
    domains: np.ndarray
    random: np.ndarray
    learned: np.ndarray
    local: np.ndarray
    gate: np.ndarray
    refused: np.ndarray
    saturations: np.ndarray
    seconds: float


class _Learning(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint32)
        for name in (
            "local",
            "gate",
            "bank",
            "expert",
            "local_margin",
            "own_margin",
            "generic_margin",
            "local_shift",
            "gate_shift",
        )
    ]


class HlsLearner:
    """One simulated accelerator that learns.

    Args:
        accelerator: what to build.
        rule: settings of learning; its seed becomes the LFSR's state.
        library: a library built elsewhere, of sources generated with ``learn=True``; default: build or reuse it.

    Raises:
        InputError: the library was built without learning.
    """

    def __init__(self, accelerator: Accelerator, rule: LearnRule, library: Path | None = None) -> None:
        self.accelerator, self.rule = accelerator, rule
        library = library or build_library(generate(accelerator, learn=True))
        self._library = ctypes.CDLL(str(library))
        if not hasattr(self._library, "accel_learn"):
            raise InputError(f"{library}: an accelerator that was built without learning")
        self._simulation = Simulation(self._library)
        self._valid = 0
        self._loaded: dict[int, tuple[Bank, np.ndarray]] = {}
        self.set_random(rule.seed)

    @property
    def random(self) -> int:
        """State of the LFSR."""
        self._library.accel_random.restype = ctypes.c_uint32
        return int(self._library.accel_random(self._simulation.handle))

    def set_random(self, state: int) -> None:
        """Set the LFSR's state, 32 bits; 0 changes nothing."""
        self._simulation.check(self._library.accel_set_random(self._simulation.handle, ctypes.c_uint32(state)))

    def load_bank(self, bank: Bank, number: int = 0) -> None:
        """Write a bank through the write stream and mark it valid.

        Raises:
            InputError: the bank does not fit, or the accelerator has no bank of this number.
        """
        bank.check(self.accelerator.moe)
        if not 0 <= number < self.accelerator.folding.weight_banks:
            raise InputError(f"bank {number} does not exist, there are {self.accelerator.folding.weight_banks}")
        words = write_words(self.accelerator, bank, number)
        self._simulation.write(words)
        self._loaded[number] = bank, words
        self._valid |= 1 << number

    def bank(self, number: int = 0) -> Bank:
        """A bank that was loaded, as its memories hold it now.

        Raises:
            InputError: no bank of this number was loaded.
            ValueError: a bit that belongs to no weight or bias is not 0.
        """
        if number not in self._loaded:
            raise InputError(f"bank {number} was never loaded")
        start, words = self._loaded[number]
        data = np.zeros(len(words), np.uint32)
        self._simulation.check(
            self._library.accel_read(
                self._simulation.handle, ctypes.c_void_p(words.ctypes.data), ctypes.c_size_t(len(words)),
                ctypes.c_void_p(data.ctypes.data),
            )
        )  # fmt: skip
        layers: list[LayerWeights] = []
        for packed in packed_layers(self.accelerator.moe, self.accelerator.folding):
            layers.append(unpack_layer(data[: packed.size], packed))
            data = data[packed.size :]
        count = len(start.local_experts[0])
        heads = [tuple(layers[i : i + count]) for i in range(0, count * len(start.local_experts), count)]
        gate = tuple(layers[count * len(heads) :])
        return Bank(start.preset, start.network_digest, tuple(heads), gate)

    def run(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        kinds: np.ndarray,
        mode: Mode = Mode.MOE_GATED,
        bank: int = 0,
        expert: int = 0,
        local: bool = True,
        gate: bool = True,
        ordinary_bank: int | None = None,
        theta: int = 0,
        local_expert: int = 0,
        ge_enable: int = 1,
        le_enable: int = ALL_ENABLED,
    ) -> Lessons:
        """Stream images, some of them labelled, through the accelerator, one after the other.

        Args:
            images: uint8 (N, H, W) or (N, H, W, C).
            labels: uint8 (N,), classes; of an unlabelled image it does not matter.
            kinds: (N,) of :class:`Kind`.
            mode: any mode but OFF, which accepts no image.
            bank: the bank that learns.
            expert: the local expert that learns.
            local, gate: which of them learn.
            ordinary_bank: the bank of images that are not learned; default: the one that learns.
            theta, local_expert, ge_enable, le_enable: as for :meth:`hls.csim.HlsSimulator.run`.

        Raises:
            HlsError: a wrong number of results.
            ValueError: mode OFF, or labels and kinds that do not fit the images.
        """
        if mode == Mode.OFF:
            raise ValueError("mode OFF accepts no image")
        n = len(images)
        labels, kinds = np.ascontiguousarray(labels, np.uint8), np.ascontiguousarray(kinds, np.uint8)
        if labels.shape != (n,) or kinds.shape != (n,):
            raise ValueError(f"{n} images, but labels of shape {labels.shape} and kinds of shape {kinds.shape}")
        images = np.ascontiguousarray(images, np.uint8).reshape(n, self.accelerator.moe.network.in_shape.size)
        chosen = bank if ordinary_bank is None else ordinary_bank
        settings = Settings(mode, chosen, self._valid, local_expert, theta, ge_enable, le_enable)
        rule = self.rule
        learning = _Learning(
            local, gate, bank, expert, rule.local_margin, rule.own_margin, rule.generic_margin, rule.local_shift,
            rule.gate_shift,
        )  # fmt: skip
        results, domains, words = np.zeros(n, np.uint32), np.zeros((n, 2), np.uint8), np.zeros(n, np.uint64)
        arrays = [ctypes.c_void_p(array.ctypes.data) for array in (images, labels, kinds)]
        outputs = [ctypes.c_void_p(array.ctypes.data) for array in (results, domains, words)]
        started = time.perf_counter()
        self._simulation.check(
            self._library.accel_learn(
                self._simulation.handle, *arrays, ctypes.c_size_t(n), ctypes.byref(settings),
                ctypes.byref(learning), *outputs,
            )
        )  # fmt: skip
        seconds = time.perf_counter() - started
        flags = [(words >> np.uint64(bit) & np.uint64(1)).astype(bool) for bit in (32, 33, 34, 35)]
        return Lessons(
            result_word.decode(results),
            domains,
            words.astype(np.uint32),
            *flags,
            (words >> np.uint64(40)).astype(np.int64),
            seconds,
        )

    def close(self) -> None:
        """Free the simulation."""
        self._simulation.close()
