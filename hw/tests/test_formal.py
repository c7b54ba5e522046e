# SPDX-License-Identifier: Apache-2.0
"""A quick part of ``make formal``, and that it would notice a proof or a control that fails."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from hw.formal import record
from hw.formal.proofs import FORK, GATES, MUX, ORDER, PROOFS
from hw.formal.runner import Control, Proof, prove, refute
from spec.tests.commands import call, load
from tools.cocotb_run import mutate, rtl_sources

QUICK = {proof.name: proof for proof in (ORDER, FORK, MUX, GATES[0])}


@pytest.mark.parametrize("proof", QUICK.values(), ids=QUICK)
def test_proof(proof: Proof) -> None:
    outcome = prove(proof)
    assert outcome.good, outcome.detail


@pytest.mark.parametrize("proof", [ORDER, MUX], ids=["order", "mux"])
def test_a_defect_is_refuted(proof: Proof) -> None:
    outcome = refute(proof, proof.controls[0])
    assert outcome.good, f"{outcome.status} {outcome.detail}"


def test_a_proof_that_fails_is_noticed() -> None:
    """One step of induction is not enough for the order."""
    outcome = prove(dataclasses.replace(ORDER, name="too shallow", depth=1))
    assert (outcome.good, outcome.status) == (False, "UNKNOWN")
    assert outcome.detail


def test_a_defect_that_is_not_one_is_noticed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    """A change that changes nothing has no counterexample: the command fails, and its file says so."""
    harmless = Control("harmless", "never_twice", "in_select_i & ~done_q;", "~done_q & in_select_i;")
    proof = dataclasses.replace(FORK, name="harmless change", controls=(harmless,))
    monkeypatch.setattr(load("formal"), "PROOFS", (proof,))
    monkeypatch.setattr(record, "OUT", tmp_path / "proofs.json")
    assert call("formal", "--jobs", 1) == 1
    assert "NOT FOUND (PASS)" in capsys.readouterr().out
    kept = json.loads((tmp_path / "proofs.json").read_text())
    assert [proof["good"] for proof in kept["proofs"]] == [True]
    assert [defect["good"] for defect in kept["defects"]] == [False]
    assert kept["sources"] == record.proof_digest()


def test_a_defect_found_by_another_assertion_does_not_count() -> None:
    outcome = refute(FORK, dataclasses.replace(FORK.controls[0], name="other label", found_by="unchanged"))
    assert (outcome.good, outcome.status) == (False, "FAIL")


def test_a_design_that_does_not_elaborate_is_an_error() -> None:
    outcome = prove(dataclasses.replace(FORK, name="no outputs", parameters={"Outputs": 0}))
    assert (outcome.good, outcome.status) == (False, "ERROR")
    assert outcome.detail


def test_unknown_proof_is_refused(capsys: pytest.CaptureFixture) -> None:
    assert call("formal", "--only", "nonsense") == 2
    assert "no proof's name contains 'nonsense'" in capsys.readouterr().err


def test_every_control_applies() -> None:
    """Each defect's text is still in the design, and no two runs share a directory."""
    names = [f"{proof.name}/{control.name}" for proof in PROOFS for control in proof.controls]
    assert len(set(names)) == len(names)
    for proof in PROOFS:
        source = rtl_sources(proof.design)[-1]
        for control in proof.controls:
            assert control.old or control.parameters
            if control.old:
                mutate(source, control.old, control.new)
