# SPDX-License-Identifier: Apache-2.0
"""What a device becomes that learns its user by itself (``scripts/learning_study.py``), by the golden learner.

It starts from the factory bank that was made without the user. A row is one user with one seed, which gives the order
of the images, the generic ones among them, and the LFSR's first state.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from golden.data import LabelledImages, balanced_subset
from golden.integer_model import MoeModel
from golden.learner import Learner, learn_inputs
from spec.bank import Bank
from spec.bank_file import load_bank
from spec.files import source_digest
from spec.learning import LearnRule
from spec.models_digest import LEARNER
from spec.paths import BANKS, factory_file
from spec.presets import load_moe
from tools.rows import Row, RowTask
from training.course import Course, Lessons, learn, strewn
from training.few_samples import kept_images
from training.fit import fingerprint
from training.global_expert import validation_split
from training.personalize import table_2_row
from training.sampling import folds
from training.seed_runs import RunData
from training.seen import Seen, measure_seen
from training.shares import balanced_share

PARTS = 4  # of a user's training images; to choose a rule one is held out
_SPREAD = 0x9E3779B1  # odd: neighbouring seeds give LFSR states that are far apart


def lfsr_seed(seed: int, user: int) -> int:
    """First state of a course's LFSR, never 0."""
    return (seed * 1000 + user) * _SPREAD % (2**32 - 1) + 1


@dataclass(frozen=True)
class Source:
    """What many tasks share: one accelerator, one user, what is learned from and what measures.

    Attributes:
        gate: preset, by name or as a file.
        ge: QONNX file of the GE.
        user: from 1.
        part: of the user's training images the one that is held out and measures, with generic validation images;
            None: test images measure.
        fold_seed: of the parts.
        banks: directory of the factory banks.
    """

    gate: str
    ge: Path
    user: int
    part: int | None
    fold_seed: int = 0
    banks: Path = BANKS


@dataclass(frozen=True)
class Prepared:
    """What the tasks of a source share; features are computed when the first of them needs some.

    Attributes:
        start: the factory bank.
        train, train_features: the user's images to learn from, and their uint8 features (N, h, w, c).
        generic: generic images that may teach.
        own_images: the user's images that measure; ``own`` and ``other``: they and generic ones, seen by the GE.
        source: see :class:`Source`.
        depends_on: everything that a row of this source depends on, for :func:`tools.rows.Row`.
    """

    model: MoeModel
    start: Bank
    train: LabelledImages
    generic: LabelledImages
    own_images: LabelledImages
    source: Source
    depends_on: dict[str, Any]

    @cached_property
    def train_features(self) -> np.ndarray:
        return self.model.ge.features(self.train.images)

    @cached_property
    def own(self) -> Seen:
        return Seen.of(self.model, self.own_images)

    @property
    def other(self) -> Seen:
        return _other(self.source.gate, self.source.ge, self.source.part is not None)


def teaching(generic: LabelledImages) -> LabelledImages:
    """Those of the generic training images that may teach a device: not those that measure when a rule is chosen."""
    return generic.select(validation_split(generic)[0])


@lru_cache(maxsize=2)
def _data(classes: int) -> RunData:
    return RunData.load(classes)


@lru_cache(maxsize=4)
def _model(gate: str, ge: Path) -> MoeModel:
    return MoeModel(load_moe(gate, ge))


@lru_cache(maxsize=2)
def _generic(classes: int, held_out: bool) -> tuple[LabelledImages, LabelledImages]:
    """Generic images that may teach, and those that measure."""
    data = _data(classes)
    validation = data.generic.select(validation_split(data.generic)[1])
    return teaching(data.generic), validation if held_out else balanced_subset(data.test, 0)


@lru_cache(maxsize=2)
def _other(gate: str, ge: Path, held_out: bool) -> Seen:
    model = _model(gate, ge)
    return Seen.of(model, _generic(model.moe.network.classes, held_out)[1])


