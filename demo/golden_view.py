# SPDX-License-Identifier: Apache-2.0
"""What the integer golden model says of one image: the answer that the device must give, and what no register tells.

The device gives a class and who answered. The runner-up, how sure the expert is and the gate's margin come from the
model, whose class and expert are compared with the device's for every image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from golden.integer_model import MoeModel, gate_decision
from spec.bank import Bank
from spec.network import Mode, Moe


@dataclass(frozen=True)
class Guess:
    """A class and the share that a soft-max of the expert's logits gives it."""

    label: int
    share: float


@dataclass(frozen=True)
class View:
    """One image in one mode.

    Attributes:
        expert: 0 the global, i local expert i - 1.
        first, second: the two best classes of the expert that answers.
        margin: best local gate logit minus the generic one, in the logits' integers; None in modes without a gate.
    """

    expert: int
    first: Guess
    second: Guess
    margin: int | None


class Golden:
    """The model of a device; torch computes, so one thread at a time."""

    def __init__(self, moe: Moe) -> None:
        self.moe = moe
        self.model = MoeModel(moe)
        self._ge_step = 2.0 ** -moe.network.layers[-1].accumulator.fraction_bits
        self._le_step = 2.0**-moe.le.out.accumulator.fraction_bits
        self.gate_step = 2.0**-moe.gate.out.accumulator.fraction_bits

    def view(self, bank: Bank, mode: Mode, image: np.ndarray, theta: int = 0) -> View:
        """What the device must make of an image, uint8 (28, 28); ``mode`` is any but OFF."""
        features = self.model.ge.front_end(image[None])
        if mode == Mode.GE_ONLY:
            return self._of_global(features, None)
        local = self.model.local_logits(features, bank)
        if mode == Mode.LE_ONLY:
            return self._view(1, local[0][0], self._le_step, None)
        gate = self.model.gate_logits(features, local, bank)
        expert = int(gate_decision(gate, theta)[0])
        margin = int(gate[0, 1:].max()) - int(gate[0, 0])
        if expert == 0:
            return self._of_global(features, margin)
        return self._view(expert, local[expert - 1][0], self._le_step, margin)

    def _of_global(self, features, margin: int | None) -> View:
        return self._view(0, self.model.ge.tail(features)[0], self._ge_step, margin)

    @staticmethod
    def _view(expert: int, logits: np.ndarray, step: float, margin: int | None) -> View:
        scaled = logits.astype(np.float64) * step
        shares = np.exp(scaled - scaled.max())
        shares /= shares.sum()
        first, second = np.argsort(-logits.astype(np.int64), kind="stable")[:2]  # the lowest index on a tie
        return View(expert, Guess(int(first), float(shares[first])), Guess(int(second), float(shares[second])), margin)
