# SPDX-License-Identifier: Apache-2.0
"""Cases: what a device is asked to do. Each consists of parts, one behind the other when the one before is answered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from golden.integer_model import MoeModel, gate_decision
from spec.bank import Bank
from spec.network import RUNNING_MODES, Mode
from spec.presets import Accelerator

IMAGES = 14  # of a part, at most
_LONG_GAP = 300  # cycles


@dataclass(frozen=True)
class Part:
    """Images in one mode.

    Attributes:
        images: uint8 (N, height, width[, channels]).
        theta: the gate's threshold; it makes the mix of own and generic images.
        own: bool (N,), what the integer model's gate says.
        gaps: cycles that each pixel comes later than it could, (N, pixels), or None.
        ready: cycles in which results are taken, over and over, or None.
    """

    mode: Mode
    images: np.ndarray
    theta: int
    own: np.ndarray
    local_expert: int = 0
    gaps: np.ndarray | None = None
    ready: np.ndarray | None = None


class CaseMaker:
    """Random cases of one accelerator and bank."""

    def __init__(self, accelerator: Accelerator, bank: Bank, seed: int) -> None:
        self.accelerator, self._bank = accelerator, bank
        self._modes = [mode for mode in RUNNING_MODES if mode in accelerator.folding.modes]
        self._model = MoeModel(accelerator.moe)
        self._rng = np.random.default_rng([seed, 0xCA5E])

    def cases(self, count: int) -> list[tuple[Part, ...]]:
        """``count`` cases: one a mode without a pause, one a mode with, some with changes of mode, and so on."""
        made = []
        for number in range(count):
            modes = [self._modes[number % len(self._modes)]]
            paced = number // len(self._modes) % 2 == 1
            if paced:
                modes += self._rng.choice(self._modes, self._rng.integers(0, 3)).tolist()
            made.append(tuple(self._part(Mode(mode), paced) for mode in modes))
        return made

    def _part(self, mode: Mode, paced: bool) -> Part:
        rng, moe = self._rng, self.accelerator.moe
        count = int(rng.integers(1, IMAGES + 1)) if paced else IMAGES
        images = self.images(count)
        theta, own = self.mix(images)
        pixels = moe.network.in_shape.size
        return Part(
            mode, images, theta, own, int(rng.integers(moe.local_experts)),
            self._gaps(count, pixels) if paced else None, self._ready() if paced else None,
        )  # fmt: skip

    def images(self, count: int) -> np.ndarray:
        """Random images of different density."""
        s = self.accelerator.moe.network.in_shape
        size = (count, s.height, s.width) + ((s.channels,) if s.channels > 1 else ())
        density = self._rng.random((count,) + (1,) * (len(size) - 1))
        return (self._rng.integers(0, 256, size) * (self._rng.random(size) < density)).astype(np.uint8)

    def mix(self, images: np.ndarray) -> tuple[int, np.ndarray]:
        """A threshold that makes a random share of the images own ones, and which those are."""
        found = self._model.run(images, Mode.MOE_PARALLEL, self._bank, keep_layers=True)
        logits = found.layers[self.accelerator.moe.gate.out.name].reshape(len(images), -1).astype(np.int64)
        margins = np.sort(logits[:, 1:].max(1) - logits[:, 0])
        theta = int(np.concatenate([[margins[0] - 1], margins])[self._rng.integers(len(margins) + 1)])
        return theta, gate_decision(logits, theta) > 0

    def _gaps(self, count: int, pixels: int) -> np.ndarray | None:
        rng = self._rng
        kind = rng.integers(4)
        if kind == 0:
            return None
        if kind == 1:  # now and then one
            return (rng.random((count, pixels)) < 0.25).astype(np.uint32)
        gaps = np.zeros((count, pixels), np.uint32)
        if kind == 2:  # a pause in front of some images
            gaps[:, 0] = rng.integers(0, _LONG_GAP, count) * (rng.random(count) < 0.5)
        else:  # long ones anywhere
            gaps[rng.random(gaps.shape) < 0.01] = _LONG_GAP // 3
        return gaps

    def _ready(self) -> np.ndarray | None:
        rng = self._rng
        kind = rng.integers(3)
        if kind == 0:
            return None
        if kind == 1:
            ready = rng.random(int(rng.integers(2, 200))) < rng.random()
        else:  # long pauses, in which the device fills
            ready = np.zeros(int(rng.integers(1000, 6000)), bool)
            ready[: rng.integers(1, 12)] = True
        ready[rng.integers(len(ready))] = True
        return ready
