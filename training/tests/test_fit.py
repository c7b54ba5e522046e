# SPDX-License-Identifier: Apache-2.0
"""The training loop: it learns, resumes exactly, and refuses checkpoints that are not its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from golden.tests.small import PRESET, blobs
from golden.torch_model import build_float, quantise_from, to_pixels
from spec.errors import InputError
from training import fit as fit_module
from training.fit import FitConfig, balanced_accuracy, fit, predict
from training.global_expert import load_float_weights, save_float_weights

CONFIG = FitConfig(epochs=3, learning_rate=5e-3, per_class=4, batch=64, augmentation=0.3, averaging=0.5)
TRAIN, VALIDATION = blobs(6, 0), blobs(2, 1)


def fresh(quantised: bool):
    torch.manual_seed(0)
    model = build_float(PRESET)
    return quantise_from(PRESET, model, to_pixels(TRAIN.images[:64])) if quantised else model


class Killed(Exception):
    """Stands for a kill between two epochs."""


@pytest.mark.parametrize("quantised", [False, True], ids=["float", "quantised"])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, monkeypatch, quantised: bool) -> None:
    whole = fresh(quantised)
    whole_history = fit(whole, TRAIN, VALIDATION, CONFIG)

    path = tmp_path / "checkpoint.pt"
    real_save = fit_module.save_checkpoint

    def save_then_die(*arguments) -> None:
        real_save(*arguments)
        raise Killed

    monkeypatch.setattr(fit_module, "save_checkpoint", save_then_die)
    with pytest.raises(Killed):
        fit(fresh(quantised), TRAIN, VALIDATION, CONFIG, path)
    monkeypatch.setattr(fit_module, "save_checkpoint", real_save)
    torch.manual_seed(99)  # a new process has another global random state
    resumed = fresh(quantised)
    resumed_history = fit(resumed, TRAIN, VALIDATION, CONFIG, path, resume=True)

    for key in ("loss", "validation"):
        assert [r[key] for r in resumed_history] == [r[key] for r in whole_history]
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_another_seed_gives_another_model() -> None:
    first, second = fresh(False), fresh(False)
    fit(first, TRAIN, VALIDATION, CONFIG)
    fit(second, TRAIN, VALIDATION, replace(CONFIG, seed=1))
    assert not torch.equal(first.fc2.weight, second.fc2.weight)


def test_it_learns_and_keeps_the_best_epoch() -> None:
    model = fresh(False)
    history = fit(model, TRAIN, VALIDATION, replace(CONFIG, epochs=12, augmentation=0.0))
    accuracy = balanced_accuracy(predict(model, VALIDATION.images).argmax(1), VALIDATION.labels)
    assert accuracy == max(record["validation"] for record in history)
    assert accuracy > 0.5


def test_a_checkpoint_of_other_settings_or_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    fit(fresh(False), TRAIN, VALIDATION, replace(CONFIG, epochs=1), path)
    with pytest.raises(InputError, match="epochs = 1, this run has epochs = 3"):
        fit(fresh(False), TRAIN, VALIDATION, CONFIG, path, resume=True)
    with pytest.raises(InputError, match="made with train"):
        fit(fresh(False), blobs(6, 7), VALIDATION, replace(CONFIG, epochs=1), path, resume=True)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(InputError, match="not a usable checkpoint"):
        fit(fresh(False), TRAIN, VALIDATION, CONFIG, path, resume=True)


def test_balanced_accuracy_weighs_classes_equally() -> None:
    labels = np.array([0, 0, 0, 1])
    assert balanced_accuracy(np.zeros(4, int), labels) == 0.5


def test_stored_float_weights_come_back(tmp_path: Path) -> None:
    model, path = fresh(False), tmp_path / "float.npz"
    save_float_weights(model, path)
    stored = load_float_weights(PRESET, path)
    assert torch.equal(stored.fc1.weight, model.fc1.weight.half().float())
    with pytest.raises(InputError, match="no such file"):
        load_float_weights(PRESET, tmp_path / "missing.npz")
    path.write_bytes(b"broken")
    with pytest.raises(InputError, match="not a file of float weights"):
        load_float_weights(PRESET, path)
