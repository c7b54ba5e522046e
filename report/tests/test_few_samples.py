# SPDX-License-Identifier: Apache-2.0
"""The section and the picture on few training images show what their file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from report.context import load_context
from report.figures import few_samples as plots
from report.page import page
from report.tests import made_up
from report.tests.inspect_page import Page


def section(directory: Path, content: dict | None) -> str:
    """The section's text, of a page without other results."""
    text, problems = page(load_context(made_up.write(directory, {"few_samples": content} if content else {})))
    assert problems == []
    return Page(text).texts["few_samples"]


def test_figures_of_the_file(tmp_path: Path) -> None:
    text = section(tmp_path / "some", made_up.everything()["few_samples"])
    assert all(words in text for words in ("61.00", "71.00", "81.00", "56.00", "9.5", "2 users", "all images a class"))
    assert "not measured" not in text and "+5.00" in text
    assert "not measured" in section(tmp_path / "none", None)


def test_another_file_gives_another_text(tmp_path: Path) -> None:
    content = made_up.everything()["few_samples"]
    content["gates"]["rich"]["starts"]["generic"][1]["mean"]["le"]["mean"] = 0.1234
    assert "12.34" in section(tmp_path, content)


def test_a_preset_without_an_expert_at_first_has_no_figure_there(tmp_path: Path) -> None:
    content = made_up.everything()["few_samples"]
    gate = content["gates"]["rich"]
    del gate["starts"]["generic"], gate["starts"]["usual"][0]["mean"]["le"]
    text = section(tmp_path, content)
    assert "start without writers" not in text and "not measured" in text and "other writers" not in text


def test_the_curve_has_the_points_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(plots, "svg", lambda figure: drawn.append(figure) or "")
    starts = made_up.few_samples()["gates"]["rich"]["starts"]
    plots.curves(starts, {"usual": "a", "generic": "b"}, "a preset")
    lines = {one.get_label(): one.lines[0].get_xydata().tolist() for one in drawn[0].axes[0].containers}
    assert lines["GE and LE, a"] == [pytest.approx(one) for one in ([0, 61], [2, 71], [9.5, 81])]
    assert lines["LE alone, b"] == [pytest.approx(one) for one in ([0, 58], [2, 68], [9.5, 78])]
