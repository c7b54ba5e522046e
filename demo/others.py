# SPDX-License-Identifier: Apache-2.0
"""How well other people's handwriting is read with somebody's bank: personal must not mean worse for everybody else.

The images are fixed: built-in handwriting, or EMNIST test images where EMNIST_DIR names them, every class alike. The
integer model answers them, as the device would in MOE_PARALLEL and MOE_GATED; what the frozen global expert makes of
them is computed once.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from golden.data import LabelledImages, balanced_subset, generate_generic, generic_source
from golden.data.sources import SYNTHETIC_SEED
from golden.integer_model import MoeModel, gate_decision
from spec.bank import Bank
from spec.network import Moe

PER_CLASS = 8  # built-in images of each class
LESSON_SEED = 7  # of the images that teach the gate what is not the person's; test images are of other writers
_KEPT = 256  # banks whose shares are remembered


@dataclass(frozen=True)
class Shares:
    """Shares of other people's images: answered right, and sent to the local expert."""

    right: float
    to_local: float


def other_people(moe: Moe) -> LabelledImages:
    """The fixed images.

    Raises:
        DataError: EMNIST_DIR names what cannot be used.
    """
    source = generic_source("test")
    if source.synthetic:
        source = generate_generic(PER_CLASS, "test", SYNTHETIC_SEED)
    else:
        source = _each(balanced_subset(source, 0), 2 * PER_CLASS)
    return source.of_classes(moe.network.classes)


def lesson_images(moe: Moe) -> LabelledImages:
    """Built-in images of other writers than those of :func:`other_people`, for lessons of the gate."""
    return generate_generic(PER_CLASS, "train", LESSON_SEED).of_classes(moe.network.classes)


def _each(data: LabelledImages, count: int) -> LabelledImages:
    """The first ``count`` images of each class."""
    chosen = [np.flatnonzero(data.labels == label)[:count] for label in range(data.classes)]
    return data.select(np.sort(np.concatenate(chosen)))


class Others:
    """The fixed images with what does not depend on a bank."""

    def __init__(self, moe: Moe, images: LabelledImages) -> None:
        self.images = images
        self._model = MoeModel(moe)
        self._features = self._model.ge.front_end(images.images)
        self._generic = self._model.ge.tail(self._features).argmax(1)
        self._known: OrderedDict[str, Shares] = OrderedDict()

    @property
    def by_ge(self) -> float:
        """Share that the global expert alone answers right."""
        return float((self._generic == self.images.labels).mean())

    def shares(self, bank: Bank, digest: str) -> Shares:
        """With a bank, whose digest is given."""
        if digest not in self._known:
            local = self._model.local_logits(self._features, bank)
            expert = gate_decision(self._model.gate_logits(self._features, local, bank), 0)
            answers = np.stack([self._generic, *(logits.argmax(1) for logits in local)])
            right = answers[expert, np.arange(len(expert))] == self.images.labels
            self._known[digest] = Shares(float(right.mean()), float((expert > 0).mean()))
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return self._known[digest]
