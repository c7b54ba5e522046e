# SPDX-License-Identifier: Apache-2.0
"""learning_energy.py and the rows of energy.py on learning: what they print and write, and bad input."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from golden.energy.hardware import KINDS
from hw.gen.digest import rtl_digest
from report.context import digests_now
from spec.paths import CONFIGS
from spec.presets import load_toml
from spec.tests.commands import call, load
from training import table_files
from training.table_files import TableData
from verif.compare import courses as courses_module


@pytest.fixture
def courses(monkeypatch: pytest.MonkeyPatch) -> dict:
    """Courses are made up, and no hardware is built; the figures that every user has."""
    users = SimpleNamespace(train=lambda user: f"images of {user}")
    data = SimpleNamespace(train="generic images", users=users, numbers=(1, 2), synthetic=True)
    data.about = lambda: {"users": "made-up users", "synthetic": True}
    monkeypatch.setattr(TableData, "load", staticmethod(lambda numbers: data))
    script = load("learning_energy")
    monkeypatch.setattr(script, "build_library", lambda hardware: None)
    monkeypatch.setattr(courses_module, "teaching", lambda images: f"some of the {images}")
    counts = {"own": 90, "generic": 18, "with_gate": 27, "local_moves": 40, "gate_moves": 4, "images": 108}
    figures = {**counts, "different_images": 100, "cycles": 100_000, "mismatches": 0}
    figures |= {part: dict.fromkeys(KINDS, 1e6) for part in ("inference", "learning")}
    seen = []

    def take(lecture, seed) -> dict:
        seen.append((lecture.own, lecture.generic, lecture.rule.seed, lecture.course.passes, seed))
        return dict(figures)

    monkeypatch.setattr(script.lessons, "take_course", take)
    return {"figures": figures, "seen": seen, "data": data}


def cannot_learn(directory: Path) -> Path:
    """The default folding for a device that does not learn."""
    file, text = directory / "frozen.toml", (CONFIGS / "folding" / "ecp5_85.toml").read_text()
    file.write_text(text.replace("weight_banks = 2", "weight_banks = 2\nlearning = false"))
    return file


def test_every_user_takes_the_course_and_the_result_is_written(courses: dict, tmp_path: Path, capsys) -> None:
    file = tmp_path / "result.json"
    assert call("learning_energy", "--passes", 3, "--seed", 5, "--jobs", 1, "--json", file) == 0
    (one, two) = courses["seen"]
    assert (one[0], two[0]) == ("images of 1", "images of 2") and one[2] != two[2]
    assert one[1] == "some of the generic images" and one[3:] == (3, 5)
    result = json.loads(file.read_text())
    assert [user["user"] for user in result["users"]] == [1, 2]
    assert result["sources"] == digests_now(rtl_digest())["hardware and learning"]
    assert result["section"] == load_toml("gates", "rich")["learning"]
    assert result["course"]["local_moves"] == 40 and result["passes"] == 3 and len(result["retraining"]) == 8
    said = capsys.readouterr().out
    assert "| LE moves | 40 | 0.370 |" in said and "the gate moves" in said


def test_hardware_that_differs_is_exit_code_1(courses: dict) -> None:
    courses["figures"]["mismatches"] = 1
    assert call("learning_energy", "--jobs", 1) == 1


def test_what_differs_is_not_kept(courses: dict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    monkeypatch.setattr(table_files, "RESULTS", tmp_path)
    courses["data"].synthetic, courses["figures"]["mismatches"] = False, 3
    assert call("learning_energy", "--keep", "--json", tmp_path / "result.json") == 1
    assert "differ in 6 places: nothing is kept" in capsys.readouterr().err and not list(tmp_path.iterdir())
    courses["figures"]["mismatches"] = 0
    assert call("learning_energy", "--keep") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["learning_energy.json", "learning_energy.md"]


@pytest.mark.parametrize("digest", ["rtl_digest", "learning_digest"])
def test_the_sources_are_those_of_before_the_work(courses: dict, monkeypatch, tmp_path: Path, digest: str) -> None:
    script, file = load("learning_energy"), tmp_path / "result.json"
    monkeypatch.setattr(script, "build_library", lambda _: monkeypatch.setattr(script, digest, lambda: "edited"))
    assert call("learning_energy", "--json", file) == 0
    assert "edited" not in json.loads(file.read_text())["sources"]


def test_bad_input_is_one_sentence(courses: dict, tmp_path: Path, capsys) -> None:
    frozen = cannot_learn(tmp_path)
    for arguments, words in (
        (("--gate", "tuned"), "no section [learning]"),
        (("--preset", frozen), "cannot learn"),
        (("--banks", tmp_path), "factory_without_user01.bank"),
        (("--keep",), "are not kept"),
        (("--keep", "--passes", "1"), "--keep is for the published result"),
    ):
        assert call("learning_energy", *arguments) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1


def test_energy_prints_what_a_lesson_is_made_of(tmp_path: Path, capsys) -> None:
    assert call("energy") == 0
    assert "the local expert moves" in capsys.readouterr().out
    assert call("energy", "--preset", cannot_learn(tmp_path)) == 0
    assert "the local expert moves" not in capsys.readouterr().out
