# SPDX-License-Identifier: Apache-2.0
"""The cheapest folding is the cheapest: by trying all of a small network; and a design is improved without losing."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from explore import choice
from explore.choice import REGISTER_PRICE, Equipment, FoldingChoice, Targets, fits_stream, options
from explore.cycles import Cycles, cycles, layer_cycles, least_cycles
from explore.estimate import FIGURES, GE_CYCLES, LOCAL_CYCLES, SITES, dominates, estimate, pareto
from explore.fit import BLOCKS, MULTIPLIERS, REGISTERS, summed
from explore.kept import cost_model
from explore.parts import structures
from explore.points import network_named
from explore.polish import improved
from spec.folding import Folding, build_folding
from spec.network import Moe, build_moe
from spec.presets import Accelerator, load_accelerator, load_toml
from spec.tiny import FOLDING, GATES, local_only_accelerator, tiny_accelerator, tiny_moe


def price(figures: dict[str, float], targets: Targets) -> float:
    cells = figures[SITES] + REGISTER_PRICE * figures[REGISTERS]
    return cells + targets.block * figures[BLOCKS] + targets.multiplier * figures[MULTIPLIERS]


def all_foldings(moe, allowed) -> list[Folding]:
    """Every folding out of some of each layer's options that fits the streams."""
    names = [layer.name for layer in moe.weighted_layers]
    made = []
    for folds in product(*(allowed(layer) for layer in moe.weighted_layers)):
        folding = Folding("x", 2, dict(zip(names, folds, strict=True)))
        lanes = folding.streams(moe).into
        if all(fits_stream(layer, folding.layers[layer.name], lanes[layer.name]) for layer in moe.weighted_layers):
            made.append(folding)
    return made


@pytest.mark.parametrize("targets", [Targets(1300, 1300, 100, 50), Targets(3000, 2600, 1, 300, behind=100)])
def test_no_other_folding_is_cheaper(targets: Targets, monkeypatch: pytest.MonkeyPatch) -> None:
    moe, model = tiny_moe("linear"), cost_model()

    def few(layer, constant: bool):
        return tuple(f for f in options(layer, constant) if f.multiplier != "graph" and f.pe * f.simd in (2, 4, 8))[::3]

    monkeypatch.setattr(choice, "options", few)
    best = FoldingChoice(moe, model).best(targets, "best")
    tried = all_foldings(moe, lambda layer: few(layer, layer.name in moe.network.weights))
    assert len(tried) > 200

    def reached(folding: Folding) -> bool:
        speed = least_cycles(Accelerator(moe, folding))
        into = folding.streams(moe).into
        last = [layer_cycles(layer, folding.layers[layer.name], into[layer.name]) for layer in moe.network.layers[-2:]]
        behind = targets.behind or targets.ge
        return speed.ge <= targets.ge and speed.local <= targets.local and max(last) <= behind

    prices = [price(_exact(Accelerator(moe, f), model), targets) for f in tried if reached(f)]
    assert price(_exact(Accelerator(moe, best), model), targets) == pytest.approx(min(prices))
    assert max(prices) > 1.05 * min(prices)  # a worse one would be told apart


def _exact(design: Accelerator, model) -> dict[str, float]:
    cells = summed(model.cost(structure) for structure in structures(design).values())
    return {**cells, MULTIPLIERS: design.folding.multipliers(design.moe)}


