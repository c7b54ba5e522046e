# SPDX-License-Identifier: Apache-2.0
"""Run tests on one changed source file, in a scratch directory that ends with the run."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spec.paths import BUILD, ROOT
from tools.mutants import MUTANT_VARIABLE
from verif.mutants.plugin import REPORT

SCRATCH = BUILD / "mutants" / "scratch"
LINT, SEEN, SURVIVED = "lint", "seen", "survived"


@dataclass(frozen=True)
class Execution:
    """What happened.

    Attributes:
        outcome: LINT (lint or elaboration refuses the design), SEEN (a test fails or does not end), SURVIVED.
        by: the test that saw it, or ``time-out``; of a design that is none, what was said.
        seconds: of every test that simulated the file and passed, by its pytest name.
        duration: of everything, seconds.
        log: the end of what pytest printed.
    """

    outcome: str
    by: str
    seconds: dict[str, float] = field(default_factory=dict)
    duration: float = 0
    log: str = ""


class Executor:
    """Runs tests as processes of their own; ``stop`` ends those that run."""

    def __init__(self, scratch: Path = SCRATCH) -> None:
        self.scratch = scratch
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(self, name: str, text: str, tests: Sequence[str], timeout: float | None = None) -> Execution:
        """Run ``tests`` of pytest, in this order until one fails, with ``text`` in place of the source ``name``."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.scratch, ignore_cleanup_errors=True) as directory:
            return self._run(Path(directory), name, text, tests, timeout)

    def stop(self) -> None:
        """End all running tests, and start none from now on."""
        self._stopped = True
        for process in list(self._running):
            _kill(process)

    def _run(self, directory: Path, name: str, text: str, tests: Sequence[str], timeout: float | None) -> Execution:
        (directory / name).write_text(text)
        log = directory / "pytest.log"
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        command += ["-o", "addopts=--import-mode=importlib", "-p", "verif.mutants.plugin", *tests]
        env = {**os.environ, MUTANT_VARIABLE: str(directory)}
        start = time.monotonic()
        if self._stopped:
            raise KeyboardInterrupt
        with log.open("wb") as output:
            # A group of its own: simulators and compilers end with it.
            process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
            self._running.add(process)
            try:
                code: int | None = process.wait(timeout)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                _kill(process)
                self._running.discard(process)
        if self._stopped:
            raise KeyboardInterrupt
        duration, said = time.monotonic() - start, log.read_text(errors="replace")[-3000:]
        if code is None:
            return Execution(SEEN, "time-out", duration=duration, log=said)
        refused = directory / "not_built"
        if refused.exists():
            return Execution(LINT, refused.read_text().splitlines()[0], duration=duration, log=said)
        if code not in (0, 1):
            raise RuntimeError(f"pytest ended with exit code {code} on {' '.join(tests)}:\n{said}")
        failed, seconds = _read_report(directory / REPORT)
        used = (directory / "used").read_text().splitlines() if (directory / "used").exists() else []
        passed = {test: value for test, value in seconds.items() if test in used}
        return Execution(SEEN if code else SURVIVED, failed, passed, duration, said)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read_report(path: Path) -> tuple[str, dict[str, float]]:
    """The test that failed, if any, and the duration of those that passed."""
    failed, seconds = "", {}
    for line in path.read_text().splitlines():
        test = json.loads(line)
        if test["outcome"] == "failed":
            failed = failed or test["name"]
        elif test["outcome"] == "passed":
            seconds[test["name"]] = test["seconds"]
    return failed, seconds
