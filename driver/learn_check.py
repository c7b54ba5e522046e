# SPDX-License-Identifier: Apache-2.0
"""What must have come of a run of :mod:`driver.learn_load`, from the golden models: every descriptor, answer, lesson,
weight and counter.

Settings follow from what the program wrote and when; the order of images, lessons and corrections is that in which the
device gave them to its experts (``VerilatedTransport.watched``). Nothing else is taken from the device.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from driver.learn_load import COUNTERS
from driver.learn_log import Correction, Log, Opened
from driver.verilated import ACCEPTED, CORRECTED
from golden.descriptor import Descriptor, Settings
from golden.integer_model import MoeModel, gate_decision
from golden.learner import Learner, learn_inputs
from spec.bank import Bank
from spec.bank_file import device_words
from spec.learning import LABEL_BITS, LABEL_GATE, LABEL_OWN
from spec.network import NO_CLASS, Mode
from spec.presets import Accelerator as Design
from spec.result_word import SEQUENCE_NUMBERS, Fields, Status, encode

KEPT = 8  # images that can be corrected
_WRONG = (
    "wrong_answers", "wrong_descriptors", "wrong_starts", "wrong_corrections", "wrong_weights", "wrong_counters",
)  # fmt: skip
_LEARNING = (Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED)


@dataclass
class Findings:
    """What was compared (``counts``), and what was wrong."""

    images: int = 0
    lost: int = 0
    out_of_order: int = 0
    wrong_answers: int = 0
    wrong_descriptors: int = 0
    wrong_starts: int = 0
    wrong_corrections: int = 0
    wrong_weights: int = 0
    wrong_counters: int = 0
    first: str = ""  # what was wrong first
    counts: Counter = field(default_factory=Counter)

    def wrong(self) -> dict[str, int]:
        """How much of what was wrong."""
        return {name: getattr(self, name) for name in ("lost", "out_of_order") + _WRONG}

    @property
    def clean(self) -> bool:
        """Whether nothing was wrong."""
        return not any(self.wrong().values())


class _Weights:
    """What is in a bank from a load on: the user's weights, moved by one learner after the other."""

    def __init__(self, user: int, bank: Bank) -> None:
        self.user, self.learner = user, None
        self._bank: Bank | None = bank

    def bank(self) -> Bank:
        if self._bank is None:
            self._bank = self.learner.bank()
        return self._bank

    def moved(self) -> None:
        self._bank = None


@dataclass
class _Pupil:
    """A session as the golden learner has it."""

    weights: _Weights
    learner: Learner
    counts: Counter = field(default_factory=Counter)


class LearnCheck:
    """The golden device of one run.

    Args:
        design: of the device.
        pool, users: as the load was given them.
    """

    def __init__(self, design: Design, pool: np.ndarray, users: list[Bank]) -> None:
        self.design, self.users = design, users
        self.model = MoeModel(design.moe)
        self.features = self.model.ge.front_end(pool)
        packed = self.model.ge.features(pool)
        self.inputs = [learn_inputs(design.moe, bank, packed) for bank in users]
        self.ge_classes = self.model.ge.logits(pool).argmax(1)

    def compare(self, log: Log, events: np.ndarray, words: np.ndarray) -> Findings:
        """Compare.

        Args:
            events: of ``VerilatedTransport.watched``.
            words: results, uint32 (N,).
        """
        return _Run(self, log, events, words).findings


