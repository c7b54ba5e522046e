# SPDX-License-Identifier: Apache-2.0
"""What a device is asked so that everything in it is used, and whether each answer is the golden models'.

Two users' banks are loaded and swapped while the modes change; in MOE_GATED the GE sleeps between the images that need
it, in OFF everything does; in the end the device learns some labelled images.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from driver.accelerator import Accelerator
from driver.lessons import Session
from driver.transport import DriverError
from driver.verilated import VerilatedTransport
from golden.descriptor import Descriptor, Settings
from golden.integer_model import MoeModel
from golden.learner import Learner, learn_inputs
from spec.bank import Bank
from spec.bank_file import device_words
from spec.domains import DOMAINS
from spec.learning import LearnRule
from spec.network import RUNNING_MODES, Mode
from spec.result_word import Fields, Status, encode, numbers_from

LEAST = 2 * len(RUNNING_MODES)
_IDLE = 50  # cycles until the GE goes to sleep
_SLEEP = 2000  # cycles in OFF
_LESSONS = 6
_GE = DOMAINS.index("ge")
_GENERIC = 0  # the expert of a result that the GE gave


@dataclass
class Outcome:
    """What was asked and what was wrong.

    Attributes:
        images: by mode.
        wrong: result words that differ from the golden model's; ``lessons_wrong``: answers to lessons, and learned
            banks, that do.
        swaps: how often another bank was selected.
        asleep: domains that were seen without supply in OFF, by name; ``naps``: images in MOE_GATED behind which the GE
            was, and ``woken``: those that it woke for.
        lessons: images that were learned; ``cycles``: of all.
        modes: that the device answers in.
        first: what was wrong first, or why the device did not go on.
    """

    images: Counter = field(default_factory=Counter)
    wrong: int = 0
    swaps: int = 0
    asleep: tuple[str, ...] = ()
    naps: int = 0
    woken: int = 0
    lessons: int = 0
    lessons_wrong: int = 0
    cycles: int = 0
    first: str = ""
    modes: tuple[Mode, ...] = RUNNING_MODES

    @property
    def clean(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.wrong or self.lessons_wrong or self.first)

    @property
    def whole(self) -> bool:
        """Whether everything was asked: each mode, changes of bank, domains that slept and woke, lessons."""
        slept = set(self.asleep) == set(DOMAINS) and (Mode.MOE_GATED not in self.modes or (self.naps and self.woken))
        return bool(all(self.images[mode.name] for mode in self.modes) and self.swaps and slept)


def ask(
    transport: VerilatedTransport,
    device: Accelerator,
    images: np.ndarray,
    banks: Sequence[Bank],
    answered: Callable[[int], object] = lambda _: None,
) -> Outcome:
    """Ask a device that was just opened.

    Args:
        images: uint8 (N, height, width), shared out among modes and banks; each mode has at least one of each bank when
            there are :data:`LEAST`.
        banks: of two users.
        answered: is told of images that were answered, how many.
    """
    run = _Run(transport, device, banks, answered)
    try:
        run.all_modes(images)
        if run.folding.learning:
            run.lessons(images[:_LESSONS])
    except DriverError as error:
        run.outcome.first = run.outcome.first or str(error)
    run.outcome.cycles = transport.cycles
    return run.outcome


class _Run:
    def __init__(
        self,
        transport: VerilatedTransport,
        device: Accelerator,
        banks: Sequence[Bank],
        answered: Callable[[int], object],
    ) -> None:
        self.transport, self.device, self.banks, self.answered = transport, device, banks, answered
        self.moe = device.design.moe
        self.folding = device.design.folding
        modes = tuple(mode for mode in RUNNING_MODES if mode in self.folding.modes)
        self.model, self.outcome = MoeModel(self.moe), Outcome(modes=modes)
        self.sequence = 0

    # ---- Answers -----------------------------------------------------------------------------------------------------
    def all_modes(self, images: np.ndarray) -> None:
        """Every mode with both banks; the second is loaded when the first has answered."""
        device, modes = self.device, self.outcome.modes
        device.write("power_idle", cycles=_IDLE)
        groups = np.array_split(images, len(self.banks) * len(modes))
        for (number, mode), group in zip(product(range(len(self.banks)), modes), groups, strict=True):
            if not device.read("bank_valid.valid") >> number & 1:
                device.load_user(self.banks[number], number)
                self.outcome.swaps += number > 0
            theta = self._threshold(group, self.banks[number])
            device.set_threshold(theta)
            device.set_mode(mode)
            self._compare(group, Settings(mode, bank=number, bank_valid=(2 << number) - 1, theta=theta))
        self._sleep()
        device.select_bank(0)
        self.outcome.swaps += 1
        device.set_mode(modes[-1])
        both = (1 << len(self.banks)) - 1
        self._compare(groups[-1][:2], Settings(modes[-1], bank=0, bank_valid=both, theta=theta))

    def _threshold(self, images: np.ndarray, bank: Bank) -> int:
        """One with which about half of the images are local."""
        if not len(images):
            return 0
        features = self.model.ge.front_end(images)
        logits = self.model.gate_logits(features, self.model.local_logits(features, bank), bank).astype(np.int64)
        return int(np.median(logits[:, 1:].max(1) - logits[:, 0]))

    def _compare(self, images: np.ndarray, settings: Settings) -> None:
        """One after the other in MOE_GATED, so that the GE finds time to sleep; else in one go."""
        image = Descriptor.of(settings, 0, self.moe.local_experts, self.device.banks)
        classes, experts = image.answers(self.model, images, self.banks[settings.bank])
        status = image.disabled * Status.DISABLED | image.no_bank * Status.NO_BANK
        numbers = numbers_from(self.sequence, len(images))
        expected = encode(Fields(classes, experts, status, settings.bank, numbers))
        self.sequence += len(images)
        self.device.write("result_packet", results=1)
        gated, outcome, found = settings.mode == Mode.MOE_GATED, self.outcome, np.zeros(0, np.uint32)
        for part in np.array_split(images, max(len(images), 1) if gated else 1):
            slept = gated and not self.transport.power.switch[_GE]
            found = np.append(found, self.transport.stream(part.reshape(len(part), -1)))
            self.answered(len(part))
            if gated:
                outcome.woken += int(slept and experts[len(found) - 1] == _GENERIC)
                self.transport.run(2 * _IDLE)
                outcome.naps += not self.transport.power.switch[_GE]
        wrong, mode = np.flatnonzero(found != expected), Mode(settings.mode).name
        outcome.images[mode] += len(images)
        outcome.wrong += len(wrong)
        if len(wrong) and not outcome.first:
            got, golden = int(found[wrong[0]]), int(expected[wrong[0]])
            outcome.first = f"{mode}, bank {settings.bank}, image {wrong[0]}: {got:#010x} instead of {golden:#010x}"

    def _sleep(self) -> None:
        self.device.set_mode(Mode.OFF)
        self.transport.run(_SLEEP)
        supplied = zip(DOMAINS, self.transport.power.switch, strict=True)
        self.outcome.asleep = tuple(name for name, closed in supplied if not closed)

    # ---- Lessons -----------------------------------------------------------------------------------------------------
    def lessons(self, images: np.ndarray) -> None:
        """The last bank learns; what it answers and what it holds in the end are the golden learner's."""
        bank, rule = self.banks[-1], LearnRule(local_margin=1 << 20, own_margin=1 << 20, generic_margin=1 << 20)
        labels = np.arange(len(images)) % self.moe.network.classes
        gated = not self.folding.local_only
        self.device.set_mode(Mode.MOE_PARALLEL if gated else Mode.LE_ONLY)
        session = Session(self.device, rule, bank=len(self.banks) - 1)
        own = np.arange(len(images)) % 3 != 2
        answers = session.learn(images, labels, own)
        inputs = learn_inputs(self.moe, bank, self.model.ge.features(images))
        learner = Learner(self.moe, bank, rule)
        taught = [
            learner.learn(local, gate, int(label), bool(mine), gated).answer
            for local, gate, label, mine in zip(inputs.local, inputs.gate, labels, own, strict=True)
        ]
        self.outcome.lessons += len(images)
        self.outcome.lessons_wrong += int((answers.classes != taught).sum())
        learned = learner.bank() if gated else learner.bank().without_gate()
        words = device_words(learned, self.moe, self.folding)
        self.outcome.lessons_wrong += int(session.commit() != int(words[-1]))
        if self.outcome.lessons_wrong and not self.outcome.first:
            self.outcome.first = "the device learned something else than the golden learner"
