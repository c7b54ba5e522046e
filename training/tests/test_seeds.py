# SPDX-License-Identifier: Apache-2.0
"""Users and seeds: what is held out chooses, test images only report; means and spreads are those of the rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from golden.data import Handwriting, LabelledImages
from golden.tests.small import blobs
from training import factory, seed_runs, seeds
from training.gate import GATES
from training.heads import HeadConfig
from training.local_expert import USUAL
from training.tests.test_personalize import GATE_TOML


class ChangingParts(dict):
    """Images by name; whoever changes some makes a process read its data again."""

    def __setitem__(self, name: str, images: LabelledImages) -> None:
        seed_runs.loaded.cache_clear()
        super().__setitem__(name, images)


@pytest.fixture
def data(monkeypatch) -> dict[str, LabelledImages]:
    """Small data and short training; the test images can be changed."""
    for table, epochs in ((USUAL, 3), (GATES, 3)):
        monkeypatch.setitem(table, "factory", replace(table["factory"], epochs=epochs, learning_rate=2e-2))
    monkeypatch.setattr(factory, "FACTORY", HeadConfig(epochs=3, learning_rate=2e-2, batch=128))
    monkeypatch.setattr(factory, "EPOCH_SAMPLES", 500)
    parts = ChangingParts({"train": blobs(6, 1), "test": blobs(2, 2), "own": blobs(2, 3, 110)})

    def users() -> Handwriting:
        images = [
            part.images for seed in (20, 21, 22) for part in (blobs(4, seed, 60 + 30 * (seed - 20)), parts["own"])
        ]
        labels = np.concatenate([np.tile(np.arange(62, dtype=np.uint8), 6)] * 3)
        user, is_test = np.repeat(np.arange(3), 372), np.tile(np.arange(372) >= 248, 3)
        return Handwriting(LabelledImages(np.concatenate(images), labels, "three writers"), user, is_test)

    monkeypatch.setattr(seed_runs, "generic_source", lambda part: parts[part])
    monkeypatch.setattr(seed_runs, "users_source", users)
    return parts


@pytest.fixture
def task(network_path: Path, tmp_path: Path):
    """Makes a task of user 1."""
    (tmp_path / "gate.toml").write_text(GATE_TOML.replace('"random"', '"factory"'))
    gate = str(tmp_path / "gate.toml")
    return lambda validate, work="work", seed=0: seeds.Task(gate, network_path, 1, seed, validate, tmp_path / work)


def test_what_is_held_out_does_not_depend_on_test_images(task, data) -> None:
    held_out, tested = task(True, "a").run(), task(False, "a").run()
    data["test"], data["own"] = blobs(2, 12), blobs(2, 13, 40)
    assert task(True, "b").run() == held_out
    other = task(False, "b").run()
    assert other["overall"] != tested["overall"] and other["validation"] == tested["validation"]
    assert task(True, "b", seed=1).run() != held_out


def test_a_finished_row_is_not_computed_again(task, data, monkeypatch, tmp_path) -> None:
    row = task(False).run()
    monkeypatch.setattr(seeds.UserTraining, "train", None)
    assert task(False).run() == row
    assert not list((tmp_path / "work").glob("expert-*"))


def test_mean_and_spread_are_those_of_the_seeds(network) -> None:
    rows = [
        {"user": user, "seed": seed, "overall": value}
        for user, seed, value in ((1, 0, 0.8), (2, 0, 0.6), (1, 1, 0.9), (2, 1, 0.9))
    ]
    found = seed_runs.summary(rows)["overall"]
    assert found["mean"] == pytest.approx(0.8) and found["spread"] == pytest.approx(np.std([0.7, 0.9], ddof=1))
    assert seed_runs.summary(rows[:2])["overall"]["spread"] == 0


def test_the_table_has_presets_and_fine_tuning(moe) -> None:
    def rows(base: float, **more: float) -> list[dict]:
        figures = {"balanced": 0.5, "generic_overall": 0.7, "ge": 0.6, "generic_ge": 0.75, **more}
        return [{"user": 1, "seed": seed, "overall": base + 0.02 * seed, **figures} for seed in (0, 1)]

    of_gates = rows(0.8, le=0.7, gn=0.9, generic_to_le=0.1)
    about = {"measured_on": "Made-up images.", "command": "python scripts/seeds.py"}
    tuned = {"paper": rows(0.9), "factory": rows(0.65)}
    result = seeds.record({"test": of_gates}, {"test": moe}, tuned, seeds.Weights(1234, 0.5), about)
    text = seeds.as_markdown(result)
    lines = {line.split(" | ")[0]: line for line in text.splitlines() if line.startswith("| ")}
    assert len({line.count("|") for line in lines.values()}) == 1
    assert "| 81.00 ± 1.41 | 50.00 ± 0.00 | 70.00 ± 0.00 | -5.00 | 70.00 ± 0.00 |" in lines["| `test`"]
    assert lines["| fine-tuning as in the paper"].endswith(
        "| 1,234 | 50.00 | 91.00 ± 1.41 | 50.00 ± 0.00 | 70.00 ± 0.00 | -5.00 | - | - | - |"
    )
    assert "| 0 | 0.00 | 66.00" in lines["| fine-tuning at the factory alone"]
    without = seeds.as_markdown(seeds.record({"test": of_gates}, {"test": moe}, {}, seeds.Weights(0, 0.0), about))
    assert "ine-tuning" not in without and "float GE" not in without
