# SPDX-License-Identifier: Apache-2.0
"""Local images at the speed of the pixels, although a slow local expert makes the gate's decisions late."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from golden.integer_model import MoeModel
from hw.gen.altered import altered_sources
from hw.gen.build import generate
from spec.bank import random_bank
from spec.folding import build_folding
from spec.network import Mode, build_moe
from spec.presets import Accelerator
from spec.tiny import FOLDING, GATES, tiny_images, tiny_network
from tools.mutants import Replacement
from verif.bulk.library import build_library
from verif.bulk.simulator import BulkSimulator

PIXELS = 14 * 14
LOWEST = -(2**31)  # a threshold with which every image is local


@cache
def accelerator() -> Accelerator:
    """Hidden and output layer of the local expert take nearly as long as an image's pixels."""
    deep = GATES["deep"]
    parts = {"local_expert": {**deep["local_expert"], "pool": 2, "hidden": 48}, "gate": {**deep["gate"], "pool": 3}}
    moe = build_moe(tiny_network(), {**deep, **parts}, 1)
    folding = {
        **FOLDING,
        "name": "late",
        "conv1": {"multiplier": "graph"},
        "le_hidden": {"pe": 1, "simd": 4},
        "le_out": {"pe": 1, "simd": 2},
    }
    return Accelerator(moe, build_folding(folding, moe))


def interval(*defects: Replacement) -> float:
    """Cycles a local image in MOE_GATED; the answers are the integer model's."""
    hardware = generate(accelerator())
    if defects:
        hardware = replace(hardware, rtl=altered_sources(defects, "interval"))
    simulator = BulkSimulator(accelerator(), library=build_library(hardware, optimise=False), threads=1)
    bank, images = random_bank(accelerator().moe, 1), tiny_images(40)
    simulator.load_bank(bank)
    found = simulator.run(images, Mode.MOE_GATED, theta=LOWEST)
    expected = MoeModel(accelerator().moe).run(images, Mode.MOE_GATED, bank, LOWEST)
    assert (expected.experts == 1).all()
    np.testing.assert_array_equal(found.classes, expected.classes)
    simulator.close()
    return found.cycles_per_image


def test_layers_of_the_local_expert_are_slow_enough_to_be_late() -> None:
    layers, folds = accelerator().moe.le.layers, accelerator().folding.layers
    cycles = [layer.steps(folds[layer.name]) for layer in layers]
    assert max(cycles) < PIXELS < sum(cycles), cycles


def test_a_local_image_takes_as_long_as_its_pixels() -> None:
    assert interval() == PIXELS + 1


DEFECTS = {
    "the hidden layer waits for the output layer": ("runtime_head.sv", ".Depth(Hidden / HiddenPe)", ".Depth(1)"),
    "the gate holds a row of windows, not an image": ("gn_branch.sv", "(GateAhead)", "(0)"),
    "the store holds one image": ("ge_branch.sv", ".Frames    (3)", ".Frames    (1)"),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_what_keeps_the_speed_is_missed(defect: tuple[str, str, str]) -> None:
    assert interval(Replacement(*defect)) > PIXELS + 1
