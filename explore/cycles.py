# SPDX-License-Identifier: Apache-2.0
"""Cycles an image: the one place where the explorer asks for them."""

from __future__ import annotations

from dataclasses import dataclass

from spec.kinds.data import LayerFolding
from spec.kinds.layer import Layer
from spec.presets import Accelerator

EXACT = "cycles are those of the slowest part in a long stream, without what an image waits at a border"
"""What the figures are, for pages."""


@dataclass(frozen=True)
class Cycles:
    """Cycles from one image to the next, in a long stream: of images for the GE, and of images for a local expert."""

    ge: int
    local: int


def layer_cycles(layer: Layer, fold: LayerFolding | None, lanes: int) -> int:
    """Cycles that a layer is busy with an image that arrives in words of ``lanes`` values."""
    if fold is None or fold.graph:
        return layer.cycles(fold, lanes)
    return max(layer.cycles(fold, lanes), layer.in_shape.size // min(lanes, fold.simd))


def ingress_cycles(design_pixels: int) -> int:
    """Cycles in which an image of so many pixels comes in: a pixel a cycle, and one for its descriptor."""
    return design_pixels + 1


def cycles(design: Accelerator) -> Cycles:
    """The slowest part decides: what lies between parts is deep enough to keep them apart."""
    moe, folds = design.moe, design.folding.layers
    into = design.folding.streams(moe).into

    def slowest(layers: tuple[Layer, ...]) -> int:
        return max(layer_cycles(layer, folds.get(layer.name), into[layer.name]) for layer in layers)

    shared = max(ingress_cycles(moe.network.in_shape.size), slowest(moe.network.front_end))
    heads = slowest((moe.le.pool, *moe.le.layers, moe.gate.pool, *moe.gate.layers))
    return Cycles(max(shared, slowest(moe.network.tail)), max(shared, heads))
