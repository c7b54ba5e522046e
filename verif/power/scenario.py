# SPDX-License-Identifier: Apache-2.0
"""One random scenario: images stream while the mode changes, at any moment, back and forth.

Everything about a scenario follows from its seed. The answers are checked against the golden model in the mode in
force when the image was accepted. A trace of all that the always-on domain shows lets two runs be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from driver import Accelerator, Results
from driver.verilated import SWITCH_GLITCHING, SWITCH_GOOD
from golden.integer_model import MoeModel
from hw.regs.map import register
from spec.bank import random_bank
from spec.bank_file import device_words
from spec.network import RUNNING_MODES, Mode
from spec.result_word import SEQUENCE_NUMBERS
from spec.tiny_variants import random_images

POOL = 60  # different images
USER, OTHER_USER = 1, 2
SETTLE_LIMIT = 20_000  # cycles in which a mode change must complete once its images have left; far above the bound
LONGEST_IDLE = (1 << 24) - 1  # of register POWER_IDLE


@dataclass
class Outcome:
    """What one scenario did; ``trace`` is everything observable, in order."""

    images: int = 0
    results: int = 0
    wrong: int = 0
    changes: int = 0
    stuck: bool = False
    trace: list[object] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether every accepted image was answered once, in order, in its own mode, and every change completed."""
        return self.results == self.images and not self.wrong and not self.stuck


class Golden:
    """Answers of the pool of images in every mode, computed once."""

    def __init__(self, device: Accelerator) -> None:
        moe, folding = device.design.moe, device.design.folding
        self.images = random_images(POOL, 77)
        bank = random_bank(moe, USER)
        model = MoeModel(moe)
        self.theta = self._balanced_threshold(model, bank)
        self.answers = {mode: model.run(self.images, mode, bank, self.theta) for mode in RUNNING_MODES}
        self.stream = device_words(bank, moe, folding)
        self.other_stream = device_words(random_bank(moe, OTHER_USER), moe, folding)

    def _balanced_threshold(self, model: MoeModel, bank) -> int:
        """A threshold with which about half of the images are local: both ways through the gate are used."""
        features = model.ge.front_end(self.images)
        logits = model.gate_logits(features, model.local_logits(features, bank), bank).astype(np.int64)
        return int(np.median(logits[:, 1:].max(1) - logits[:, 0]))


class Scenario:
    """Runs one scenario on a device that was just reset.

    Args:
        device, golden: shared by many scenarios.
        seed: decides everything.
        corruption: seed of the corruption of sleeping domains, 0 for none (see ``VerilatedTransport.corrupt``).
    """

    def __init__(self, device: Accelerator, golden: Golden, seed: int, corruption: int = 0) -> None:
        self.device, self.transport, self.golden = device, device.transport, golden
        self.rng = np.random.default_rng(seed)
        self.outcome = Outcome()
        self.words: list[int] = []
        self.order: list[int] = []
        self.in_force: list[tuple[int, int, Mode]] = []  # (surely before, surely from, mode) of each request
        self.transport.reset()
        self.started = self.transport.cycles
        if corruption:
            self.transport.corrupt(corruption)
        self.transport.pauses(int(self.rng.integers(1 << 31)) if self.rng.integers(2) else 0)

    def run(self) -> Outcome:
        """Set up, stream and disturb, then check."""
        rng, device = self.rng, self.device
        for domain in range(4):
            kind = SWITCH_GLITCHING if rng.integers(3) == 0 else SWITCH_GOOD
            self.transport.power_switch(domain, int(rng.integers(0, 12)), kind)
        device.write("power_delay", cycles=int(rng.choice([0, 1, 2, 5, 20])))
        device.write("power_timeout", cycles=500)
        device.write("power_idle", cycles=int(rng.choice([0, 1, 100, 1000, LONGEST_IDLE])))
        device.write("power_control", retain=1, force_on=int(rng.integers(16)) if rng.integers(4) == 0 else 0)
        device.set_threshold(self.golden.theta)
        device.load_stream(self.golden.stream, 0)
        for _ in range(int(rng.integers(2, 7))):
            self._request(Mode(int(rng.choice([*RUNNING_MODES, Mode.OFF]))))
            self._send(int(rng.integers(0, 6)))
            self._disturb()
        self._request(Mode(int(rng.choice(RUNNING_MODES))))  # whatever is still queued is answered in the end
        self._finish()
        self._check()
        return self.outcome

    # ---- Stimulus -------------------------------------------------------------------------------------------------
    def _accepted(self) -> int:
        self.device.write("counter_snapshot", snapshot=1)
        return self.device.read64("counters.images_in")

    def _request(self, mode: Mode) -> None:
        before = self._accepted()
        self.device.set_mode(mode)
        self.in_force.append((before, self._accepted(), mode))
        self.outcome.changes += 1

    def _send(self, count: int) -> None:
        for index in self.rng.integers(0, POOL, count):
            self.transport.send(self.golden.images[index].ravel())
            self.order.append(int(index))

    def _disturb(self) -> None:
        """Let some time pass, from nothing to many images; sometimes write the other bank meanwhile."""
        if self.rng.integers(3) == 0:
            self.device.load_stream(self.golden.other_stream, 1, activate=False)
        self.transport.run(int(self.rng.choice([0, 1, 3, 10, 30, 100, 400, 2000, 5000])))
        self.outcome.trace += [self._read("mode_status"), self._read("power_status[1]"), self.transport.power]

    def _read(self, path: str) -> tuple[str, int]:
        return path, self.transport.read(register(path).address)

    def _finish(self) -> None:
        words, _ = self.transport.receive(len(self.order), timeout=SETTLE_LIMIT)
        self.words = [int(word) for word in words]
        for _ in range(SETTLE_LIMIT // 50):
            if not self.device.read("mode_status.pending"):
                break
            self.transport.run(50)
        self.outcome.stuck = bool(self.device.read("mode_status.pending") or self.transport.pixels_waiting)
        self.transport.run(3000)
        self.words += [int(word) for word in self.transport.receive(self.transport.results_waiting, 0)[0]]  # none
        self.outcome.trace += [tuple(self.words), self.device.counters(), self._read("errors")]
        self.outcome.trace.append(self.transport.cycles - self.started)

    # ---- Check ----------------------------------------------------------------------------------------------------
    def _modes_of(self, image: int) -> set[Mode]:
        """The mode in which an image was accepted; two when it was accepted while the request was being written."""
        candidates = set()
        for k, (before, _, mode) in enumerate(self.in_force):
            after = self.in_force[k + 1][1] if k + 1 < len(self.in_force) else image + 1
            if before <= image < after:
                candidates.add(mode)
        return candidates

    def _check(self) -> None:
        outcome = self.outcome
        outcome.images, outcome.results = len(self.order), len(self.words)
        results = Results.decode(np.array(self.words, np.uint32))
        for i in range(min(outcome.images, outcome.results)):
            sequence_right = results.sequence[i] == i % SEQUENCE_NUMBERS
            outcome.wrong += not (sequence_right and any(self._equals(results, i, m) for m in self._modes_of(i)))

    def _equals(self, results: Results, i: int, mode: Mode) -> bool:
        if mode == Mode.OFF or results.no_bank[i]:
            return False
        answers, image = self.golden.answers[mode], self.order[i]
        return results.classes[i] == answers.classes[image] and results.experts[i] == answers.experts[image]
