# SPDX-License-Identifier: Apache-2.0
"""Sweeps on a Dask cluster of this machine: two worker processes, one of them killed half-way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from spec.errors import CheckFailed, InputError
from spec.paths import ROOT
from tools import sweep
from tools.tests.sweep_tasks import Square, begun, files
from tools.workers import Workers

pytest.importorskip("distributed", reason="Dask is not installed (requirements-dask.txt)")

Start = Callable[..., subprocess.Popen]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a part of a cluster, which ends with the test."""
    running = []

    def run(what: str, *arguments: str, path: str = str(ROOT)) -> subprocess.Popen:
        code = f"import sys; sys.path.append({path!r}); from distributed.cli.dask_{what} import main; main()"
        command = [sys.executable, "-c", code, *arguments, "--no-dashboard"]
        with open(tmp_path / f"{what}.log", "ab") as log:
            running.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path))
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
def address(start: Start, tmp_path: Path) -> str:
    """Of a scheduler without workers."""
    file = tmp_path / "scheduler.json"
    start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    for _ in range(600):
        if file.exists() and file.read_text().endswith("}"):
            return json.loads(file.read_text())["address"]
        time.sleep(0.05)
    raise AssertionError((tmp_path / "scheduler.log").read_text())


def worker(start: Start, address: str, threads: int = 1, **more: str) -> subprocess.Popen:
    return start("worker", address, "--no-nanny", "--nthreads", str(threads), **more)


def squares(work: Path, count: int, seconds: float = 0.0) -> list[Square]:
    return [Square(work, number, seconds) for number in range(count)]


def test_a_killed_worker_changes_no_result(start: Start, address: str, tmp_path: Path) -> None:
    sweep.run(squares(tmp_path / "local", 12), Workers(1), "squares")
    two = [worker(start, address) for _ in range(2)]
    work, killed = tmp_path / "dask", []

    def kill_half_way() -> None:
        while len(files(work)) < 6:
            time.sleep(0.02)
        two[1].send_signal(signal.SIGKILL)
        killed.append(len(files(work)))

    killer = Thread(target=kill_half_way, daemon=True)
    killer.start()
    rows = sweep.run(squares(work, 12, 0.4), Workers(dask=address), "squares")
    killer.join()
    assert two[1].wait() == -signal.SIGKILL and two[0].poll() is None
    assert 6 <= killed[0] < 12, "the worker was killed too late"
    assert [row["square"] for row in rows] == [number**2 for number in range(12)]
    assert files(work) == files(tmp_path / "local")
    once = begun(work)
    assert sweep.run(squares(work, 12), Workers(dask=address), "squares") == rows and begun(work) == once


def test_a_failure_is_told_by_name_and_the_others_are_kept(start: Start, address: str, tmp_path: Path) -> None:
    worker(start, address)
    work = tmp_path / "work"
    Path(f"{work}.trouble").touch()
    with pytest.raises(CheckFailed, match=r"^square of 9 \(row-\w+\.json\): no square of 9 \(3 results are kept"):
        sweep.run([*squares(work, 3), Square(work, 9, trouble="check")], Workers(dask=address), "squares")
    assert len(files(work)) == 3


def test_a_worker_with_several_threads_is_refused(start: Start, address: str, tmp_path: Path) -> None:
    worker(start, address, threads=2)
    with pytest.raises(InputError, match="has 2 threads, start it with 1"):
        sweep.run(squares(tmp_path, 1), Workers(dask=address), "squares")


def test_a_worker_without_the_project_is_refused(start: Start, address: str, tmp_path: Path) -> None:
    worker(start, address, path=str(tmp_path))
    with pytest.raises(InputError, match="does not find the project, set PYTHONPATH="):
        sweep.run(squares(tmp_path, 1), Workers(dask=address), "squares")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere"], ids=["nobody", "no address"])
def test_a_wrong_address_is_bad_input(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.workers.PATIENCE", 2)
    with pytest.raises(InputError, match=f"--dask {address}: no scheduler answers"):
        sweep.run(squares(tmp_path, 1), Workers(dask=address), "squares")
