# SPDX-License-Identifier: Apache-2.0
"""For all tests: the longest files first, and their times on request (see docs/testing.md)."""

from __future__ import annotations

import os

import pytest

# Two workers with as many threads each as there are cores only wait for one another; before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from tools.test_order import BUILT, FRESH, keep_seconds, kept_seconds, longest_first  # noqa: E402

_OPTION = "--keep-seconds"


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--keep-seconds STATE``: keep how long each test file took."""
    parser.addoption(_OPTION, choices=(FRESH, BUILT), help="keep the seconds of each test file, for this state")


def _file(nodeid: str) -> str:
    return nodeid.split("::")[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest files first; ``make test`` gives whole files to its workers."""
    items[:] = longest_first(items, lambda item: _file(item.nodeid), kept_seconds())


class _Seconds:
    """Collects what every test took, in whatever process it ran."""

    def __init__(self, state: str) -> None:
        self.state = state
        self.durations: list[tuple[str, float]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.durations.append((_file(report.nodeid), report.duration))

    def pytest_sessionfinish(self) -> None:
        keep_seconds(self.durations, self.state)


def pytest_configure(config: pytest.Config) -> None:
    """Register the clock, in the process that hears of every test."""
    state = config.getoption(_OPTION)
    if state and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Seconds(state))