class _Run:
    def __init__(self, check: LearnCheck, log: Log, events: np.ndarray, words: np.ndarray) -> None:
        self.check, self.log, self.moe = check, log, check.design.moe
        self.findings = Findings(len(log.order), max(len(log.order) - len(words), 0))
        self.accepted = events[events["kind"] == ACCEPTED]
        self.weights: dict[int, _Weights] = {}  # by the number of the load
        self.pupils: dict[int, _Pupil] = {}  # by the number of the session
        self.kept: dict[int, tuple[int, int]] = {}  # slot: image, cycle in which it was accepted
        self.asked = 0  # corrections before this one are over
        self._next = 0  # image that is to be started next
        self.done: set[int] = set()  # corrections that were learned
        self._start_cycles: dict[int, int] = {}  # of images
        self._loads = [begin for begin, _, _ in log.loads]
        self._opened = [session.opened[0] for session in log.sessions]
        self.descriptors = [self._descriptor(i) for i in range(len(self.accepted))]
        self._walk(events[events["kind"] != ACCEPTED], words)
        self._corrections()

    def _wrong(self, what: str, why: str) -> None:
        setattr(self.findings, what, getattr(self.findings, what) + 1)
        self.findings.first = self.findings.first or why

    # ---- Descriptors ------------------------------------------------------------------------------------------------
    def _descriptor(self, i: int) -> Descriptor:
        """Of the image's settings in the cycle in which it was accepted; all that there may have been are allowed."""
        event, moe = self.accepted[i], self.moe
        found = sum(int(word) << 32 * k for k, word in enumerate(event["image"]))
        histories = self.log.settings
        possible = []
        for values in product(*(histories[name].at(int(event["cycle"])) for name in histories)):
            settings = Settings(**dict(zip(histories, values, strict=True)))
            if settings.mode == Mode.OFF or i >= len(self.log.labels):
                continue
            banks, label = self.check.design.folding.weight_banks, int(self.log.labels[i])
            possible.append(Descriptor.of(settings, i, moe.local_experts, banks, label, moe.network.classes))
            if possible[-1].pack() == found:
                self.findings.counts["images with one possible descriptor"] += len({*possible}) == 1
                return possible[-1]
        self._wrong("wrong_descriptors", f"image {i} has descriptor {found:#x}, it may be {possible}")
        return possible[0] if possible else Descriptor(sequence=i % SEQUENCE_NUMBERS)

    # ---- Everything in its order ------------------------------------------------------------------------------------
    def _walk(self, starts: np.ndarray, words: np.ndarray) -> None:
        expected, reads, image = [], iter([*self.log.reads, None]), 0
        read = next(reads)
        for event in starts:
            cycle, word = int(event["cycle"]), sum(int(word) << 32 * k for k, word in enumerate(event["image"]))
            while read and read.cycle <= cycle:
                self._read(read)
                read = next(reads)
            label, sequence = word & (1 << LABEL_BITS) - 1, word >> (LABEL_BITS + 32) & (SEQUENCE_NUMBERS - 1)
            gate = bool(int(event["outputs"]) >> (self.moe.local_experts + 1))
            if event["kind"] == CORRECTED:
                self._next = image
                self._correction(cycle, sequence, label, gate)
                continue
            image = self._until(image, sequence, expected)
            if image >= len(self.descriptors):
                self._wrong("wrong_starts", f"an image {sequence} is started that was not accepted")
                break
            descriptor = self.descriptors[image]
            outputs = descriptor.use_gate << self.moe.local_experts + 1 | descriptor.use_le << 1 | descriptor.use_ge
            if int(event["outputs"]) != outputs or label != descriptor.lesson:
                self._wrong("wrong_starts", f"image {image} is started as {label:#x}, it is {descriptor}")
            self.kept[image % KEPT] = image, int(self.accepted[image]["cycle"])
            self._start_cycles[image] = cycle
            expected.append(self._answer(image, descriptor))
            image += 1
        self._until(image, None, expected)
        while read:
            self._read(read)
            read = next(reads)
        self._results(np.array(expected, np.uint32), words)

    def _until(self, image: int, sequence: int | None, expected: list[int]) -> int:
        """Images that nobody is given are not started."""
        while image < len(self.descriptors) and image % SEQUENCE_NUMBERS != sequence:
            descriptor = self.descriptors[image]
            if descriptor.use_ge or descriptor.use_le:
                self._wrong("wrong_starts", f"image {image} is not started")
            expected.append(self._answer(image, descriptor))
            image += 1
        return image

    def _results(self, expected: np.ndarray, words: np.ndarray) -> None:
        count = min(len(expected), len(words))
        numbers = np.arange(len(words)) % SEQUENCE_NUMBERS
        self.findings.out_of_order = int((words >> 20 != numbers).sum()) + max(len(words) - len(self.log.order), 0)
        wrong = np.flatnonzero(expected[:count] != words[:count])
        for i in wrong:
            self._wrong("wrong_answers", f"result {i} is {words[i]:#x}, not {expected[i]:#x}: {self.descriptors[i]}")

    # ---- Images -----------------------------------------------------------------------------------------------------
    def _weights_of(self, cycle: int, bank: int) -> _Weights:
        """What an image that was accepted at a cycle finds in a bank."""
        number = bisect_right(self._loads, cycle) - 1
        while self.log.loads[number][1] != bank:
            number -= 1
        user = self.log.loads[number][2]
        return self.weights.setdefault(number, _Weights(user, self.check.users[user]))

    def _pupil(self, cycle: int) -> tuple[Opened, _Pupil] | None:
        """The session that was opened last before a cycle; None without any."""
        number = bisect_right(self._opened, cycle) - 1
        if number < 0:
            return None
        session = self.log.sessions[number]
        if number not in self.pupils:
            weights = self._weights_of(session.opened[0], session.bank)
            learner = Learner(self.moe, weights.bank(), session.rule, session.expert)
            weights.learner = learner
            self.pupils[number] = _Pupil(weights, learner)
        return session, self.pupils[number]

    def _learn(self, pupil: _Pupil, index: int, label: int, gate: bool) -> int:
        inputs = self.check.inputs[pupil.weights.user]
        own = bool(label >> LABEL_OWN & 1)
        lesson = pupil.learner.learn(inputs.local[index], inputs.gate[index], label & 0xFF, own, gate)
        pupil.counts["local_moves"] += lesson.local
        pupil.counts["gate_moves"] += lesson.gate
        pupil.counts["lost"] += lesson.saturations
        if lesson.local or lesson.gate:
            pupil.weights.moved()
        return lesson.answer

    def _answer(self, image: int, descriptor: Descriptor) -> int:
        index, cycle = int(self.log.order[image]), int(self.accepted[image]["cycle"])
        if descriptor.lesson and (found := self._pupil(cycle)):
            _, pupil = found
            answer = self._learn(pupil, index, descriptor.lesson, bool(descriptor.use_gate))
            own = descriptor.lesson >> LABEL_OWN & 1
            pupil.counts["own" if own else "generic"] += 1
            pupil.counts["right"] += bool(own and answer == descriptor.lesson & 0xFF)
            self.findings.counts["lessons"] += 1
            expert = descriptor.expert
        else:
            answer, expert = self._plain(index, cycle, descriptor)
        status = descriptor.disabled * Status.DISABLED | descriptor.no_bank * Status.NO_BANK
        return int(encode(Fields(answer, expert, status, descriptor.bank, image % SEQUENCE_NUMBERS)))

    def _plain(self, index: int, cycle: int, descriptor: Descriptor) -> tuple[int, int]:
        """Class and expert of an image that is no lesson."""
        check, model = self.check, self.check.model
        if descriptor.use_le:
            weights = self._weights_of(cycle, descriptor.bank)
            features, bank = check.features[index : index + 1], weights.bank()
            logits = model.local_logits(features, bank)
            expert = descriptor.expert
            if descriptor.use_gate:
                expert = int(gate_decision(model.gate_logits(features, logits, bank), descriptor.theta)[0])
            self.findings.counts["answers with weights that were learned"] += weights.learner is not None
            if expert:
                return int(logits[expert - 1].argmax()), expert
        if descriptor.use_ge and (descriptor.use_gate or descriptor.expert == 0):
            return int(check.ge_classes[index]), 0
        return NO_CLASS, descriptor.expert

    # ---- Corrections ------------------------------------------------------------------------------------------------
    def _correction(self, cycle: int, sequence: int, label: int, gate: bool) -> None:
        """A correction starts: it must have been asked for, and be of an image that is kept."""
        asked = self.log.corrections
        number = next(
            (n for n in range(self.asked, len(asked)) if (asked[n].sequence, asked[n].label) == (sequence, label)
             and asked[n].asked[0] <= cycle and (asked[n].over is None or asked[n].over >= cycle)),
            None,
        )  # fmt: skip
        if number is None:
            self._wrong("wrong_corrections", f"a correction of image {sequence} starts that nobody asked for")
            return
        self.asked = number + 1
        self.done.add(number)
        image, accepted = self.kept.get(sequence % KEPT, (-1, 0))
        if image < 0 or image % SEQUENCE_NUMBERS != sequence:
            self._wrong("wrong_corrections", f"image {sequence} is corrected, and is not kept")
            return
        if not (found := self._pupil(cycle)):
            self._wrong("wrong_corrections", f"image {image} is corrected, and no session was opened before")
            return
        session, pupil = found
        kept, settings = self.descriptors[image], self.log.settings
        in_session = session.closed is None or cycle <= session.closed[1]
        modes = settings["mode"].at(cycle)
        if not (in_session and kept.use_le >> session.expert & 1 and label & 0xFF < self.moe.network.classes):
            self._wrong("wrong_corrections", f"image {image} is corrected without a session, or never saw its expert")
        if not any(mode in _LEARNING for mode in modes):
            self._wrong("wrong_corrections", f"image {image} is corrected in mode {modes}")
        may = bool(label >> LABEL_GATE & 1 and kept.use_gate)
        if gate and not may or (may and not gate and not settings["mode"].changed(accepted, cycle)):
            self._wrong("wrong_corrections", f"image {image} is corrected {'with' if gate else 'without'} the gate")
        self._learn(pupil, int(self.log.order[image]), label, gate)
        self.findings.counts["corrections learned"] += 1
        waiting = bisect_right(self.accepted["cycle"], cycle) > self._next
        self.findings.counts["corrections before images in flight"] += waiting

    def _corrections(self) -> None:
        """What was refused, and what must not have been."""
        starts = {image: (int(event["cycle"])) for image, event in enumerate(self.accepted)}
        for number, one in enumerate(self.log.corrections):
            learned = number in self.done
            if one.refused is not None and one.refused == learned:
                self._wrong("wrong_corrections", f"correction {number} is learned: {learned}, refused: {one.refused}")
            if not learned and one.free and self._must(one, starts):
                self._wrong("wrong_corrections", f"correction {number} of image {one.sequence} is not learned")
        self.findings.counts["corrections"] = len(self.log.corrections)

    def _must(self, one: Correction, accepted: dict[int, int]) -> bool:
        """Whether nothing can have been in the way of a correction."""
        settings, begin = self.log.settings, one.asked[0]
        over = one.over
        if over is None or one.label & 0xFF >= self.moe.network.classes:
            return False
        before = bisect_right(self.accepted["cycle"], begin)
        image = before - 1 - (before - 1 - one.sequence) % SEQUENCE_NUMBERS
        newest = bisect_right(self.accepted["cycle"], over) - 1  # that may have taken its place in the ring
        if image < 0 or newest - image >= KEPT:
            return False
        since = accepted[image]
        (session,) = {*settings["learning"].at(begin), None} - {None} or {None}
        quiet = not (settings["mode"].changed(since, over) or settings["learning"].changed(begin, over))
        answered = image <= before - 1 - KEPT or self._started(image, begin)
        return bool(
            session and quiet and answered and settings["mode"].at(begin)[0] in _LEARNING
            and self.descriptors[image].use_le >> session.expert & 1
        )  # fmt: skip

    def _started(self, image: int, cycle: int) -> bool:
        return image < len(self.log.order) and self._start_cycles.get(image, cycle + 1) < cycle

    # ---- Banks and counters -----------------------------------------------------------------------------------------
    def _read(self, read) -> None:
        weights = self._weights_of(read.cycle, read.number)
        if read.session is None:
            self._same_bank(read, weights.bank())
            return
        session = self.log.sessions[read.session]
        _, pupil = self._pupil(session.opened[0])
        self._same_bank(read, pupil.weights.bank())
        expected = {name: pupil.counts[name] for name in COUNTERS}
        moe, folding = self.moe, self.check.design.folding
        crc = int(device_words(pupil.weights.bank(), moe, folding)[-1])
        found = session.counters | {"random": session.random, "crc": session.crc}
        expected |= {"random": pupil.learner.random, "crc": crc}
        for name, value in expected.items():
            if found[name] != value:
                self._wrong("wrong_counters", f"session {read.session}: {name} is {found[name]}, not {value}")
        self.findings.counts["commits"] += 1
        self.findings.counts["commits that learned"] += any(
            pupil.counts[name] for name in ("local_moves", "gate_moves")
        )

    def _same_bank(self, read, bank: Bank) -> None:
        self.findings.counts["banks"] += 1
        if read.bank.digest() != bank.digest():
            self._wrong("wrong_weights", f"bank {read.number} at cycle {read.cycle} differs, session {read.session}")
