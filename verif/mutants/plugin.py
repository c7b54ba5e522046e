# SPDX-License-Identifier: Apache-2.0
"""pytest plug-in of a run on a mutant: which tests passed and failed, one JSON object a line."""

from __future__ import annotations

import json
from typing import Any

from tools.mutants import under_test

REPORT = "tests.jsonl"


def pytest_runtest_logreport(report: Any) -> None:
    """Note the end of a test, and a failure before it began or after it ended."""
    run = under_test()
    if run and (report.when == "call" or report.failed):
        entry = {"name": report.nodeid, "outcome": report.outcome, "seconds": round(report.duration, 3)}
        with (run.directory / REPORT).open("a") as file:
            print(json.dumps(entry), file=file)


def pytest_sessionstart() -> None:
    """The report exists, also of a session without tests."""
    if run := under_test():
        (run.directory / REPORT).touch()
