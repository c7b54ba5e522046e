# SPDX-License-Identifier: Apache-2.0
"""The section on users and seeds says what its file says, and says so when there is no file."""

from __future__ import annotations

from pathlib import Path

from report.context import load_context
from report.page import page
from report.tests import made_up
from report.tests.inspect_page import Page


def section(directory: Path, seeds: dict | None) -> str:
    """The section's text, of a page without other results."""
    contents = {} if seeds is None else {"seeds": seeds}
    text, problems = page(load_context(made_up.write(directory, contents)))
    assert problems == []
    return Page(text).texts["seeds"]


def test_figures_of_the_file(tmp_path: Path) -> None:
    text = section(tmp_path, made_up.seeds())
    assert "not measured" not in text
    assert "1 users and 2 seeds" in text and "Made-up images." in text
    # The gate: 0.75, 0.74, 0.73 on EMNIST of a GE with 0.7; the paper's fine-tuning: 0.65, 0.63 on EMNIST.
    for figure in (
        "75.00 \u00b1 0.12",
        "73.00 \u00b1 0.12",
        "+3.00",
        "21,234",
        "4.65",
        "65.00 \u00b1 0.12",
        "\u22127.00",
    ):
        assert figure in text, figure
    assert "431,000" in text and "94.41" in text


def test_another_figure_is_shown(tmp_path: Path) -> None:
    seeds = made_up.seeds()
    seeds["fine_tuning"]["paper"]["mean"]["overall"]["mean"] = 0.4321
    text = section(tmp_path, seeds)
    assert "43.21" in text and "65.00 \u00b1" not in text


def test_without_fine_tuning_without_gates_and_without_a_file(tmp_path: Path) -> None:
    gates, tuned = made_up.seeds(), made_up.seeds()
    gates["fine_tuning"], tuned["gates"] = {}, {}
    text = section(tmp_path / "gates", gates)
    assert "tuned" in text and "Fine-tuning changes" not in text
    text = section(tmp_path / "tuned", tuned)
    assert "fine-tuning as in the paper" in text and "LE alone" not in text and "integer model" not in text
    assert "not measured" in section(tmp_path / "none", None)
