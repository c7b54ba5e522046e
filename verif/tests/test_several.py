# SPDX-License-Identifier: Apache-2.0
"""Eight local experts on a simulated device give the golden answers and count them; what differs is seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from driver import Accelerator
from driver.verilated import VerilatedTransport
from spec import tiny_variants as tiny
from spec.bank_file import save_bank
from spec.errors import InputError
from training.several import Device, Mixed
from verif.several import run_device

VARIANT = "eight"
USERS = Device(tuple(range(1, 9)))


@pytest.fixture(scope="module")
def device() -> Accelerator:
    design = tiny.accelerator(VARIANT)
    with Accelerator(VerilatedTransport(design, optimise=False), design) as opened:
        yield opened


@pytest.fixture
def bank_file(tmp_path: Path) -> Path:
    design = tiny.accelerator(VARIANT)
    save_bank(tmp_path / "eight.bank", tiny.bank(VARIANT, 1), design.moe, design.folding)
    return tmp_path / "eight.bank"


def mixed(count: int) -> Mixed:
    return Mixed(tiny.random_images(count, 3), np.zeros(count, np.int64), np.arange(count) % 9)


def test_every_answer_is_golden_and_counted(device: Accelerator, bank_file: Path) -> None:
    found = run_device(device.design, bank_file, USERS, mixed(36), device)
    assert found["wrong"] == found["counter_differences"] == 0
    assert found["images"] == found["answers_ge"] + sum(found["answers_le"]) == 36
    assert sum(answers > 0 for answers in found["answers_le"]) > 2  # several experts answer in this test
    again = run_device(device.design, bank_file, USERS, mixed(9), device)
    assert again["answers_ge"] + sum(again["answers_le"]) == 9  # counters start anew


def test_wrong_answers_and_wrong_counters_are_seen(device: Accelerator, bank_file: Path, monkeypatch) -> None:
    """Negative control: one answer is changed on its way from the device."""
    classify = Accelerator.classify

    def changed(self: Accelerator, images: np.ndarray):
        found = classify(self, images)
        experts = found.experts.copy()
        experts[4] = (experts[4] + 1) % 9
        return replace(found, experts=experts)

    monkeypatch.setattr(Accelerator, "classify", changed)
    found = run_device(device.design, bank_file, USERS, mixed(18), device)
    assert found["wrong"] == 1 and found["counter_differences"] == 2


def test_a_bank_of_fewer_experts_is_refused(device: Accelerator, tmp_path: Path) -> None:
    other = tiny.accelerator("one")
    save_bank(tmp_path / "one.bank", tiny.bank("one", 1), other.moe, other.folding)
    with pytest.raises(InputError):
        run_device(device.design, tmp_path / "one.bank", USERS, mixed(9), device)
