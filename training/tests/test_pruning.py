# SPDX-License-Identifier: Apache-2.0
"""Oracle pruning: what is removed, what a device computes without it, correlations that can be wrong, the choice."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from golden.integer_model import MoeModel
from golden.tests.small import blobs
from spec.bank import Bank
from spec.folding import build_folding
from spec.kinds.data import LayerFolding, Shape
from spec.network import Mode
from training import pruning, pruning_study
from training.features import Copies, extract
from training.gate import GATES
from training.heads import Head, integer_logits
from training.local_expert import USUAL
from training.pruning import PARTS, Pruning, correlations, random_prunings, random_units, without
from training.pruning_study import block_rams, candidates, chosen, cost, pruned_cost
from training.sampling import folds
from training.tests.test_personalize import FOLDING_TOML, GATE_TOML
from training.tests.test_seeds import data  # noqa: F401

SHAPE = Shape(2, 3, 4)


def test_what_is_removed() -> None:
    numbers = np.arange(24).reshape(6, 4)
    assert not without(SHAPE, "positions", [1, 5]).kept[numbers[[1, 5]]].any()
    assert without(SHAPE, "positions", [1, 5]).kept.sum() == 16
    assert not without(SHAPE, "channels", [3]).kept[numbers[:, 3]].any()
    assert without(SHAPE, "channels", [3]).kept.sum() == 18
    assert np.flatnonzero(~without(SHAPE, "inputs", [0, 23]).kept).tolist() == [0, 23]
    assert without(SHAPE, "positions", []).kept.all()


def test_random_prunings_are_many_different_and_seeded() -> None:
    shape = Shape(3, 3, 20)
    found = random_prunings(shape, 0)
    assert len(found) >= 50 and len({one.kept.tobytes() for one in found}) == len(found)
    for one in found:
        each = {"positions": 20, "channels": 9, "inputs": 1}[one.kind]
        assert (~one.kept).sum() == each * one.removed
    other = random_prunings(shape, 1)
    assert [one.group for one in other] == [one.group for one in found]
    assert any((one.kept != two.kept).any() for one, two in zip(found, other, strict=True))
    units = random_units(500, 0)
    assert len(units) >= 50 and all((~one.kept).sum() == one.removed for one in units)


@pytest.fixture
def user(moe):
    """A learner of a user, who rehearses nothing."""
    images = blobs(5, 3, 120)
    samples = extract(moe, images, Copies(mild=1))
    made = pruning.learner(moe, samples, folds(images.labels, PARTS, 0), None, None, 0)
    return replace(made, config=replace(made.config, epochs=6, learning_rate=2e-2))


def test_a_zeroed_input_is_a_pruned_weight_for_the_device(user, moe) -> None:
    shape = pruning_study.pooled(moe)
    kept = without(shape, "positions", [0, 7]).kept
    weights = user.train(kept, pruning.LEARN)
    assert not weights[0].weight[:, ~kept].any() and weights[0].weight[:, kept].any()
    gate = Head(moe.gate.layers, 0).integers()
    images = blobs(1, 9, 120)
    bank = Bank(moe.preset, moe.network.digest(), (weights,), gate)
    answers = MoeModel(moe).run(images.images, Mode.LE_ONLY, bank).classes
    read = pruning.masked(extract(moe, images), kept)
    assert (answers == integer_logits(moe.le.layers, weights, read.local).argmax(1)).all()


def test_the_oracle_reads_neither_what_is_left_for_the_choice_nor_held_out_images(user, moe) -> None:
    shape = pruning_study.pooled(moe)
    some = [without(shape, "positions", [0]), without(shape, "channels", [0, 1])]
    rows = pruning.le_oracle(user, some)
    assert [row["group"] for row in rows] == ["1 positions", "2 channels"]

    def spoiled(part: int):
        local = user.samples.local.copy()
        local[user.fold == part] = 255 - local[user.fold == part]
        return replace(user, samples=replace(user.samples, local=local))

    assert pruning.le_oracle(spoiled(pruning.CHOICE), some) == rows
    held_out = pruning.le_oracle(spoiled(pruning.HELD_OUT), some)
    learned = ("pruned", "retrained")
    assert [[row[key] for key in learned] for row in held_out] == [[row[key] for key in learned] for row in rows]
    assert held_out != rows
    assert pruning.le_oracle(spoiled(pruning.LEARN[0]), some)[0]["pruned"] != rows[0]["pruned"]


def test_retraining_lowers_the_loss_and_pruning_everything_does_not_recover(user, moe) -> None:
    shape = pruning_study.pooled(moe)
    half, nothing = without(shape, "channels", [0, 1]), without(shape, "inputs", range(shape.size))
    rows = pruning.le_oracle(user, [half, nothing])
    assert rows[0]["retrained"] < rows[0]["pruned"]
    assert rows[1]["retrained"] > rows[0]["retrained"] and rows[1]["held_out_accuracy"] < 0.1


def test_units_of_a_float_network() -> None:
    """Units 0 to 3 carry the class; the others are noise that pruning does not miss."""
    torch.manual_seed(0)
    images = blobs(8, 1)
    images = images.select(np.flatnonzero(images.labels < 4))
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 12), nn.ReLU(), nn.Linear(12, 62))
    with torch.no_grad():
        model[1].weight.zero_()
        for label in range(4):
            model[1].weight[label, 28 * 2 + 2 + 3 * label] = 9.0
    fold = folds(images.labels, PARTS, 0)
    config = replace(pruning.RETRAIN_GE, epochs=40, learning_rate=3e-2)
    kept = np.ones((2, 12), bool)
    kept[0, 4:], kept[1, :4] = False, False
    before = {name: value.clone() for name, value in model.state_dict().items()}
    rows = pruning.ge_oracle(model, images, fold, [Pruning("units", 8, kept[0]), Pruning("units", 4, kept[1])], config)
    assert rows[0]["held_out_accuracy"] > 0.9 > 0.5 > rows[1]["held_out_accuracy"]
    assert rows[0]["pruned"] < rows[1]["pruned"] and rows[0]["retrained"] < rows[1]["retrained"]
    assert all((model.state_dict()[name] == value).all() for name, value in before.items())


def test_correlations_tell_an_oracle_from_chance_and_size_from_choice() -> None:
    rng = np.random.default_rng(0)

    def rows(noise: float) -> list[dict]:
        found = []
        for size in (1, 2, 3):
            for _ in range(20):
                worth = rng.random()
                after = size + (1 - noise) * worth + noise * rng.random()
                found.append({"group": str(size), "pruned": size + worth, "retrained": after, "held_out": after})
        return [{**row, "held_out_accuracy": 1 - 0.1 * row["retrained"]} for row in found]

    good, chance = correlations(rows(0.0)), correlations(rows(1.0))
    assert good["retrained"] == good["retrained_alike"] == 1 and good["held_out_error_alike"] == 1
    assert chance["retrained"] > 0.5  # of its size alone
    assert abs(chance["retrained_alike"]) < 0.25
    same = [{**row, "retrained": 1.0} for row in rows(0.0)]
    assert correlations(same)["retrained"] is None


def test_candidates_remove_the_lowest_scores() -> None:
    scores = {"positions": [5.0, 0.0, 4.0, 1.0, 3.0, 2.0], "channels": [3.0, 2.0, 1.0, 0.0]}
    oracle = [{"scores": dict.fromkeys(pruning_study.RULES, scores)}] * 2
    found = {(one["kind"], one["kept"]): one["removed"] for one in candidates(oracle, SHAPE)}
    assert found["positions", 3] == [1, 3, 5] and found["channels", 2] == [2, 3]
    assert all(len(removed) + kept == {"positions": 6, "channels": 4}[kind] for (kind, kept), removed in found.items())


def test_the_choice_is_the_smallest_that_keeps_the_accuracy() -> None:
    found = [
        {"accuracy": 0.899, "bits": 50},
        {"accuracy": 0.9, "bits": 40},
        {"accuracy": 0.898, "bits": 40},
        {"accuracy": 0.8, "bits": 10},
    ]
    assert chosen(found, 0.9) == found[1]
    assert chosen(found, 0.9, tolerance=0.2) == found[3]
    assert chosen(found[3:], 0.9) is None


def test_block_rams() -> None:
    assert block_rams(36, 512) == block_rams(18, 1024) == block_rams(1, 16384) == 1
    assert block_rams(37, 512) == block_rams(36, 513) == 2
    assert block_rams(160, 1116) == 15  # five of 36 bits, three deep; nine of 18 bits take two each


def test_costs_are_those_of_the_folding(moe) -> None:
    layer = moe.le.layers[0]
    s = layer.in_shape
    section = {"pe": 2, "simd": s.channels}
    names = {one.name: section if one.name == layer.name else {"pe": 1, "simd": 1} for one in moe.weighted_layers}
    folding = build_folding({"name": "test", **names}, moe)
    whole = pruned_cost(moe, folding, "positions", 0)
    assert whole == cost(layer, LayerFolding(2, s.channels), 2)
    positions = s.height * s.width
    assert whole["cycles"] == positions * 62 // 2 and whole["bits"] == 2 * layer.weights * layer.weight.bits
    fewer = pruned_cost(moe, folding, "positions", positions // 2)
    assert fewer["cycles"] == (positions - positions // 2) * 31 and fewer["multipliers"] == whole["multipliers"]
    narrow = pruned_cost(moe, folding, "channels", s.channels // 2)
    assert narrow["cycles"] == whole["cycles"] and narrow["multipliers"] == whole["multipliers"] // 2
    assert narrow["bits"] == whole["bits"] // 2


@pytest.fixture
def study(moe, data, network_path, tmp_path, monkeypatch):  # noqa: F811
    """Runs the whole study on small data without the float GE."""
    (tmp_path / "gate.toml").write_text(GATE_TOML)
    monkeypatch.setattr(pruning, "DRAWS", 1)
    monkeypatch.setattr(pruning, "RETRAIN_EPOCHS", 1)
    for table in (USUAL, GATES):
        monkeypatch.setitem(table, "random", replace(table["random"], epochs=2, learning_rate=2e-2))
    monkeypatch.setattr(pruning_study.seed_runs, "run", lambda tasks, workers: [task.run() for task in tasks])
    folding = build_folding(tomllib.loads(FOLDING_TOML), moe)

    def run(work: str, tolerance: float) -> dict:
        monkeypatch.setattr(pruning_study, "chosen", lambda found, unpruned: chosen(found, unpruned, tolerance))
        same = {"gate": str(tmp_path / "gate.toml"), "ge": network_path, "seed": 0, "validate": False}
        result = pruning_study.run({**same, "work": Path(tmp_path / work)}, (1,), moe, folding, 1)
        return {**result, "gate": "test", "folding": "small", "measured_on": "Made up.", "command": "none"}

    return run


def test_test_images_choose_nothing_and_measure_once(study, data) -> None:  # noqa: F811
    first = study("a", 1.0)
    data["test"], data["own"] = blobs(2, 12), blobs(2, 13, 40)
    second = study("b", 1.0)
    assert first["candidates"] == second["candidates"] and first["chosen"] == second["chosen"]
    assert first["test"] != second["test"] and first["chosen"]["bits"] < first["unpruned"]["bits"]
    text = pruning_study.as_markdown(first)
    assert "Chosen, smallest memory" in text and f"{100 * first['test']['pruned']['le']:.2f}" in text
    none = study("a", -2.0)
    assert none["chosen"] is None and "nothing is pruned" in pruning_study.as_markdown(none)
