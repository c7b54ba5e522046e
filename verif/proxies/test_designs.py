# SPDX-License-Identifier: Apache-2.0
"""Several designs side by side, on made-up results: the order of their cases, what is kept, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from golden.energy import Weights
from golden.energy.hardware import KINDS
from golden.energy.switching_weights import WEIGHTS
from spec.tests.commands import call
from verif.proxies import designs


def result(design: str, cost: float, toggles: float, *findings: str) -> dict:
    """One design with one case."""
    energy = {"total": cost, "low": cost, "high": cost, "by_domain": {}, "by_kind": dict.fromkeys(KINDS, cost / 4)}
    proxy = {"total": toggles, "by_kind": dict.fromkeys(WEIGHTS.weights(), toggles / 5)}
    case = {
        "mode": "GE_ONLY",
        "kind": "local",
        "images": 2,
        "cycles": 2000,
        "wrong": 0,
        "counters": {},
        "energy": {weights.name: energy for weights in Weights},
        "switching": {"proxy": proxy, "domains": {}},
    }
    return {
        "design": design,
        "data": {"generic": "letters", "user": "user 1", "synthetic": False},
        "sources": "digest",
        "images_per_case": 2,
        "findings": list(findings),
        "cases": [case],
        "agreement": [{"equal": True}, {"equal": not findings}],
    }


def test_designs_in_another_order_are_told() -> None:
    found = designs.summary([result("one", 2000, 100), result("other", 1000, 200), result("third", 500, 50)])
    assert found["quantities"] == {"compared": 6, "equal": 6}
    assert (found["orders"]["agree"], found["orders"]["tied"]) == (2, 0)
    (pair,) = found["orders"]["disagree"]
    assert (pair["a"], pair["b"], pair["sure"]) == ("one: GE_ONLY, local", "other: GE_ONLY, local", True)
    text = designs.as_text(found)
    assert "one: GE_ONLY, local / other: GE_ONLY, local: 2.000 by operations, 0.500 by switching, whatever" in text
    assert "Pairs: 2 in the same order, 0 tied, 1 not." in text


@pytest.mark.parametrize("wrong", [False, True])
def test_what_differs_ends_with_1(monkeypatch, tmp_path: Path, capsys, wrong: bool) -> None:
    findings = ["a counter is wrong"] if wrong else []
    monkeypatch.setattr(designs, "measure", lambda preset, gate, count: result(f"{gate}-{preset}", 1, 1, *findings))
    assert call("proxies_designs", "--json", tmp_path / "new" / "designs.json") == int(wrong)
    kept = json.loads((tmp_path / "new" / "designs.json").read_text())
    assert [case["design"] for case in kept["cases"]] == ["rich-ecp5_85", "paper-ecp5_85", "rich-ecp5_85_folded"]
    assert kept["quantities"]["equal"] == (3 if wrong else 6)
    assert ("FAIL rich-ecp5_85: a counter is wrong" in capsys.readouterr().err) == wrong


def test_figures_of_built_in_handwriting_are_not_kept(monkeypatch, capsys) -> None:
    monkeypatch.delenv("EMNIST_DIR", raising=False)
    monkeypatch.delenv("USERS_NPZ", raising=False)
    assert call("proxies_designs", "--keep") == 2
    assert "--keep needs EMNIST_DIR and USERS_NPZ" in capsys.readouterr().err
