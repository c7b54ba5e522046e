# SPDX-License-Identifier: Apache-2.0
"""The section on oracle pruning says what its file says."""

from __future__ import annotations

from pathlib import Path

from report.context import load_context
from report.page import page
from report.tests import made_up
from report.tests.inspect_page import Page


def section(directory: Path, content: dict | None) -> str:
    """The section's text, of a page without other results."""
    text, problems = page(load_context(made_up.write(directory, {"pruning": content} if content else {})))
    assert problems == []
    return Page(text).texts["pruning"]


def test_figures_of_the_file(tmp_path: Path) -> None:
    text = section(tmp_path / "some", made_up.everything()["pruning"])
    assert all(
        words in text for words in ("0.50", "0.45", "80.00", "434", "5,678", "2 positions", "\u22121.23", "0.5 p")
    )
    assert "not measured" in section(tmp_path / "none", None)


def test_another_file_gives_another_text(tmp_path: Path) -> None:
    content = made_up.pruning()
    content["correlations"]["ge"]["held_out_alike"]["mean"] = 0.3141
    content["candidates"][0]["cycles"] = 4321
    text = section(tmp_path, content)
    assert "0.31" in text and "4,321" in text


def test_nothing_chosen_and_a_correlation_that_is_not_defined(tmp_path: Path) -> None:
    content = made_up.pruning()
    content["chosen"] = content["test"]["pruned"] = None
    del content["correlations"]["le"]["retrained"]
    text = section(tmp_path, content)
    assert "nothing is pruned" in text and "not measured" in text and "On test images" not in text
