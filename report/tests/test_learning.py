# SPDX-License-Identifier: Apache-2.0
"""The section and the picture on learning on the device show what their file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from report.context import load_context
from report.figures import learning as plots
from report.page import page
from report.tests import made_up
from report.tests.inspect_page import Page


def section(directory: Path, content: dict | None) -> str:
    """The section's text, of a page without other results."""
    text, problems = page(load_context(made_up.write(directory, {"learning": content} if content else {})))
    assert problems == []
    return Page(text).texts["learning"]


def test_figures_of_the_file(tmp_path: Path) -> None:
    text = section(tmp_path / "some", made_up.learning())
    # Users after 20 passes, the host's, images learned, what was missed.
    assert all(words in text for words in ("81.00 \u00b1 0.21", "88.40", "1,980", "98.76", "2 users and 1 seeds"))
    assert "not measured" not in text and text.count("yes") == text.count("12.34") == 1
    assert "not measured" in section(tmp_path / "none", None)


def test_another_file_gives_another_text_and_no_host_no_line(tmp_path: Path) -> None:
    content = made_up.learning()
    content["gates"]["rich"]["curve"][-1]["after"]["1"]["le"]["mean"] = 0.4321
    content["gates"]["rich"]["host"] = None
    text = section(tmp_path, content)
    assert "43.21" in text and "trained on a host" not in text


def test_the_picture_has_the_points_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(plots, "png", lambda figure: drawn.append(figure) or b"")
    plots.picture(made_up.learning()["gates"]["rich"], "a preset")
    left, right = (
        {one.get_label(): one.lines[0].get_xydata().tolist() for one in axes.containers} for axes in drawn[0].axes
    )
    assert left["GE and LE"] == [pytest.approx(one) for one in ([0, 61], [1, 71], [20, 81])]
    assert right["LE alone, 1 pass"] == [pytest.approx(one) for one in ([1, 60], [9.5, 70])]
    assert right["GE and LE, 20 passes"] == [pytest.approx(one) for one in ([1, 71], [9.5, 81])]


def test_the_same_figures_give_the_same_picture() -> None:
    found = made_up.learning()["gates"]["rich"]
    picture = plots.picture(found, "a preset")
    assert picture == plots.picture(found, "a preset") and picture.startswith(b"\x89PNG")
    found["curve"][0]["after"]["1"]["le"]["mean"] = 0.1
    assert plots.picture(found, "a preset") != picture
