# SPDX-License-Identifier: Apache-2.0
"""How often the hardware multiplies and touches its memories, derived from specification and folding alone.

These are the numbers that the device's activity counters must show; nothing here is taken from the RTL.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from spec.folding import Folding, LayerFolding, input_words, output_words
from spec.network import Layer, MatrixLayer, Moe


@dataclass(frozen=True)
class Activity:
    """Work of some layers.

    ``macs`` counts every product that is formed, also of lanes that pad a word; an adder graph counts those that it
    stands for. ``weight_reads`` counts words of weight memories, ``buffer_writes`` words written to the window buffers
    of convolutions.
    """

    macs: int = 0
    weight_reads: int = 0
    buffer_writes: int = 0

    def __add__(self, other: Activity) -> Activity:
        return Activity(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Activity)))

    def __mul__(self, times: int) -> Activity:
        return Activity(*(getattr(self, f.name) * times for f in fields(Activity)))


@dataclass(frozen=True)
class ImageActivity:
    """Work of each part for one image that it works on, and feature words that pass the feature store."""

    front_end: Activity
    ge_tail: Activity
    local_expert: Activity
    gate: Activity
    feature_words: int


def layer_activity(layer: MatrixLayer, folding: LayerFolding) -> Activity:
    """Work of one layer for one image."""
    shape = layer.in_shape
    if folding.graph:
        return Activity(layer.macs, 0, shape.height * shape.width)
    steps = layer.positions * input_words(layer, folding) * output_words(layer, folding)
    writes = 0 if layer.kernel is None else shape.size // folding.simd
    return Activity(steps * folding.pe * folding.simd, steps, writes)


def image_activity(moe: Moe, folding: Folding) -> ImageActivity:
    """Work for one image with the weights' layout and parallelism of ``folding``."""

    def total(layers: tuple[Layer, ...]) -> Activity:
        matrices = (layer for layer in layers if isinstance(layer, MatrixLayer))
        return sum((layer_activity(layer, folding.layers[layer.name]) for layer in matrices), Activity())

    last = [layer for layer in moe.network.front_end if isinstance(layer, MatrixLayer)][-1]
    return ImageActivity(
        front_end=total(moe.network.front_end),
        ge_tail=total(moe.network.tail),
        local_expert=total((moe.le,)),
        gate=total(moe.runtime_layers[1:]),
        feature_words=moe.network.features.size // folding.layers[last.name].pe,
    )
