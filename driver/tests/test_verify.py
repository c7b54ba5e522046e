# SPDX-License-Identifier: Apache-2.0
"""The check of a bank file on a device: a wrong answer is a fault of the device, not bad input."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import driver.verify
from driver import DeviceFault
from driver.tests.devices import design
from driver.verify import DeviceCheck
from golden.integer_model import MoeModel
from spec.bank import random_bank
from spec.bank_file import save_bank
from spec.errors import CheckFailed
from spec.tiny_variants import random_images

BANK = random_bank(design().moe, 7)


class StandIn:
    """A device that answers as the golden model does, but for ``wrong`` classes."""

    def __init__(self, wrong: int) -> None:
        self.wrong = wrong

    def load_user(self, path) -> int:
        return 1

    def set_mode(self, mode) -> None:
        self.mode = mode

    def classify(self, images: np.ndarray) -> SimpleNamespace:
        said = MoeModel(design().moe).run(images, self.mode, BANK)
        classes = said.classes.copy()
        classes[: self.wrong] ^= 1
        count = len(images)
        banks, no_bank = np.ones(count, int), np.zeros(count, bool)
        return SimpleNamespace(classes=classes, experts=said.experts, banks=banks, no_bank=no_bank)


@pytest.fixture
def path(tmp_path):
    """A bank file of the tiny design."""
    save_bank(tmp_path / "me.bank", BANK, design().moe, design().folding, {})
    return tmp_path / "me.bank"


@pytest.mark.parametrize("wrong", [0, 2])
def test_a_wrong_answer_is_a_failed_check(path, monkeypatch, wrong: int) -> None:
    monkeypatch.setattr(driver.verify.Accelerator, "open", lambda design: StandIn(wrong))
    check, images = DeviceCheck(design()), random_images(5, 1)
    if not wrong:
        assert "every answer equals" in check(path, images)
        return
    with pytest.raises(DeviceFault, match="in LE_ONLY the device gives 2 wrong answers to 5 images") as fault:
        check(path, images)
    assert isinstance(fault.value, CheckFailed)
