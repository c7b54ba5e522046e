# SPDX-License-Identifier: Apache-2.0
"""Sample images and accuracy: the device's answers are the device's, the outcomes those of the golden model."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from golden.data import LabelledImages, balanced_subset, generate, generate_generic
from golden.integer_model import MoeModel
from report import accuracy
from report.samples import SHOWN, measure
from report.sections.samples import png
from spec.bank import Bank
from spec.bank_file import load_bank
from spec.network import Mode
from spec.paths import bank_file
from spec.presets import DEFAULT_GATE, load_accelerator
from training.personalize import evaluate


class StandIn:
    """A device that answers as the golden model does, but for the answers that ``wrong`` names."""

    def __init__(self, wrong: tuple[int, ...] = ()) -> None:
        self.design, self._wrong = load_accelerator(), wrong

    def load_user(self, bank: Bank) -> None:
        """Keep the bank."""
        self._bank = bank

    def set_mode(self, mode: Mode) -> None:
        """Keep the mode."""
        self._mode = mode

    def classify(self, images: np.ndarray) -> SimpleNamespace:
        """Answers, some of them wrong."""
        said = MoeModel(self.design.moe).run(images, self._mode, self._bank)
        classes = said.classes.copy()
        classes[list(self._wrong)] ^= 1
        return SimpleNamespace(classes=classes, experts=said.experts)


@pytest.fixture(scope="module")
def data() -> tuple[LabelledImages, LabelledImages]:
    """A few synthetic images of a user, and generic ones."""
    return generate(1, 4, 1).test(1).take(40), generate_generic(1, "test", 1).take(12)


def bank() -> Bank:
    """Anybody's."""
    return load_bank(bank_file(DEFAULT_GATE), load_accelerator().moe)


def test_outcomes_are_counted_and_shown(data: tuple[LabelledImages, LabelledImages]) -> None:
    user, generic = data
    result = measure(StandIn(), bank(), user, generic)
    assert result["device"] == {"mode": "MOE_GATED", "images": 52, "differs": 0}
    helps, right, wrong, to_ge, to_le = result["groups"]
    assert to_ge["count"] + to_le["count"] == to_ge["of"] == 12
    # An image on which GE and MoE are right, one on which only the MoE is, and one on which it is not.
    assert helps["count"] + right["count"] + wrong["count"] == 40
    for group in result["groups"]:
        assert len(group["images"]) == min(group["count"], SHOWN)
        for image in group["images"]:
            assert image["device"] == {"class": image["answer"], "expert": image["expert"]}
            assert len(bytes.fromhex(image["pixels"])) == 28 * 28
    for image in helps["images"]:
        assert image["answer"] == image["label"] != image["ge"]
    for image in to_le["images"]:
        assert image["expert"] == 1 and image["margin"] > 0


def test_a_device_that_differs_is_noticed(data: tuple[LabelledImages, LabelledImages]) -> None:
    result = measure(StandIn(wrong=(0, 5)), bank(), *data)
    assert result["device"]["differs"] == 4  # two of the user's images and two generic ones


def test_a_picture_has_dark_ink_on_light_paper() -> None:
    import io

    from PIL import Image

    pixels = np.zeros((28, 28), np.uint8)
    pixels[3, 4] = 255
    picture = np.asarray(Image.open(io.BytesIO(png(pixels.tobytes().hex()))))
    assert picture.shape == (28, 28)
    assert picture[3, 4] == 0 and picture.sum() == 255 * (28 * 28 - 1)


def test_accuracy_is_that_of_table_2(monkeypatch: pytest.MonkeyPatch) -> None:
    users, generic = generate(1, 4, 1), balanced_subset(generate_generic(1, "test", 1), 0)
    monkeypatch.setattr(accuracy, "TRAINED_GATES", (DEFAULT_GATE,))
    result = accuracy.measure(users, generic)
    (row,) = result[DEFAULT_GATE]
    assert row == {"user": 1, **evaluate(load_accelerator().moe, bank(), users.test(1), generic)}
    assert result["data"]["synthetic"] is True
