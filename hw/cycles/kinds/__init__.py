# SPDX-License-Identifier: Apache-2.0
"""When the words of each kind of layer move.

One module for each entry of :data:`spec.kinds.KINDS`, with an object ``KIND``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from hw.cycles.engine import Network, Stream
from hw.cycles.timing import Timing
from spec.kinds import implementation
from spec.kinds.data import LayerFolding, LayerWeights
from spec.kinds.layer import Layer


class CycleKind(ABC):
    """One kind of layer. ``folding`` and ``weights`` are None for a kind without weights."""

    @abstractmethod
    def stream(
        self, net: Network, t: Timing, source: Stream, layer: Any, folding: LayerFolding | None, lanes: int,
        weights: LayerWeights | None,
    ) -> Stream:  # fmt: skip
        """What leaves the layer when words of ``lanes`` values enter by ``source``."""

    def behind_words_apart(self, t: Timing, source: Stream) -> None:  # noqa: B027
        """What changes when the words that enter come every other cycle at most: nothing."""


def cycle_kind(layer: Layer) -> CycleKind:
    """What this floor knows of a layer's kind."""
    return implementation(__name__, type(layer))
