# SPDX-License-Identifier: Apache-2.0
"""The one device and what is done with it: answer an image with somebody's bank, and teach.

Nothing here knows of people or requests. One thread at a time may use a :class:`Desk`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from demo.timeline import Timeline, record
from demo.weights import Weights
from driver import Accelerator
from driver.accelerator import Results
from driver.counters import Counters
from driver.lessons import Session
from driver.read_back import read_bank
from driver.transport import DeviceFault, DriverError
from spec.learning import LearnRule
from spec.network import Mode
from spec.presets import Accelerator as Design

_PATIENCE = 10_000  # reads of a status


@dataclass(frozen=True)
class Answer:
    """What the device made of one image.

    Attributes:
        label: class, 255 when nobody answered; None in mode OFF.
        expert: 0 the global, i local expert i - 1; None in mode OFF.
        cycles: from the first pixel to the result; None in mode OFF.
        counters: of this image alone.
    """

    label: int | None
    expert: int | None
    cycles: int | None
    counters: Counters
    timeline: Timeline


@dataclass(frozen=True)
class Lesson:
    """An image with its class; ``own`` is the person's, otherwise somebody else's, which only the gate learns."""

    image: np.ndarray
    label: int
    own: bool = True
    with_gate: bool = True


class Desk:
    """The device with the banks that it holds at the moment.

    Args:
        design: of the device, which is built when it is not there yet.
        rule: how it learns.
        device: one that is open already.
    """

    def __init__(self, design: Design, rule: LearnRule, device: Accelerator | None = None) -> None:
        self.design, self.rule = design, rule
        self.device = device or Accelerator.open(design=design)
        self._held: dict[int, str] = {}  # number of a bank in the device -> digest of what is in it

    def answer(self, weights: Weights, mode: Mode, image: np.ndarray, theta: int = 0) -> Answer:
        """Answer one image.

        Args:
            weights: whose bank answers.
            image: uint8 (28, 28).

        Raises:
            DeviceFault: the device does not answer, or with another bank.
        """
        number = self._select(weights)
        self._set_mode(mode)
        self.device.set_threshold(theta)
        self.device.write("counter_snapshot", clear=1)
        seen = record(self.device, None if mode == Mode.OFF else image)
        counters = self.device.counters()
        if seen.word is None:
            return Answer(None, None, None, counters, seen.timeline)
        result = Results.decode(np.array([seen.word], np.uint32))
        if result.banks[0] != number:
            raise DeviceFault(f"the device answered with bank {result.banks[0]}, bank {number} was selected")
        return Answer(int(result.classes[0]), int(result.experts[0]), seen.cycles, counters, seen.timeline)

    def teach(self, weights: Weights, lessons: Sequence[Lesson], seed: int) -> tuple[Weights, int]:
        """Teach images one after the other; the learned bank is read back.

        Args:
            weights: what the device begins with; they stay as they are.
            seed: state of the LFSR.

        Returns:
            The learned weights, and the LFSR's state after them.

        Raises:
            DriverError: the device cannot learn.
        """
        device = self.device
        number = self._select(weights, anew=True)
        self._held.pop(number)  # from here on it is nobody's, until it is known what it has become
        self._set_mode(Mode.MOE_GATED)
        session = Session(device, replace(self.rule, seed=seed), number)
        session.learn(
            np.stack([one.image for one in lessons]),
            np.array([one.label for one in lessons]),
            np.array([one.own for one in lessons]),
            np.array([one.with_gate for one in lessons]),
        )
        session.commit()
        learned = Weights.of(read_bank(device, number), self.design)
        self._held[number] = learned.digest
        return learned, device.read("learn_random.value")

    def reset(self) -> None:
        """Power-on reset: after a fault nothing that the device held is trusted."""
        self._held.clear()
        self.device.transport.reset()

    def close(self) -> None:
        """Release the device."""
        self.device.close()

    def _select(self, weights: Weights, anew: bool = False) -> int:
        """Let the images to come use these weights; number of the bank. ``anew``: in another bank than those held."""
        held = [number for number, digest in self._held.items() if digest == weights.digest]
        if held and not anew:
            self.device.select_bank(held[0])
            return held[0]
        selected = self.device.read("bank_select.bank")
        valid = self.device.read("bank_valid.valid") >> selected & 1
        number = (selected + 1) % self.device.banks if valid else selected
        self._held.pop(number, None)
        self.device.load_stream(weights.words, number)
        self._held[number] = weights.digest
        return number

    def _set_mode(self, mode: Mode) -> None:
        """Ask for a mode and wait until it is in force and its domains are where it wants them."""
        self.device.set_mode(mode)
        for _ in range(_PATIENCE):
            if not self.device.read("mode_status.pending"):
                return
        raise DriverError(f"mode {mode.name} does not come into force")
