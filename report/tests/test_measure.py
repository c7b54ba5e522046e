# SPDX-License-Identifier: Apache-2.0
"""The measurements of a run: lanes, failures, what counts as measured now, and the command as a whole."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from report.context import Step
from report.evidence import SOURCES
from report.measure import COMPARE, LANES, SYNTHESIS, Measurement, fresh, measure
from report.tests import made_up
from spec.tests.commands import call, load

command = load("report")


def run(key: str, text: str) -> Measurement:
    """A measurement that runs a line of Python."""
    return Measurement(key, ("-c", text))


def test_a_failure_stops_nothing_else(tmp_path: Path) -> None:
    lanes = (
        (run("bad", "print('the reason'); raise SystemExit(3)"), run("after", "pass")),
        (run("good", "print('fine')"),),
    )
    steps = measure(False, lanes, tmp_path)
    assert [step.key for step in steps] == ["bad", "after", "good"]
    assert [bool(step.problem) for step in steps] == [True, False, False]
    assert "code 3" in steps[0].problem and "the reason" in steps[0].problem
    assert (tmp_path / "good.log").read_text() == "fine\n"


def test_every_measurement_is_the_command_of_its_source() -> None:
    """What the page gives as the command is what runs, and writes where the page looks."""
    commands = {source.key: source.command for source in SOURCES}
    for lane in LANES:
        for measurement in lane:
            short = {"formal": "python scripts/formal.py --jobs 1"}.get(measurement.key, commands[measurement.key])
            assert measurement.command == short
    assert COMPARE[-1] == f"build/{next(source.built for source in SOURCES if source.key == 'compare')}"
    assert SYNTHESIS.key in commands


def test_what_was_measured_now(tmp_path: Path) -> None:
    places = made_up.write(tmp_path, made_up.everything())
    later, earlier = time.time() + 60, time.time() - 60
    steps = (Step("compare", "", 1.0), Step("samples", "", 1.0, "failed"), Step("formal", "", 1.0))
    (places.build / "formal" / "proofs.json").unlink()
    assert fresh(steps, later, places) == {"compare"}  # the failed one left its file as it was
    assert fresh(steps, earlier, places) == {"compare", "samples"}  # it wrote it: findings are results


@pytest.mark.usefixtures("quick_plots")
@pytest.mark.parametrize("problem", ["", "went wrong"], ids=["good", "bad"])
def test_the_command_writes_the_page_in_any_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, problem: str
) -> None:
    places = made_up.write(tmp_path, made_up.everything())
    out = tmp_path / "out" / "report.html"
    monkeypatch.setattr(command, "Places", lambda: places)
    monkeypatch.setattr(command, "measure", lambda synthesise: (Step("compare", "python compare", 1.0, problem),))
    assert call("report", "--out", out) == int(bool(problem))
    assert ("went wrong" in out.read_text()) == bool(problem)
    assert "PROBLEM: went wrong" in capsys.readouterr().err if problem else True
    assert [file.name for file in out.parent.iterdir()] == ["report.html"]


@pytest.mark.usefixtures("quick_plots")
def test_resources_are_synthesised_only_when_they_are_of_other_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(command, "measure", lambda synthesise: asked.append(synthesise) or ())
    contents = made_up.everything()
    for sources in (contents["resources"]["sources"], "0" * 16):
        contents["resources"]["sources"] = sources
        places = made_up.write(tmp_path, contents)
        monkeypatch.setattr(command, "Places", lambda places=places: places)
        call("report", "--out", tmp_path / "report.html")
    assert asked == [False, True]


def test_quick_measures_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = made_up.write(tmp_path, {})
    monkeypatch.setattr(command, "Places", lambda: places)
    monkeypatch.setattr(command, "measure", lambda synthesise: pytest.fail("measured"))
    out = tmp_path / "report.html"
    assert call("report", "--quick", "--out", out) == 0
    assert "without new measurements" in out.read_text()


def test_made_up_results_have_all_that_their_sources_need() -> None:
    contents = json.loads(json.dumps(made_up.everything()))
    for source in SOURCES:
        assert set(source.needs) <= set(contents[source.key]), source.key
