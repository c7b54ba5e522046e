# SPDX-License-Identifier: Apache-2.0
"""The command of users and seeds gives every preset and variant its own rows, and refuses an empty table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from golden.data import Handwriting
from golden.tests.small import blobs
from spec.tests.commands import call, load
from tools.workers import Workers
from training.fair_seeds import VARIANTS
from training.seeds import Task
from training.table_files import TableData


@pytest.fixture
def result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What the command writes for some arguments, without training: a task's figure is its place in the list."""

    def rows(tasks: list, workers: Workers) -> list[dict]:
        keys = ("overall", "balanced", "generic_overall", "ge", "generic_ge", "le", "gn", "generic_to_le")
        return [
            {
                "user": task.user,
                "seed": task.seed,
                **{key: place / 100 for key in keys[: 8 if type(task) is Task else 5]},
            }
            for place, task in enumerate(tasks)
        ]

    writers = Handwriting(blobs(2, 1), np.tile([0, 1], 62), np.repeat([False, True], 62))
    data = TableData(blobs(1, 2), blobs(1, 3), writers, (1, 2))
    monkeypatch.setattr(TableData, "load", lambda numbers: data)
    monkeypatch.setattr(load("seeds"), "run_tasks", rows)

    def run(*arguments: str) -> dict:
        file = tmp_path / "seeds.json"
        assert call("seeds", "--seeds", "1", "--json", str(file), *arguments) == 0
        return json.loads(file.read_text())

    return run


def test_every_row_is_where_it_belongs(result) -> None:
    """A gate preset and a variant may have the same name."""
    found = result("--gates", "paper,tuned")
    assert list(found["gates"]) == ["paper", "tuned"] and list(found["fine_tuning"]) == list(VARIANTS)
    overall = [
        row["overall"] for part in ("gates", "fine_tuning") for one in found[part].values() for row in one["rows"]
    ]
    assert overall == [place / 100 for place in range(2 * (2 + len(VARIANTS)))]
    assert found["fine_tuning"]["paper"]["weights"] == 431_000


def test_fine_tuning_can_be_left_out_and_be_alone(result) -> None:
    assert result("--gates", "paper", "--no-fine-tuning")["fine_tuning"] == {}
    assert result("--gates", "")["gates"] == {}


@pytest.mark.usefixtures("result")
def test_nothing_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("seeds", "--gates", "", "--no-fine-tuning") == 2
    assert "nothing is left" in capsys.readouterr().err


def test_a_kept_command_says_nothing_of_where_and_how_fast() -> None:
    as_typed = load("_results").as_typed
    words = ["--work", "/tmp/a", "--json=/tmp/b", "--gates", "rich", "--jobs", "2", "--work=/tmp/c", "--keep"]
    assert as_typed("/somewhere/seeds.py", words) == "python scripts/seeds.py --gates rich --keep"
