# SPDX-License-Identifier: Apache-2.0
"""Sweeps on this machine: results in order, nothing computed twice, failures told by name, interrupted runs go on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spec.errors import CheckFailed, InputError
from spec.paths import ROOT
from tools import sweep
from tools.rows import RowTask
from tools.sweep import SweepFailed
from tools.tests.sweep_tasks import Square, begun, files
from tools.workers import Workers

TWO = Workers(2)


def squares(work: Path, numbers: range | tuple, **more) -> list[Square]:
    return [Square(work, number, **more) for number in numbers]


def test_a_task_of_rows_without_a_row_is_refused() -> None:
    with pytest.raises(TypeError, match="abstract method '?row"):
        type("Lazy", (RowTask,), {})()


@pytest.mark.parametrize("threads", [False, True], ids=["processes", "threads"])
def test_results_come_in_order_and_are_never_computed_again(tmp_path: Path, threads: bool) -> None:
    work = tmp_path / "work"
    first = sweep.run(squares(work, (3, 1, 2)), TWO, "squares", threads=threads)
    assert [row["square"] for row in first] == [9, 1, 4]
    again = sweep.run(squares(work, (2, 5, 3, 5)), TWO, "squares", threads=threads)
    assert [row["square"] for row in again] == [4, 25, 9, 25]
    assert begun(work) == [1, 2, 3, 5]


def test_files_are_the_same_whoever_computes_them(tmp_path: Path) -> None:
    for name, workers in (("one", Workers(1)), ("two", TWO)):
        sweep.run(squares(tmp_path / name, range(6)), workers, "squares")
    assert files(tmp_path / "one") == files(tmp_path / "two") and len(files(tmp_path / "one")) == 6


def test_a_result_that_says_who_computed_it_is_seen(tmp_path: Path) -> None:
    """Negative control of the comparison above."""
    for name in ("one", "two"):
        sweep.run(squares(tmp_path / name, range(2), trouble="pid"), Workers(1), "squares")
    one, two = files(tmp_path / "one"), files(tmp_path / "two")
    assert set(one) == set(two) and one != two


@pytest.mark.parametrize(("trouble", "error"), [("input", InputError), ("check", CheckFailed), ("defect", SweepFailed)])
def test_a_failure_is_told_by_name_and_stops_no_other(tmp_path: Path, trouble: str, error: type) -> None:
    work = tmp_path / "work"
    Path(f"{work}.trouble").touch()
    tasks = [*squares(work, range(4)), Square(work, 7, trouble=trouble)]
    with pytest.raises(error) as told:
        sweep.run(tasks, TWO, "squares")
    said = str(told.value)
    assert said.startswith(f"square of 7 ({tasks[-1].row().file.name}): no square of 7 (4 results are kept")
    assert "\n" not in said and (trouble != "defect" or isinstance(told.value.__cause__, ZeroDivisionError))
    assert len(files(work)) == 4
    Path(f"{work}.trouble").unlink()
    assert [row["square"] for row in sweep.run(tasks, TWO, "squares")] == [0, 1, 4, 9, 49]
    assert begun(work) == [0, 1, 2, 3, 7, 7]


def test_bad_input_comes_before_checks_and_many_failures_are_counted(tmp_path: Path) -> None:
    work = tmp_path / "work"
    Path(f"{work}.trouble").touch()
    tasks = [Square(work, number, trouble=kind) for number, kind in enumerate(("input", "check", "check", "check"))]
    with pytest.raises(InputError, match=r"square of \d.*; and 1 more \(0 results are kept"):
        sweep.run(tasks, TWO, "squares")


def test_what_a_killed_process_lost_is_computed_by_another(tmp_path: Path) -> None:
    work = tmp_path / "work"
    Path(f"{work}.trouble").touch()
    tasks = [*squares(work, range(5)), Square(work, 5, seconds=1, trouble="killed once")]
    assert [row["square"] for row in sweep.run(tasks, TWO, "squares")] == [0, 1, 4, 9, 16, 25]
    assert begun(work).count(5) == 2


def test_a_task_that_always_kills_its_process_ends_the_sweep(tmp_path: Path) -> None:
    work = tmp_path / "work"
    tasks = [*squares(work, range(3)), Square(work, 3, seconds=1, trouble="killed")]
    with pytest.raises(SweepFailed, match=r"a process died and took with it square of 3 \(row-\w+\.json\) \(3 results"):
        sweep.run(tasks, TWO, "squares")


def test_a_worker_with_other_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it has other data, presets or sources"):
        sweep.run(squares(tmp_path / "work", (1,), trouble="other"), TWO, "squares")
    assert files(tmp_path / "work") == {} and begun(tmp_path / "work") == []


CALLER = """
import sys
from pathlib import Path
from tools import sweep
from tools.rows import RowTask
from tools.tests.sweep_tasks import Square
from tools.workers import Workers
sweep.run([Square(Path(sys.argv[1]), number, 0.3, 'pid') for number in range(8)], Workers(2), "squares")
"""


def test_a_killed_call_goes_on_where_it_stopped(tmp_path: Path) -> None:
    work = tmp_path / "work"
    caller = subprocess.Popen([sys.executable, "-c", CALLER, work], env={"PYTHONPATH": str(ROOT)})
    while len(files(work)) < 3:
        assert caller.poll() is None, "it ended by itself"
        time.sleep(0.02)
    caller.kill()
    caller.wait()
    pids = {json.loads(path.read_text())["row"]["pid"] for path in work.glob("row-*.json")}
    for _ in range(200):  # its processes end with it
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            break
        time.sleep(0.05)
    else:
        raise AssertionError("a process has outlived its caller")
    finished = {path for path in work.glob("row-*.json")}
    tasks = squares(work, range(8))
    done = sorted(task.number for task in tasks if task.row().file in finished)
    assert 3 <= len(done) < 8
    before = begun(work)
    assert [row["square"] for row in sweep.run(tasks, TWO, "squares")] == [n**2 for n in range(8)]
    later = sorted(set(range(8)) - set(done))
    assert begun(work) == sorted(before + later)


def test_dask_that_is_not_installed_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install -r requirements-dask\.txt"):
        sweep.run(squares(tmp_path, (1,)), Workers(dask="tcp://127.0.0.1:1"), "squares")
