# SPDX-License-Identifier: Apache-2.0
"""Convolution: ``conv_layer``, or an adder graph behind whole windows."""

from __future__ import annotations

from hw.cycles.engine import Network, Stream
from hw.cycles.kinds import CycleKind
from hw.cycles.registers import skid, width
from hw.cycles.timing import Timing
from hw.cycles.units import mvu, pipeline
from hw.cycles.windows import sliding_window, window_parallel
from hw.gen.adder_graph import adder_graph
from spec.kinds.conv import Convolution
from spec.kinds.data import LayerFolding, LayerWeights


class _Convolution(CycleKind):
    def stream(
        self, net: Network, t: Timing, source: Stream, layer: Convolution, folding: LayerFolding | None, lanes: int,
        weights: LayerWeights | None,
    ) -> Stream:  # fmt: skip
        name = layer.name
        if folding.graph:
            pixels = width(net, t, f"{name} pixels", source, lanes, layer.in_shape.channels)
            stages = adder_graph(f"{name}_graph", weights, layer.input, layer.accumulator).stages
            return pipeline(net, t, f"{name} out", window_parallel(net, t, layer, pixels), stages)
        words = width(net, t, f"{name} words", source, lanes, folding.simd)
        windows = sliding_window(net, t, layer, words, folding.simd)
        return mvu(net, t, skid(net, t, f"{name} word", windows), layer, folding)


KIND = _Convolution()
