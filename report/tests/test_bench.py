# SPDX-License-Identifier: Apache-2.0
"""The section beside others says what its file says, names who could not be built, and says when there is no file."""

from __future__ import annotations

from pathlib import Path

from report.context import load_context
from report.figures.bench import picture
from report.page import page
from report.tests import made_up
from report.tests.inspect_page import Page


def section(directory: Path, bench: dict | None, wrong: str = "") -> str:
    """The section's text, of a page without other results; ``wrong`` is in what the page says is wrong."""
    contents = {} if bench is None else {"bench": bench}
    text, problems = page(load_context(made_up.write(directory, contents)))
    assert [wrong in problem for problem in problems] == [True] * bool(wrong)
    return Page(text).texts["bench"]


def test_figures_of_the_file(tmp_path: Path) -> None:
    text = section(tmp_path, made_up.everything()["bench"])
    for words in ("6,400", "12,345", "12.5 times our cycles", "10.0 times", "another: not measured: No matching",
                  "a peer: no cells: out of memory", "elsewhere", "77.00"):  # fmt: skip
        assert words in text, words


def test_what_is_wrong_is_shown(tmp_path: Path) -> None:
    bench = made_up.everything()["bench"]
    bench["findings"] = ["a peer: 12.5 times our cycles, 13 wanted"]
    assert "13 wanted" in section(tmp_path, bench, "bench: a peer: 12.5 times our cycles")


def test_no_file(tmp_path: Path) -> None:
    assert "not measured" in section(tmp_path, None)


def test_the_picture_has_whole_networks_only() -> None:
    drawn = picture(made_up.bench()["rows"])
    assert "a peer" in drawn and "a layer" not in drawn and "another" not in drawn
