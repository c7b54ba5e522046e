# SPDX-License-Identifier: Apache-2.0
"""Dense layer with frozen weights: ``dense_layer``."""

from __future__ import annotations

from hw.cycles.engine import Network, Stream
from hw.cycles.kinds import CycleKind
from hw.cycles.registers import skid, width
from hw.cycles.timing import Timing
from hw.cycles.units import mvu
from spec.kinds.data import LayerFolding, LayerWeights
from spec.kinds.dense import Dense


class _Dense(CycleKind):
    def stream(
        self, net: Network, t: Timing, source: Stream, layer: Dense, folding: LayerFolding | None, lanes: int,
        weights: LayerWeights | None,
    ) -> Stream:  # fmt: skip
        apart = layer.output_words(folding) >= 2
        words = width(net, t, f"{layer.name} words", source, lanes, folding.simd, apart)
        return mvu(net, t, skid(net, t, f"{layer.name} word", words), layer, folding)


KIND = _Dense()
