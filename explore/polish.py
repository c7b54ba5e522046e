# SPDX-License-Identifier: Apache-2.0
"""Improves a design layer by layer, without losing in any figure: how a design made by hand is beaten, if it can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from explore.choice import REGISTER_PRICE, fits_stream, options
from explore.estimate import BLOCKS, MULTIPLIERS, REGISTERS, SITES, costs, estimate, speed
from explore.fit import CostModel
from explore.structure import weights_in_logic
from spec.folding import Folding
from spec.kinds.matrix import MatrixLayer
from spec.presets import Accelerator

BLOCK_PRICE = MULTIPLIER_PRICE = 20.0  # LUT4 sites: of equals, the design with fewer of them
ROUNDS = 4


def improved(design: Accelerator, model: CostModel) -> Accelerator:
    """A design that is in no figure worse than this one, with the fewest LUTs that changes of one layer lead to."""
    least = estimate(design, model)
    best, price = design, _price(least)
    for _ in range(ROUNDS):
        before = price
        for layer in _present(design):
            for tried in _changes(best, layer):
                made = costs(tried, model)
                if _price(made) < price and _no_worse(made, least) and _no_worse(speed(tried), least):
                    best, price = tried, _price(made)
        if price == before:
            break
    return best


def _no_worse(figures: Mapping[str, float], least: Mapping[str, float]) -> bool:
    return all(value <= least[axis] for axis, value in figures.items())


def _price(figures: Mapping[str, float]) -> float:
    cells = figures[SITES] + REGISTER_PRICE * figures[REGISTERS]
    return cells + BLOCK_PRICE * figures[BLOCKS] + MULTIPLIER_PRICE * figures[MULTIPLIERS]


def _present(design: Accelerator) -> list[MatrixLayer]:
    """The layers with weights that the device has."""
    return [layer for layer in design.moe.weighted_layers if design.folding.is_present(layer, design.moe)]


def _changes(design: Accelerator, layer: MatrixLayer) -> Iterator[Accelerator]:
    """The design with every other folding of one layer that its neighbours allow."""
    folding, constant = design.folding, layer.name in design.moe.network.weights
    for fold in options(layer, constant):
        if fold == folding.layers[layer.name] or (constant and not fold.graph and weights_in_logic(layer, fold)):
            continue
        tried = replace(folding, layers={**folding.layers, layer.name: fold})
        if _allowed(design, tried):
            yield replace(design, folding=tried)


def _allowed(design: Accelerator, folding: Folding) -> bool:
    lanes = folding.streams(design.moe).into
    return all(fits_stream(layer, folding.layers[layer.name], lanes[layer.name]) for layer in _present(design))
