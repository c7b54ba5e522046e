# SPDX-License-Identifier: Apache-2.0
"""The sweep over the share of generic images, on a tiny device: mixes, figures from the counters, plot."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from driver.tests.devices import design, open_device
from golden.energy import Weights, hardware_energy
from golden.energy.expected import expected_counts
from golden.integer_model import MoeModel
from spec.bank import random_bank
from spec.errors import InputError
from spec.network import Mode
from spec.tiny_variants import random_images
from verif.power.sweep import REFERENCES, SHARES, mix, run_point, sweep
from verif.power.sweep_plot import draw

COUNT = 12
BROKEN_COUNTER = ("activity_counters.sv", "CounterW'(GeStepMacs[l])", "CounterW'(GeStepMacs[l] - 1'b1)")


def expected_picojoule(mode: Mode, to_ge: int) -> float:
    """An image's energy proxy, from the golden activity; ``to_ge`` of ``COUNT`` images are the GE's."""
    counts = expected_counts(design().moe, design().folding, mode, COUNT, to_ge)
    return hardware_energy(design().moe, design().folding, counts).total / COUNT


@pytest.mark.parametrize("share", SHARES)
def test_a_mix_has_its_share(share: float) -> None:
    user, generic = np.zeros((100, 2, 2), np.uint8), np.ones((100, 2, 2), np.uint8)
    mixed = mix(user, generic, 100, share)
    assert len(mixed) == 100
    assert mixed[:, 0, 0].mean() == pytest.approx(share)


def test_a_mix_that_needs_more_images_is_refused() -> None:
    with pytest.raises(InputError, match="there are 10 of the user and 5 generic ones"):
        mix(np.zeros((10, 2, 2), np.uint8), np.zeros((5, 2, 2), np.uint8), 12, 0.5)


def test_every_point_is_what_the_golden_models_count() -> None:
    """Images that the gate calls local stand for the user's, the others for generic ones."""
    bank = random_bank(design().moe, 195)
    images = random_images(4 * COUNT, 1)
    local = MoeModel(design().moe).run(images, Mode.MOE_PARALLEL, bank).experts != 0
    with open_device() as device:
        points = sweep(device, bank, images[local], images[~local], COUNT)
    assert [(point.mode, point.generic) for point in points[: len(SHARES)]] == [("MOE_GATED", s) for s in SHARES]
    assert [point.mode for point in points[len(SHARES) :]] == [mode.name for mode in REFERENCES]
    for point in points:
        mode = Mode[point.mode]
        to_ge = {Mode.GE_ONLY: COUNT, Mode.LE_ONLY: 0}.get(mode, round(COUNT * point.generic))
        assert point.wrong == 0
        assert point.to_ge == to_ge / COUNT
        energy = point.energy[Weights.ON_CHIP.name]
        assert energy.total == pytest.approx(expected_picojoule(mode, to_ge))
        assert energy.low < energy.total < energy.high
        assert sum(energy.by_domain.values()) == pytest.approx(energy.total)
        assert sum(energy.by_kind.values()) == pytest.approx(energy.total)
        assert point.latency <= point.latency_worst
        if mode == Mode.MOE_GATED:
            assert (point.woke > 0) == (point.on["ge"] > 0) == (to_ge > 0)
    data = {"design": "d", "user": "u", "generic": "g", "points": [asdict(point) for point in points]}
    assert draw(data) == draw(data)
    moved = [asdict(replace(points[0], cycles=9e4)), *data["points"][1:]]
    assert draw({**data, "points": moved}) != draw(data)


def test_a_broken_counter_shows_in_the_energy() -> None:
    with open_device(BROKEN_COUNTER) as device:
        bank = random_bank(design().moe, 1)
        device.load_user(bank)
        point = run_point(device, bank, random_images(COUNT, 1), Mode.GE_ONLY, 0.0)
    assert point.wrong == 0
    assert point.energy[Weights.ON_CHIP.name].total < 0.999 * expected_picojoule(Mode.GE_ONLY, COUNT)
