# SPDX-License-Identifier: Apache-2.0
"""Everything that can be asked of the server, without HTTP: people, the device's thread, the golden model's thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from demo import syllabus
from demo.confusions import Confusions, confusions
from demo.desk import Answer, Desk
from demo.energy import Proxy, energy_proxy
from demo.golden_view import Golden, View
from demo.limits import WAITING
from demo.others import Others, Shares, lesson_images, other_people
from demo.people import Entry, Person, Sessions, State
from demo.weights import Weights
from demo.worker import Worker
from golden.data import CLASSES, Handwriting
from golden.integer_model import MoeModel
from spec.bank_file import bank_file_bytes, load_bank, parse_bank_file
from spec.errors import CheckFailed
from spec.learning import LearnRule
from spec.network import Mode
from spec.paths import BUILD, factory_file
from spec.presets import Accelerator as Design
from spec.presets import load_toml
from training.course import Course

WORK = BUILD / "demo"
"""The server's own folder: nothing is written anywhere else."""


@dataclass(frozen=True)
class Told:
    """Everything about one image: the device's answer, the golden model's view of it (None in mode OFF), and cost."""

    answer: Answer
    view: View | None
    proxy: Proxy
    digest: str


@dataclass(frozen=True)
class Learned:
    """What somebody's own images came to.

    Attributes:
        taught: images that were learned.
        lessons: of them and of generic ones, with all passes.
        held_out: whether the confusions are of images that were not learned.
    """

    taught: int
    lessons: int
    held_out: bool
    confusions: Confusions


