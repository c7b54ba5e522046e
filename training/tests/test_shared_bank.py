# SPDX-License-Identifier: Apache-2.0
"""One bank file for several users: it fits its device, says whose it is, and is refused where it cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from golden.tests.small import blobs
from spec.bank_file import load_bank, read_bank_file
from spec.presets import load_moe
from spec.tests.commands import call as call_command
from training import several, shared_bank
from training.gate import GATES
from training.local_expert import USUAL
from training.tests.test_personalize import FOLDING_TOML, GATE_TOML, write_handwriting


@pytest.fixture
def call(tmp_path: Path, network_path: Path, monkeypatch):
    """Runs the command on the small network and three writers."""
    monkeypatch.setattr(shared_bank, "generic_source", lambda split: blobs(25 if split == "train" else 2, 1))
    monkeypatch.setattr(shared_bank, "WORK", tmp_path / "work")
    monkeypatch.setitem(USUAL, "random", replace(USUAL["random"], epochs=3, learning_rate=2e-2))
    monkeypatch.setitem(GATES, "random", replace(GATES["random"], epochs=3))
    monkeypatch.setattr(several, "DEFAULT_FOLDING", str(tmp_path / "folding.toml"))
    (tmp_path / "gate.toml").write_text(GATE_TOML)
    (tmp_path / "folding.toml").write_text(FOLDING_TOML)
    write_handwriting(tmp_path / "three.npz", users=3)
    presets = ["--gate", str(tmp_path / "gate.toml"), "--preset", str(tmp_path / "folding.toml")]
    common = ["--ge", network_path, *presets, "--data", tmp_path / "three.npz", "--no-device"]
    return lambda *arguments: call_command("shared_device", *common, *arguments)


def test_a_bank_of_two(call, tmp_path: Path, network_path: Path) -> None:
    out = tmp_path / "two.bank"
    assert call("--users", "3,1", "--out", out, "--json", tmp_path / "out.json") == 0
    moe = load_moe(str(tmp_path / "gate.toml"), network_path, 2)
    bank = load_bank(out, moe)
    assert len(bank.local_experts) == 2 and len(bank.gate[-1].bias) == 3
    info, found = read_bank_file(out).info, json.loads((tmp_path / "out.json").read_text())
    assert info["users"] == [3, 1] == [user["user"] for user in found["own"]]
    assert call("--users", "1,3", "--out", tmp_path / "other.bank") == 0
    other = load_bank(tmp_path / "other.bank", moe)
    for mine, theirs in zip(bank.local_experts, reversed(other.local_experts), strict=True):
        assert np.array_equal(mine[0].weight, theirs[0].weight)  # an expert does not know its neighbours


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--users", "1,4"], "--users names 4, the data have users 1 to 3"),
        (["--users", "1", "--gate", "nothing"], "there is no gates preset 'nothing'"),
    ],
)
def test_what_cannot_be_is_refused(call, tmp_path: Path, arguments: list[str], words: str, capsys) -> None:
    assert call(*arguments, "--out", tmp_path / "x.bank") == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "x.bank").exists()
