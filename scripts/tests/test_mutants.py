# SPDX-License-Identifier: Apache-2.0
"""Exit codes of the command that runs random mutants, on planted benches."""

from __future__ import annotations

from pathlib import Path

import pytest

from spec.tests.commands import call, load
from verif.mutants.planted import MODULE, plant, plantation


@pytest.mark.parametrize(("kind", "code", "seen"), [("sighted", 0, "2 of 2"), ("blind", 1, "0 of 2")])
def test_exit_codes(
    kind: str, code: int, seen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mutants = load("mutants")
    with plantation() as directory:
        cover = plant(kind, directory)
        monkeypatch.setattr(mutants, "load_cover", lambda: cover)
        monkeypatch.setattr(mutants, "RESULTS", tmp_path)
        out = str(tmp_path / "results.jsonl")
        assert call("mutants", "--count", 2, "--module", MODULE, "--jobs", 1, "--out", out) == code
    said = capsys.readouterr().out
    assert f"Seen are {seen} mutants that matter" in said
    assert said.count("[[survivor]]") == (2 if kind == "blind" else 0)


def test_a_module_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("mutants", "--module", "stream_apend") == 2
    assert "there is no module 'stream_apend' in hw/rtl; there are accumulate_adder, " in capsys.readouterr().err
