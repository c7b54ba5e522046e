# SPDX-License-Identifier: Apache-2.0
"""The part of the section on energy that is about learning shows what its file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from report.context import load_context
from report.evidence import State
from report.page import page
from report.tests import made_up
from report.tests.inspect_page import Page


def section(directory: Path, content: dict | None) -> str:
    """The text of the section on energy, of a page without other results."""
    text, problems = page(load_context(made_up.write(directory, {"learning_energy": content} if content else {})))
    assert problems == []
    return Page(text).texts["energy"]


def test_figures_of_the_file(tmp_path: Path) -> None:
    text = section(tmp_path, made_up.learning_energy())
    for words in ("1,000 labelled images", "7 passes, mean of 2 users", "432 times", "785.4 cycles", "0.08 mJ"):
        assert words in text, words
    # 0.8 of 80 uJ; 311 pJ; retraining.
    for words in ("1.00 %", "0.311", "85.000", "8-bit integers, trunk once an image, weights on chip", "39.7 (20.0 to"):
        assert words in text.replace("\u202f", " ").replace("\xa0", " "), words


def test_another_file_gives_another_text_and_none_says_so(tmp_path: Path) -> None:
    content = made_up.learning_energy()
    content["course"]["local_moves"], content["course"]["mismatches"] = 433.0, 5
    text = section(tmp_path / "some", content)
    assert "433 times" in text and "in 5 places" in text and "432" not in text
    assert "scripts/learning_energy.py" in section(tmp_path / "none", None)


@pytest.mark.parametrize("key", ["learning", "learning_energy"])
def test_figures_of_another_rule_are_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    places = made_up.write(tmp_path, {key: made_up.everything()[key]})

    def state() -> State:
        return next(row.state for row in load_context(places).evidence if row.key == key)

    assert state() == State.KEPT
    monkeypatch.setattr("report.context.learning_digest", lambda: "another")
    assert state() == State.OTHER
