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
from spec.kinds.data import LayerFolding
from spec.presets import Accelerator

BLOCK_PRICE = MULTIPLIER_PRICE = 20.0  # LUT4 sites: of equals, the design with fewer of them
ROUNDS = 4


def improved(design: Accelerator, model: CostModel) -> Accelerator:
    """A design that is in no figure worse than this one, with the fewest LUTs that changes of one layer lead to."""
    least = estimate(design, model)
    best, price = design, _price(least)
    for _ in range(ROUNDS):
        before = price
        for name in (
            layer.name for layer in design.moe.weighted_layers if design.folding.is_present(layer, design.moe)
        ):
            for tried in _changes(best, name):
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


def _changes(design: Accelerator, name: str) -> Iterator[Accelerator]:
    """The design with every other folding of one layer that its neighbours allow."""
    moe, folding = design.moe, design.folding
    (layer,) = (layer for layer in moe.weighted_layers if layer.name == name)
    constant, present = name in moe.network.weights, folding.layers[name]
    for fold in options(layer, constant):
        if fold == present or (constant and not fold.graph and weights_in_logic(layer, fold)):
            continue
        tried = replace(folding, layers={**folding.layers, name: fold})
        if _allowed(design, tried):
            yield replace(design, folding=tried)


def _allowed(design: Accelerator, folding: Folding) -> bool:
    lanes = folding.streams(design.moe).into

    def fits(name: str, fold: LayerFolding) -> bool:
        (layer,) = (layer for layer in design.moe.weighted_layers if layer.name == name)
        return not folding.is_present(layer, design.moe) or fits_stream(layer, fold, lanes[name])

    return all(fits(name, fold) for name, fold in folding.layers.items())
