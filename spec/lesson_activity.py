# SPDX-License-Identifier: Apache-2.0
"""What learning on the device adds to inference: accesses of memories and small sums, from rule, shapes and folding.

These are the numbers that the hardware's strobes must show; nothing here is taken from the RTL. An event happens in
one head, a local expert or the gate:

* **watched**: an image passes a head that can learn, with a label or without. Its pooled words go into the ring of
  images that can be corrected, the inputs of the layer that learns are kept, every logit is compared with the best one.
* **lesson**: the label's logit is compared with its best rival's.
* **update**: weights move. Every word with one of the rows is read and written; for each word the sum of input and
  dither says which inputs' weights move. A gate with a hidden layer first reads two rows of its output layer.
* **replayed**: a correction takes the pooled words from the ring.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from spec.folding import Folding
from spec.kinds.data import LayerFolding
from spec.kinds.matrix import MatrixLayer
from spec.network import Head, Moe


@dataclass(frozen=True)
class HeadActivity:
    """Events of one head, or of several of the same shape.

    ``weight_reads``, ``weight_writes``: words of the layer that learns; ``compare_reads``: words of the output layer
    behind it; ``input_writes``, ``input_reads``: words of the inputs kept for it; ``ring_writes``, ``ring_reads``:
    words of pooled features; ``logits`` and ``margins``: comparisons.
    """

    weight_reads: int = 0
    weight_writes: int = 0
    compare_reads: int = 0
    input_writes: int = 0
    input_reads: int = 0
    ring_writes: int = 0
    ring_reads: int = 0
    logits: int = 0
    margins: int = 0

    def __add__(self, other: HeadActivity) -> HeadActivity:
        return HeadActivity(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(HeadActivity)))

    def __mul__(self, times: int) -> HeadActivity:
        return HeadActivity(*(getattr(self, f.name) * times for f in fields(HeadActivity)))


@dataclass(frozen=True)
class LearningHead:
    """A head as its learner sees it.

    Attributes:
        first: takes the pooled features.
        layer: whose rows learn.
        back: the output layer behind ``layer``, None when ``layer`` is the output layer.
        logits: how many there are.
    """

    first: MatrixLayer
    layer: MatrixLayer
    back: MatrixLayer | None
    logits: int

    @staticmethod
    def of_local_expert(moe: Moe) -> LearningHead:
        """The output rows learn."""
        return _head(moe.le, learns_first=False)

    @staticmethod
    def of_gate(moe: Moe) -> LearningHead:
        """The hidden rows learn, or the output rows of a gate without a hidden layer."""
        return _head(moe.gate, learns_first=True)

    def pooled_words(self, folding: Folding) -> int:
        """Words of an image's pooled features."""
        return (self.first.inputs - self.first.extra_inputs) // folding.layers[self.first.name].simd

    def watched(self, folding: Folding) -> HeadActivity:
        """One image that passes."""
        return self._seen(folding) + HeadActivity(ring_writes=self.pooled_words(folding))

    def replayed(self, folding: Folding) -> HeadActivity:
        """One correction: the same without new features."""
        return self._seen(folding) + HeadActivity(ring_reads=self.pooled_words(folding))

    def lesson(self) -> HeadActivity:
        """One label."""
        return HeadActivity(margins=1)

    def update(self, folding: Folding, target: int, rival: int) -> HeadActivity:
        """Weights move because logit ``target`` is not far enough above logit ``rival``."""
        fold = folding.layers[self.layer.name]
        words = self.layer.input_words(fold) * self._folds(fold, target, rival)
        # Two rows of every input word, also when one word has both.
        compared = 2 * self.back.input_words(folding.layers[self.back.name]) if self.back else 0
        return HeadActivity(weight_reads=words, weight_writes=words, compare_reads=compared, input_reads=words)

    def _folds(self, fold: LayerFolding, target: int, rival: int) -> int:
        """Words with rows that move, of one input word."""
        return self.layer.output_words(fold) if self.back else len({target // fold.pe, rival // fold.pe})

    def _seen(self, folding: Folding) -> HeadActivity:
        words = self.layer.input_words(folding.layers[self.layer.name])
        return HeadActivity(input_writes=words, logits=self.logits)


def _head(head: Head, learns_first: bool) -> LearningHead:
    layer = head.layers[0] if learns_first else head.out
    return LearningHead(head.layers[0], layer, None if layer is head.out else head.out, head.out.outputs)


@dataclass(frozen=True)
class LearningActivity:
    """What some images added: in the local experts, in the gate, and steps of the LFSR's words (one a lesson)."""

    local: HeadActivity = HeadActivity()
    gate: HeadActivity = HeadActivity()
    randoms: int = 0

    def __add__(self, other: LearningActivity) -> LearningActivity:
        return LearningActivity(self.local + other.local, self.gate + other.gate, self.randoms + other.randoms)

    def __mul__(self, times: int) -> LearningActivity:
        return LearningActivity(self.local * times, self.gate * times, self.randoms * times)


def image_watched(moe: Moe, folding: Folding, with_gate: bool = True) -> LearningActivity:
    """One image in a device that can learn; without the gate only one local expert sees it."""
    local, gate = LearningHead.of_local_expert(moe), LearningHead.of_gate(moe)
    if not with_gate:
        return LearningActivity(local.watched(folding))
    return LearningActivity(local.watched(folding) * moe.local_experts, gate.watched(folding))


def lesson_activity(
    moe: Moe, folding: Folding, own: bool, with_gate: bool,
    local: tuple[int, int] | None, gate: tuple[int, int] | None, correction: bool = False,
) -> LearningActivity:  # fmt: skip
    """One lesson, as it passes and what it moves.

    Args:
        own: the user's image, which a local expert learns; else a generic one.
        with_gate: the gate learns from it, so that it passes all local experts.
        local, gate: target and rival among the logits, when the head's weights move (``golden.learner.Lesson``).
        correction: of an image that passed before.
    """
    experts, gates = LearningHead.of_local_expert(moe), LearningHead.of_gate(moe)

    def passing(head: LearningHead) -> HeadActivity:
        return head.replayed(folding) if correction else head.watched(folding)

    in_local = passing(experts) * (moe.local_experts if with_gate else 1)
    in_gate = passing(gates) if with_gate else HeadActivity()
    in_local += experts.lesson() * own
    in_gate += gates.lesson() * with_gate
    if local:
        in_local += experts.update(folding, *local)
    if gate:
        in_gate += gates.update(folding, *gate)
    return LearningActivity(in_local, in_gate, randoms=1)


def total(parts: Iterable[LearningActivity]) -> LearningActivity:
    """Everything together."""
    return sum(parts, LearningActivity())