class Service:
    """The demonstration behind its interfaces. Its methods that wait are for one event loop.

    Args:
        design: of the device; it must be able to learn.
        desk: the device.
        start: the bank that everybody begins with; default the factory bank of the gate preset.

    Raises:
        InputError: there is no factory bank for the gate preset, or it has no rule of learning.
    """

    def __init__(self, design: Design, desk: Desk | None = None, start: Path | None = None) -> None:
        self.design = design
        preset = load_toml("gates", design.moe.preset)
        rule = LearnRule.of(preset, design.moe)
        self.course = Course.of(preset)
        factory = load_bank(start or factory_file(design.moe.preset), design.moe)
        self.sessions = Sessions(State(Weights.of(factory, design)))
        self.golden = Golden(design.moe)
        self._generic = lesson_images(design.moe)
        self._images = other_people(design.moe)
        self._others: Others | None = None
        self.desk = desk or Desk(design, rule)
        self.device = Worker("device", WAITING, self.desk.reset)
        self.background = Worker("golden", WAITING)
        # The first time everything is slow; nobody should wait for that with a pen in the hand.
        self._classify(self.sessions.start.weights, Mode.MOE_GATED, self._generic.images[0], 0)

    def close(self) -> None:
        """End the threads and release the device."""
        self.device.close()
        self.background.close()
        self.desk.close()

    # ---- Answering ------------------------------------------------------------------------------------------------
    async def classify(self, state: State, mode: Mode, image: np.ndarray, theta: int = 0) -> Told:
        """Let the device answer an image, uint8 (28, 28), with somebody's bank.

        Raises:
            CheckFailed: the device and the golden model differ.
            Refused: too many requests wait.
        """
        return await self.device.run(self._classify, state.weights, mode, image, theta)

    def _classify(self, weights: Weights, mode: Mode, image: np.ndarray, theta: int) -> Told:
        answer = self.desk.answer(weights, mode, image, theta)
        proxy = energy_proxy(self.design, answer.counters)
        if mode == Mode.OFF:
            return Told(answer, None, proxy, weights.digest)
        view = self.golden.view(weights.bank, mode, image, theta)
        if (answer.label, answer.expert) != (view.first.label, view.expert):
            raise CheckFailed(
                f"the device answered class {answer.label} by expert {answer.expert}, the golden model class "
                f"{view.first.label} by expert {view.expert}"
            )
        return Told(answer, view, proxy, weights.digest)

    # ---- Teaching -------------------------------------------------------------------------------------------------
    async def correct(self, person: Person, image: np.ndarray, label: int) -> None:
        """Teach the device that an image is of a class; who is being taught already waits for that to end."""
        async with person.lock:
            before = person.state
            lessons = syllabus.correction(image, label, before.taught, self._generic)
            weights, seed = await self.device.run(self.desk.teach, before.weights, lessons, before.seed)
            taught = (*before.taught, (image, label))[-syllabus.REMEMBERED :]
            entry = Entry("correction", f"this is {CLASSES[label]}", before, image, label)
            person.change(State(weights, seed, taught), entry)

    async def undo(self, person: Person) -> Entry:
        """Restore the bank before the last thing that was taught, which is returned.

        Raises:
            Refused: there is none.
        """
        async with person.lock:
            return person.undo()

    async def begin_again(self, person: Person) -> None:
        """Start again from the factory bank."""
        async with person.lock:
            person.begin_again(self.sessions.start)

    async def learn_images(self, person: Person, own: Handwriting, name: str) -> Learned:
        """Teach the training part of somebody's images, and say what it did to the test part.

        Only when everything was learned the new bank is in force. The device is free for others between portions.
        """
        own = own.of_classes(self.design.moe.network.classes)
        train = own.data.select(~own.is_test)
        test = own.data.select(own.is_test) if own.is_test.any() else train
        async with person.lock:
            before = person.state
            lessons = syllabus.own_images(train, self._generic, self.course)
            weights, seed = before.weights, before.seed
            for low in range(0, len(lessons), syllabus.PORTION):
                part = lessons[low : low + syllabus.PORTION]
                weights, seed = await self.device.run(self.desk.teach, weights, part, seed)
            found = await self.background.run(self._confusions, test.images, test.labels, before.weights, weights)
            entry = Entry("images", f"{len(train)} images of {name}", before)
            person.change(replace(before, weights=weights, seed=seed), entry)
        return Learned(len(train), len(lessons), bool(own.is_test.any()), found)

    def _confusions(self, images: np.ndarray, labels: np.ndarray, before: Weights, after: Weights) -> Confusions:
        model = MoeModel(self.design.moe)
        return confusions(labels, *(model.run(images, Mode.MOE_GATED, one.bank).classes for one in (before, after)))

    # ---- Banks ----------------------------------------------------------------------------------------------------
    def bank_file(self, person: Person) -> bytes:
        """A person's bank as a file (docs/bank-format.md)."""
        info = {"user": person.name, "taught": [entry.text for entry in person.entries], "tool": "scripts/demo.py"}
        return bank_file_bytes(person.state.weights.bank, self.design.moe, self.design.folding, info)

    async def load(self, person: Person, content: bytes, name: str) -> None:
        """Let a bank file be a person's bank.

        Raises:
            InputError: it is no sound bank of this device.
        """
        file = parse_bank_file(content, Path(name))
        file.check(self.design.moe)
        weights = Weights.of(file.bank, self.design)
        async with person.lock:
            person.change(State(weights), Entry("file", f"bank file {name}", person.state))

    # ---- Other people ---------------------------------------------------------------------------------------------
    @property
    def others_source(self) -> str:
        """Where other people's images come from."""
        return self._images.name

    @property
    def others_count(self) -> int:
        """How many they are."""
        return len(self._images)

    async def others(self, state: State) -> tuple[Shares, Shares, float]:
        """Shares of other people's images with somebody's bank and with the factory bank, and the share that the global
        expert alone answers right."""
        return await self.background.run(self._shares, state)

    def _shares(self, state: State) -> tuple[Shares, Shares, float]:
        if self._others is None:
            self._others = Others(self.design.moe, self._images)
        others, start = self._others, self.sessions.start.weights
        now, first = (others.shares(one.bank, one.digest) for one in (state.weights, start))
        return now, first, others.by_ge
