# SPDX-License-Identifier: Apache-2.0
"""The section on several users says what its file says, and says so when there is no file."""

from __future__ import annotations

from pathlib import Path

from report.context import load_context
from report.page import page
from report.tests import made_up
from report.tests.inspect_page import Page


def section(directory: Path, several: dict | None) -> str:
    """The section's text, of a page without other results."""
    contents = {} if several is None else {"several": several}
    text, problems = page(load_context(made_up.write(directory, contents)))
    assert problems == []
    return Page(text).texts["several"]


def test_figures_of_the_file(tmp_path: Path) -> None:
    text = section(tmp_path, made_up.everything()["several"])
    assert "not measured" not in text
    assert all(words in text for words in ("88.00", "0.90 to 1.10", "1.23", "1,234", "soft 0.1", "0 answers differ"))


def test_what_differs_is_shown(tmp_path: Path) -> None:
    several = made_up.several()
    several["device"]["wrong"] = 17
    assert "17 answers differ" in section(tmp_path, several)


def test_a_file_without_a_device_and_no_file(tmp_path: Path) -> None:
    several = made_up.several()
    del several["device"], several["choice"]
    text = section(tmp_path / "some", several)
    assert "simulated device" not in text and "Cross-validation" not in text
    assert "not measured" in section(tmp_path / "none", None)
