# SPDX-License-Identifier: Apache-2.0
"""The command line trains all three steps, hands over files, resumes, and refuses bad input in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from golden.data import Handwriting, LabelledImages
from golden.tests.small import blobs
from spec.bank_file import load_bank, read_bank_file
from spec.paths import bank_file, user_name
from spec.presets import TRAINED_GATES, load_moe
from spec.tests.commands import call
from training import factory, gate, local_expert
from training import three_steps as cli

NETWORK = """
name = "small"
tap = "pool1"
image = {height = 28, width = 28, channels = 1, bits = 8}
arithmetic = {activation_bits = 8, bias_bits = 16}
[[layer]]
name = "conv1"
kind = "conv"
channels = 4
kernel = 5
weight_bits = 6
[[layer]]
name = "pool1"
kind = "pool"
size = 2
[[layer]]
name = "fc1"
kind = "dense"
features = 62
weight_bits = 4
"""

FOLDING = """
name = "small"
[conv1]
pe = 4
simd = 1
[fc1]
pe = 2
simd = 4
[le_hidden]
pe = 2
simd = 4
[le]
pe = 2
simd = 4
[le_out]
pe = 2
simd = 2
[gate_hidden]
pe = 4
simd = 2
[gate_out]
pe = 1
simd = 1
"""


def handwriting() -> Handwriting:
    parts = [blobs(4, seed, brightness) for seed, brightness in ((20, 150), (21, 90))]
    images, labels = (np.concatenate([getattr(p, key) for p in parts]) for key in ("images", "labels"))
    user = np.repeat([0, 1], len(parts[0]))
    return Handwriting(LabelledImages(images, labels, "two writers"), user, np.arange(len(labels)) % 248 >= 186)


@pytest.fixture
def train(tmp_path: Path, monkeypatch):
    """Runs the command on small data; its files land under ``tmp_path``."""
    monkeypatch.setattr(cli, "generic_source", lambda split: blobs(6 if split == "train" else 2, 1, 255))
    monkeypatch.setattr(cli, "users_source", handwriting)
    monkeypatch.setattr(cli, "BUILD", tmp_path / "build")
    monkeypatch.setattr(cli, "MODELS", tmp_path / "models")
    monkeypatch.setattr(cli.ge_step, "FLOAT", cli.replace(cli.ge_step.FLOAT, per_class=6, batch=64))
    monkeypatch.setattr(cli.ge_step, "QUANTISED", cli.replace(cli.ge_step.QUANTISED, per_class=6, batch=64))
    monkeypatch.setattr(local_expert, "GENERIC_PER_CLASS", 8)
    monkeypatch.setattr(factory, "FACTORY", cli.replace(factory.FACTORY, epochs=1))
    monkeypatch.setattr(factory, "EPOCH_SAMPLES", 768)
    for table in (local_expert.USUAL, gate.GATES):
        monkeypatch.setitem(table, "factory", cli.replace(table["factory"], epochs=2))
    network = tmp_path / "small.toml"
    network.write_text(NETWORK)

    folding = tmp_path / "folding.toml"
    folding.write_text(FOLDING)

    def run(*arguments: str) -> int:
        common = ["--network", str(network), "--preset", str(folding), "--jobs", "1"]
        return call("train", *arguments, *common, "--work", tmp_path / "work")

    return run


def test_all_steps_then_resume(train, tmp_path: Path, capsys) -> None:
    report = tmp_path / "metrics.json"
    assert train("all", "--epochs", "2", "--quantised-epochs", "1", "--json", str(report)) == 0
    assert "rich: no factory banks, they need 3 writers" in capsys.readouterr().out
    metrics = json.loads(report.read_text())
    assert metrics["ge"]["test"]["quantised"]["images"] == 124
    models = tmp_path / "models"
    for preset in TRAINED_GATES:
        moe = load_moe(preset, models / "ge.onnx")
        for user in (1, 2):
            load_bank(bank_file(preset, user, models / "banks"), moe)
            assert 0 <= metrics[preset][user_name(user)]["test"]["overall"] <= 1
    assert (models / "le_generic_tuned.npz").exists() and (models / "ge_float.npz").exists()

    bank = bank_file("paper", 1, models / "banks")
    first, written = read_bank_file(bank).stream, bank.stat().st_mtime_ns
    assert train("gn", "--gate", "paper", "--resume") == 0
    assert bank.stat().st_mtime_ns == written
    assert train("gn", "--gate", "paper", "--users", "1") == 0
    assert bank.stat().st_mtime_ns > written
    np.testing.assert_array_equal(read_bank_file(bank).stream, first)  # the same seed gives the same bank


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("le", "--gate", "paper"), "there is no such QONNX file"),
        (("gn", "--users", "3"), "--users names 3, the data have users 1 to 2"),
        (("ge", "--epochs", "0"), "--epochs: is 0, at least 1 is needed"),
    ],
)
def test_bad_input_is_one_sentence(train, capsys, arguments: tuple[str, ...], message: str) -> None:
    assert train(*arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_synthetic_data_never_lands_in_models(train, tmp_path: Path, monkeypatch, capsys) -> None:
    synthetic = LabelledImages(**{**vars(blobs(6, 1)), "synthetic": True})
    monkeypatch.setattr(cli, "generic_source", lambda split: synthetic)
    assert train("ge", "--epochs", "1", "--quantised-epochs", "1") == 0
    assert "synthetic" in capsys.readouterr().out
    assert (tmp_path / "build" / "models" / "ge.onnx").exists()
    assert not (tmp_path / "models").exists()
