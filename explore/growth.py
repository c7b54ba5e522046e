# SPDX-License-Identifier: Apache-2.0
"""How cost grows: with images, users whose weights are on the device, local experts, and the size of the network."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from explore.choice import FoldingChoice, Targets
from explore.estimate import BLOCKS, GE_CYCLES, GE_ENERGY, LOCAL_CYCLES, LOCAL_ENERGY, MULTIPLIERS, SITES, estimate
from explore.fit import CostModel
from explore.random_network import random_network
from golden.data import users_source
from spec.errors import InputError
from spec.folding import Folding
from spec.network import Moe, build_moe
from spec.presets import Accelerator, load_accelerator, load_moe, load_toml
from training.features import extract
from training.personalize import Recipe, fit_expert
from training.subsets import balanced_choice, subset

IMAGES = (1, 10, 100, 1000, 10000)
TRAINED_ON = (62, 124, 248, 496)  # images of a user
USERS, EXPERTS, SIZES = (2, 4, 8, 16), (1, 2, 4, 8), (0.5, 1.0, 1.5, 2.0)
MOST_CYCLES = 20_000  # of a chosen folding, an image
PRICES = {"block": 150.0, "multiplier": 100.0}  # LUT4 sites, of a chosen folding
SECONDS, ALL_CYCLES, ALL_ENERGY = "CPU seconds of training", "cycles of all images", "pJ of all images"
WEIGHTS = "weights of the GE"


@dataclass(frozen=True)
class Series:
    """Figures over one quantity.

    Attributes:
        over: what grows.
        said: what is kept as it is.
        points: (value of ``over``, figures).
    """

    over: str
    said: str
    points: tuple[tuple[float, Mapping[str, float]], ...]

    def exponent(self, name: str) -> float:
        """Slope of a line through the logarithms, by least squares: cost grows with this power."""
        across = [math.log(x) for x, _ in self.points]
        up = [math.log(max(figures[name], 1e-9)) for _, figures in self.points]
        return float(np.polyfit(across, up, 1)[0])

    def record(self) -> dict[str, Any]:
        """For the kept file."""
        names = list(self.points[0][1])
        return {
            "over": self.over,
            "said": self.said,
            "points": [[x, dict(figures)] for x, figures in self.points],
            "exponents": {name: round(self.exponent(name), 3) for name in names},
        }


def over_images(model: CostModel) -> Series:
    """A stream of images on the shipped device, all for the GE."""
    design = load_accelerator()
    one = estimate(design, model)
    points = []
    for count in IMAGES:
        points.append((count, {ALL_CYCLES: count * one[GE_CYCLES], ALL_ENERGY: count * one[GE_ENERGY]}))
    return Series("images", "`ecp5_85`, gate `rich`, every image for the GE", tuple(points))


def over_users(model: CostModel) -> Series:
    """Users whose weights are on the device at the same time: banks."""
    design = load_accelerator()

    def made(count: int) -> Accelerator:
        return replace(design, folding=replace(design.folding, weight_banks=count))

    names = (SITES, BLOCKS, LOCAL_CYCLES, LOCAL_ENERGY)
    return Series("users on the device", "`ecp5_85`, gate `rich`, a bank a user", _figures(USERS, made, names, model))


def over_experts(model: CostModel) -> Series:
    """Local experts beside one another."""

    def made(count: int) -> Accelerator:
        return load_accelerator(local_experts=count)

    names = (SITES, BLOCKS, MULTIPLIERS, LOCAL_CYCLES, LOCAL_ENERGY)
    return Series("local experts", "`ecp5_85`, gate `rich`", _figures(EXPERTS, made, names, model))


def over_size(model: CostModel) -> Series:
    """Channels and units of LeNet-5 times a factor, at the same speed; random weights."""
    description, gate = load_toml("networks", "lenet5"), load_toml("gates", "paper")
    points = []
    for factor in SIZES:
        scaled = copy.deepcopy(description)
        for entry in scaled["layer"][:-1]:
            for key in ("channels", "features"):
                if key in entry:
                    entry[key] = int(entry[key] * factor)
        moe = build_moe(random_network(scaled), gate)
        figures = estimate(Accelerator(moe, _grown(moe, model, factor)), model)
        weights = sum(layer.weights for layer in moe.network.weighted_layers)
        points.append((weights, {name: figures[name] for name in (GE_CYCLES, SITES, BLOCKS, GE_ENERGY)}))
    said = "LeNet-5 with 0.5 to 2 times its channels and units, gate `paper`; cheapest folding of at most "
    return Series(WEIGHTS, f"{said}{MOST_CYCLES:,} cycles", tuple(points))


def _grown(moe: Moe, model: CostModel, factor: float) -> Folding:
    """The cheapest folding of at most :data:`MOST_CYCLES`.

    Raises:
        InputError: there is none.
    """
    wanted = Targets(MOST_CYCLES, MOST_CYCLES, behind=MOST_CYCLES / 2, **PRICES)
    chosen = FoldingChoice(moe, model).best(wanted, "grown")
    if chosen is None:
        raise InputError(f"{factor} times LeNet-5's units: no folding takes at most {MOST_CYCLES:,} cycles an image")
    return chosen


def over_training() -> Series:
    """Images that a local expert of the gate ``paper`` is trained on; one thread, median of three."""
    moe, recipe = load_moe("paper"), Recipe.of(load_toml("gates", "paper"))
    people = users_source()
    images = people.train(1)
    samples = extract(moe, images, recipe.copies, 0)
    points = []
    for count in TRAINED_ON:
        some = subset(samples, balanced_choice(images.labels, count, seed=0))
        taken = []
        for _ in range(3):
            start = time.process_time()
            fit_expert(moe, recipe, some, None, None)
            taken.append(time.process_time() - start)
        points.append((float(count), {SECONDS: round(sorted(taken)[1], 2)}))
    return Series("images of training", "local expert of the gate `paper`", tuple(points))


def _figures(
    values: Sequence[int], made: Callable[[int], Accelerator], names: Sequence[str], model: CostModel
) -> tuple[tuple[float, dict[str, float]], ...]:
    found = []
    for value in values:
        figures = estimate(made(value), model)
        found.append((float(value), {name: figures[name] for name in names}))
    return tuple(found)


def all_series(model: CostModel) -> list[Series]:
    """Every series; the training takes a minute, the rest seconds."""
    return [over_images(model), over_users(model), over_experts(model), over_size(model), over_training()]
