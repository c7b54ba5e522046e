# SPDX-License-Identifier: Apache-2.0
"""For all tests: the longest files first, and their times on request (see docs/testing.md)."""

from __future__ import annotations

import os

import pytest

# Two workers with as many threads each as there are cores only wait for one another; before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# On CI pytest shows differences of any length, and finding that of two lists of thousands of numbers takes it hours.
for _name in ("CI", "BUILD_NUMBER"):
    os.environ.pop(_name, None)

from tools.run_order import BUILT, FRESH, keep_seconds, kept_seconds, longest_first  # noqa: E402

_OPTION = "--keep-seconds"


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--keep-seconds STATE``: keep how long each test file took."""
    parser.addoption(_OPTION, choices=(FRESH, BUILT), help="keep the CPU seconds of each test file, for this state")


def _file(nodeid: str) -> str:
    return nodeid.split("::")[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest files first; ``make test`` gives whole files to its workers."""
    items[:] = longest_first(items, lambda item: _file(item.nodeid), kept_seconds())


def _spent() -> float:
    """CPU seconds of this process and of all that it waited for: what else runs on the machine does not count."""
    return sum(os.times()[:4])


class _Seconds:
    """Adds up what the tests of each file took, in whatever process they ran."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.durations: list[tuple[str, float]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item):
        started = _spent()
        result = yield
        self.durations.append((_file(item.nodeid), _spent() - started))
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node) -> None:
        self.durations += getattr(node, "workeroutput", {}).get(_OPTION, [])

    def pytest_sessionfinish(self) -> None:
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput[_OPTION] = self.durations
        else:
            keep_seconds(self.durations, self.config.getoption(_OPTION))


def pytest_configure(config: pytest.Config) -> None:
    """Register the clock."""
    if config.getoption(_OPTION):
        config.pluginmanager.register(_Seconds(config))
