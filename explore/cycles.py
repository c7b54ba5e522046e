# SPDX-License-Identifier: Apache-2.0
"""Cycles an image: exact ones, of the cycle model (docs/cycles.md), and those of the slowest part, which are fewer.

The slowest part alone says too little: a pool gives its words in bursts, and dense layers behind it that are busy for
much of an image hold up the convolution in front. It bounds what a folding can reach, and is known layer by layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hw.cycles.model import CycleModel, Image
from spec.kinds.data import LayerFolding
from spec.kinds.layer import Layer
from spec.network import Mode
from spec.presets import Accelerator

SAID = (
    "cycles an image are exact ([model](../cycles.md)), of a long stream of images of one kind in MOE_GATED, or in "
    "LE_ONLY where there is no GE"
)
"""What the figures are, for pages."""


@dataclass(frozen=True)
class Cycles:
    """Cycles from one image to the next in a long stream.

    Attributes:
        ge: of images for the GE; None: there is none.
        local: of images for a local expert.
    """

    ge: float | None
    local: float


def cycles(design: Accelerator) -> Cycles:
    """Exact cycles; takes some hundredths of a second."""
    model = CycleModel(design)

    def interval(mode: Mode, own: bool) -> float:
        model.reset()
        found = Fraction(*model.steady([Image(mode, own)]))
        return int(found) if found.denominator == 1 else float(found)

    if design.folding.local_only:
        return Cycles(None, interval(Mode.LE_ONLY, own=True))
    return Cycles(interval(Mode.MOE_GATED, own=False), interval(Mode.MOE_GATED, own=True))


# ---- The slowest part ------------------------------------------------------------------------------------------------
def layer_cycles(layer: Layer, fold: LayerFolding | None, lanes: int) -> int:
    """Cycles that a layer is busy with an image that arrives in words of ``lanes`` values."""
    if fold is None or fold.graph:
        return layer.cycles(fold, lanes)
    return max(layer.cycles(fold, lanes), layer.in_shape.size // min(lanes, fold.simd))


def ingress_cycles(pixels: int) -> int:
    """Cycles in which an image of so many pixels comes in: a pixel a cycle, and one for its descriptor."""
    return pixels + 1


def least_cycles(design: Accelerator) -> Cycles:
    """Those of the slowest part: no design takes fewer."""
    moe, folding = design.moe, design.folding
    into = folding.streams(moe).into

    def slowest(layers: tuple[Layer, ...]) -> int:
        return max(layer_cycles(layer, folding.layers.get(layer.name), into[layer.name]) for layer in layers)

    shared = max(ingress_cycles(moe.network.in_shape.size), slowest(moe.network.front_end))
    local = max(shared, slowest((moe.le.pool, *moe.le.layers)))
    if folding.local_only:
        return Cycles(None, local)
    return Cycles(max(shared, slowest(moe.network.tail)), max(local, slowest((moe.gate.pool, *moe.gate.layers))))
