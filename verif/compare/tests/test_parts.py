# SPDX-License-Identifier: Apache-2.0
"""A comparison by parts says what a comparison in one piece says, wherever the parts are cut, and repeats none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spec.network import Mode
from spec.tests.commands import call
from tools import sweep
from tools.workers import Workers
from verif.compare import parts, request
from verif.compare.comparison import run_stage
from verif.compare.parts import Images, Part
from verif.compare.request import Request
from verif.compare.stage import StageStopped
from verif.compare.stages import STAGES
from verif.compare.tests.setup import IMAGES, image_set, tiny_setup
from verif.compare.tests.test_comparison import ModelStage, broken_layer

WHOLE = Images(None, IMAGES, (1,))


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The tiny accelerator in this process, with a stage ``model`` that plays the RTL."""
    setup = tiny_setup(tmp_path)
    caches = (parts._setup, parts._images, parts._design, parts._stage)
    for cache in caches:
        cache.cache_clear()
    monkeypatch.setattr(parts, "load_setup", lambda request: (setup, 1))
    monkeypatch.setattr(request, "load_image_set", lambda *arguments: image_set())
    monkeypatch.setitem(STAGES, "model", ModelStage)
    monkeypatch.setattr(sweep, "run", lambda tasks, *more: [task.run() for task in tasks])
    yield setup
    for cache in caches:
        cache.cache_clear()


def by_parts(chunk: int, work: Path, mode: Mode = Mode.MOE_GATED):
    modes = parts.run_modes(Request(), WHOLE, ["model"], [mode], chunk, work, Workers(1))
    return modes[mode][0]


@pytest.mark.parametrize("chunk", [7, 16, 40, 100])
@pytest.mark.parametrize("image", [None, 3, 22])
def test_parts_say_what_the_whole_says(tiny, tmp_path, monkeypatch, chunk: int, image: int | None) -> None:
    def stage(setup):
        return ModelStage(setup, *([] if image is None else [broken_layer("gate_hidden", image)]))

    whole = run_stage(tiny, stage(tiny), image_set().images, Mode.MOE_GATED)
    broken = [] if image is None else [image]

    def stage_of_part(setup):
        made = stage(setup)
        run = made.run

        def cut(images, mode, on_chunk, description):  # the part knows its images by their numbers within it
            first = int(np.flatnonzero((image_set().images == images[0]).all((1, 2)))[0])
            inside = [one - first for one in broken if 0 <= one - first < len(images)]
            made.change = broken_layer("gate_hidden", inside[0]) if inside else lambda first, answers: None
            return run(images, mode, on_chunk, description)

        made.run = cut
        return made

    stage_of_part.exact = True
    monkeypatch.setitem(STAGES, "model", stage_of_part)
    found = by_parts(chunk, tmp_path / "rows")
    for name in ("classes", "experts", "answered"):
        assert (getattr(found, name) == getattr(whole, name)).all()
    assert found.mismatches == whole.mismatches and found.first == whole.first and found.agreement == whole.agreement
    assert found.differs == (image is not None)


def test_a_finished_part_is_not_repeated_and_belongs_to_its_settings(tiny, tmp_path, monkeypatch) -> None:
    work = tmp_path / "rows"
    report = by_parts(16, work)
    assert len(list(work.iterdir())) == 3
    monkeypatch.setattr(Part, "_compute", None)
    assert (by_parts(16, work).classes == report.classes).all()
    for other in (lambda: by_parts(20, work), lambda: by_parts(16, work, Mode.GE_ONLY)):
        with pytest.raises(TypeError):
            other()
    parts._setup.cache_clear()
    monkeypatch.setattr(parts, "load_setup", lambda request: (replace(tiny, theta=tiny.theta + 1), 1))
    with pytest.raises(TypeError):
        by_parts(16, work)


def test_a_stage_that_stops_is_told(tiny, tmp_path, monkeypatch) -> None:
    def stops(setup):
        stage = ModelStage(setup)

        def run(*arguments):
            raise StageStopped("no answer")

        stage.run = run
        return stage

    stops.exact = True
    monkeypatch.setitem(STAGES, "model", stops)
    found = by_parts(16, tmp_path / "rows")
    assert found.stopped == "no answer" and found.differs and not found.answered.any() and found.run is None


def test_processes_write_what_one_process_writes(tmp_path: Path, capsys) -> None:
    """The command, on the shipped accelerator and built-in handwriting."""
    said = []
    for jobs, name in ((1, "one"), (2, "two")):
        where = ["--work", tmp_path / name, "--json", tmp_path / f"{name}.json", "--jobs", jobs]
        same = ["--limit", "20", "--chunk", "8", "--stages", "int,torch", "--mode", "GE_ONLY"]
        assert call("compare_golden", *same, *where) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] and "20 images, 1 mode" in said[0]
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two and len(one) == 6
    assert json.loads((tmp_path / "one.json").read_text()) == json.loads((tmp_path / "two.json").read_text())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--chunk", "10", "--stages", "int,hls"], "--chunk is for the stages float, torch, int, rtl, not for hls"),
        (["--dask", "tcp://127.0.0.1:1"], "--dask does nothing beside a call without --chunk"),
        (["--chunk", "0"], "--chunk: is 0, at least 1 is needed"),
    ],
)
def test_bad_arguments_are_one_sentence(capsys, arguments, text) -> None:
    assert call("compare_golden", "--limit", "4", *arguments) == 2
    assert text in capsys.readouterr().err