@lru_cache(maxsize=2)
def prepare(source: Source) -> Prepared:
    """Images and factory bank of a source.

    Raises:
        InputError: the data cannot be used, or there is no factory bank.
    """
    torch.set_num_threads(1)
    model = _model(source.gate, source.ge)
    moe = model.moe
    data, held_out = _data(moe.network.classes), source.part is not None
    train = data.users.train(source.user)
    if held_out:
        out = folds(train.labels, PARTS, source.fold_seed) == source.part
        own, train = (replace(train.select(np.flatnonzero(mask)), name=train.name) for mask in (out, ~out))
    else:
        own = data.users.test(source.user)
    generic, other = _generic(moe.network.classes, held_out)
    start = load_bank(factory_file(moe.preset, source.user, source.banks), moe)
    depends_on = {
        "learner": source_digest(LEARNER),
        "network": moe.network.digest(),
        "arithmetic": moe.arithmetic,
        "start": start.digest(),
        "data": [fingerprint(part) for part in (train, own, generic)],
        "measured on": [held_out, len(other.labels), fingerprint(other)],
    }
    return Prepared(model, start, train, generic, own, source, depends_on)


@dataclass(frozen=True)
class Task(RowTask):
    """One user with one seed taking one course.

    Attributes:
        source: whose images, and what measures.
        rule: of learning; its seed is replaced by one of user and ``seed``.
        course: see :class:`training.course.Course`.
        seed: of order, generic images and LFSR.
        after: passes after which is measured; 0 before any.
        count: of each class at most so many of the user's images; None for all.
        work: directory of finished rows.
    """

    source: Source
    rule: LearnRule
    course: Course
    seed: int
    after: tuple[int, ...]
    work: Path
    count: int | None = None

    def __str__(self) -> str:
        s = self.source
        return f"{s.gate}, user {s.user}, seed {self.seed}, part {s.part}, {self.count} images a class, {self.rule}"

    def row(self) -> Row:
        """See :class:`tools.rows.RowTask`.

        ``after``: by number of passes, as text, the figures of :func:`figures` and the tally so far.
        """
        ready = prepare(self.source)
        depends_on = {
            **ready.depends_on,
            "task": f"{self.rule} {self.course} {self.seed} {self.after} {self.count} {self.source.user}",
        }
        return Row(self.work, depends_on, lambda: self._compute(ready))

    def _compute(self, ready: Prepared) -> dict[str, Any]:
        kept = kept_images(ready.train.labels, self.count, self.seed)
        after, moe = {}, ready.model.moe
        rule = replace(self.rule, seed=lfsr_seed(self.seed, self.source.user))
        learner = Learner(moe, ready.start, rule)
        own = Lessons(
            learn_inputs(moe, ready.start, ready.train_features[kept]), ready.train.labels[kept].astype(np.int64)
        )
        drawn = strewn(ready.generic.labels, self.course.generic_images(len(kept)), self.seed)
        images = ready.generic.select(drawn)
        features = ready.model.ge.features(images.images)
        generic = Lessons(learn_inputs(moe, ready.start, features), images.labels.astype(np.int64))
        if 0 in self.after:
            after["0"] = figures(ready, ready.start)
        for number, tally in learn(learner, self.course, own, generic, self.seed):
            if number in self.after:
                after[str(number)] = {**figures(ready, learner.bank()), **asdict(tally)}
        about = {"user": self.source.user, "seed": self.seed, "part": self.source.part, "count": self.count}
        return {**about, "images": len(kept), "classes": len(np.unique(own.labels)), "after": after}


def figures(ready: Prepared, bank: Bank) -> dict[str, float]:
    """Shares 0..1: those of :func:`training.personalize.table_2_row`, with every class alike on generic images.

    Also ``balanced`` and ``le_balanced``: the user's images, with every class alike.
    """
    mine, other = (measure_seen(ready.model, bank, seen) for seen in (ready.own, ready.other))
    labels = ready.other.labels
    return {
        **table_2_row(mine, other),
        "balanced": balanced_share(mine.overall, ready.own.labels),
        "le_balanced": balanced_share(mine.le, ready.own.labels),
        "generic_overall": balanced_share(other.overall, labels),
        "generic_ge": balanced_share(other.ge, labels),
        "generic_to_le": balanced_share(other.local, labels),
    }
