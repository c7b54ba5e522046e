# SPDX-License-Identifier: Apache-2.0
"""The picture of the regions: every rectangle has the area of its share, and the GE's side is left."""

from __future__ import annotations

import pytest
from matplotlib.patches import Rectangle

from report.figures import regions
from report.tests.inspect_page import Page
from report.tests.test_page import whole  # noqa: F401

SHARES = {"r1": 0.5, "r2": 0.25, "r3": 0.1, "r4": 0.15}


def rectangles(shares: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[float, ...]]:
    """x, y, width and height by the region that has this look."""
    drawn = []
    monkeypatch.setattr(regions, "svg", lambda figure: drawn.append(figure) or "")
    regions.areas([("a case", shares)])
    names = {colour: name for name, (colour, _) in regions._LOOK.items()}
    found = {}
    for patch in drawn[0].axes[0].patches:
        assert isinstance(patch, Rectangle)
        red, green, blue, _ = (round(255 * value) for value in patch.get_facecolor())
        found[names[f"#{red:02X}{green:02X}{blue:02X}"]] = (*patch.get_xy(), patch.get_width(), patch.get_height())
    return found


def test_areas_are_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rectangles(SHARES, monkeypatch)
    assert {name: width * height for name, (_, _, width, height) in found.items()} == pytest.approx(SHARES)
    assert found["r1"][0] == found["r3"][0] == 0 < found["r2"][0] == found["r4"][0]
    assert found["r1"][1] == found["r2"][1] == 0 < min(found["r3"][1], found["r4"][1])
    other = rectangles({**SHARES, "r1": 0.25, "r2": 0.5}, monkeypatch)
    assert other["r1"] != found["r1"]


def test_a_ge_that_is_never_right_has_no_side(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rectangles({"r1": 0.0, "r2": 0.75, "r3": 0.0, "r4": 0.25}, monkeypatch)
    assert found["r2"][2:] == (1.0, 0.75) and found["r1"][2] == 0


def test_the_section_shows_the_figures_of_its_files(whole: tuple[str, Page, list[str]]) -> None:  # noqa: F811
    """Made up: the whole has 70, 60 and 50 % on users by the three trainings, and each soft gate a point more."""
    text = " ".join(whole[1].texts["regions"].split())
    for share in ("70.00", "60.00", "50.00", "80.00", "81.00", "82.00"):
        assert share in text
    assert "\u221210.00" in text and "+1.00" in text and "+2.00" in text