def test_costs_are_shared_by_what_is_equal_and_by_nothing_else() -> None:
    """An adder graph depends on weights and biases; what is always on is a device's own."""
    moe, known, targets = tiny_moe(), {}, Targets(2000, 2000, 10, 10)
    network = moe.network
    first = FoldingChoice(moe, cost_model(), known=known)
    first.best(targets, "x")
    count = len(known)
    second = FoldingChoice(moe, cost_model(), known=known)  # beside the first, so that they are two
    assert second.best(targets, "x") == first.best(targets, "x") and len(known) == count
    for changed in ("weight", "bias"):
        values = network.weights["conv1"]
        other = replace(values, **{changed: getattr(values, changed) // 2})
        moved = replace(moe, network=replace(network, weights={**network.weights, "conv1": other}))
        before = len(known)
        FoldingChoice(moved, cost_model(), known=known).best(targets, "x")
        assert len(known) > before, changed


def test_a_speed_that_nothing_has_gives_nothing() -> None:
    chosen = FoldingChoice(tiny_moe(), cost_model())
    ge, local = chosen.targets()
    assert chosen.best(Targets(ge[-1], local[-1], 1, 1), "x") is not None
    assert chosen.best(Targets(10, 10, 1, 1), "x") is None
    assert chosen.best(Targets(ge[0], local[0], 1, 1), "x") is not None


def test_a_chosen_folding_is_one_that_a_preset_may_have() -> None:
    moe = tiny_moe("deep")
    found = FoldingChoice(moe, cost_model()).best(Targets(2000, 2000, 10, 10), "x")
    sections = {n: {"pe": f.pe, "simd": f.simd, "multiplier": f.multiplier} for n, f in found.layers.items()}
    assert build_folding({"name": "x", **sections}, moe).layers == found.layers


@pytest.mark.parametrize(("preset", "ge", "local"), [("ecp5_85", 6400, 785), ("ecp5_85_folded", 16000, 14400)])
def test_cycles_of_designs_made_by_hand_are_those_of_their_slowest_part(preset: str, ge: int, local: int) -> None:
    design = load_accelerator(preset)
    assert cycles(design) == least_cycles(design) == Cycles(ge, local)


def random_folding(moe, rng: np.random.Generator) -> Folding:
    """One out of all that fit the streams."""
    while True:
        layers = {}
        for layer in moe.weighted_layers:
            known = options(layer, layer.name in moe.network.weights)
            layers[layer.name] = known[rng.integers(len(known))]
        folding = Folding("x", 2, layers)
        lanes = folding.streams(moe).into
        if all(fits_stream(layer, layers[layer.name], lanes[layer.name]) for layer in moe.weighted_layers):
            return folding


@pytest.mark.parametrize("moe", [*map(tiny_moe, GATES), build_moe(network_named("digits"), GATES["deep"])])
def test_no_design_is_faster_than_its_slowest_part(moe: Moe) -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        design = Accelerator(moe, random_folding(moe, rng))
        exact, least = cycles(design), least_cycles(design)
        assert exact.ge >= least.ge and exact.local >= least.local


def test_dense_layers_behind_a_pool_cost_cycles_that_no_layer_tells() -> None:
    design = load_accelerator("ecp5_85")
    folding = load_toml("folding", "ecp5_85")
    slow = {"conv2": (25, 10), "fc1": (4, 25), "fc2": (2, 4)}
    changed = {name: {"pe": pe, "simd": simd, "multiplier": "lut"} for name, (pe, simd) in slow.items()}
    late = replace(design, folding=build_folding({**folding, **changed}, design.moe))
    assert least_cycles(late) == least_cycles(design) == cycles(design) == Cycles(6400, 785)
    assert cycles(late) == Cycles(8940, 785)


def test_a_device_of_local_experts_only_is_chosen_and_costed_without_the_rest() -> None:
    design, model = local_only_accelerator(), cost_model()
    assert {part.domain for part in structures(design)} == {"aon", "fe", "le"}
    figures = estimate(design, model)
    assert GE_CYCLES not in figures and "pJ, GE" not in figures and figures[LOCAL_CYCLES] >= 14 * 14 + 1
    whole = Accelerator(design.moe, build_folding(FOLDING, design.moe))
    assert figures[SITES] < estimate(whole, model)[SITES]
    choice = FoldingChoice(design.moe, model, Equipment(local_only=True))
    best = choice.best(Targets(None, max(choice.targets()[1]), 1, 1), "x")
    assert best.local_only and set(best.layers) == set(design.folding.layers)
    assert price(_exact(Accelerator(design.moe, best), model), Targets(None, 0, 1, 1)) <= price(
        figures, Targets(None, 0, 1, 1)
    )


def test_improving_loses_nothing() -> None:
    model, design = cost_model(), tiny_accelerator("deep")
    better = improved(design, model)
    before, after = estimate(design, model), estimate(better, model)
    assert all(after[axis] <= before[axis] for axis in FIGURES) and after[SITES] < before[SITES]
    assert dominates(after, before, FIGURES) and not dominates(before, after, FIGURES)
    assert estimate(improved(better, model), model)[SITES] == after[SITES]


def test_a_front_has_what_no_other_beats() -> None:
    axes = (GE_CYCLES, LOCAL_CYCLES)
    points = [dict(zip(axes, values, strict=True)) for values in ((3, 3), (1, 5), (3, 3), (2, 4), (2, 5), (9, 9))]
    assert pareto(points, axes) == [0, 1, 3]


def test_energy_counts_a_local_image_without_the_ge() -> None:
    figures = estimate(replace(load_accelerator("ecp5_85"), baked=None), cost_model())
    assert 0 < figures["pJ, local"] < 0.1 * figures["pJ, GE"]


def test_weights_that_synthesis_would_refuse_are_not_chosen() -> None:
    moe = load_accelerator("ecp5_85").moe
    (conv2,) = (layer for layer in moe.network.weighted_layers if layer.name == "conv2")
    refused = [fold for fold in options(conv2, True) if choice.weights_in_logic(conv2, fold)]
    assert refused
    found = FoldingChoice(moe, cost_model()).best(Targets(6400, 785, 1, 1), "x")
    assert found.layers["conv2"] not in refused
