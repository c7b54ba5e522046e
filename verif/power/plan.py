# SPDX-License-Identifier: Apache-2.0
"""The test plan as data: read it, run its tests, and say for each item what came of them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ElementTree
from dataclasses import asdict, dataclass
from pathlib import Path

from spec.errors import InputError
from spec.paths import BUILD, RESULTS, ROOT

PLAN = ROOT / "verif" / "testplan.toml"
OUT = BUILD / "power" / "plan.json"
KEPT = RESULTS / "power.json"


@dataclass(frozen=True)
class Item:
    """One line of the plan. ``tests`` are ``file::function``; ``control``: it shows that a check can fail."""

    name: str
    tests: tuple[str, ...]
    control: bool = False
    coverage: bool = False


@dataclass(frozen=True)
class Verdict:
    """Tests of one item that ran, and those that failed."""

    item: Item
    passed: int
    failed: tuple[str, ...]

    @property
    def word(self) -> str:
        """What the table says."""
        if self.failed:
            return "FAILED"
        return "ok" if self.passed else "NOT RUN"


def load_plan(path: Path = PLAN) -> tuple[Item, ...]:
    """Read the plan.

    Raises:
        InputError: an item is wrong, or names a test file or function that does not exist.
    """
    items = []
    for entry in tomllib.loads(path.read_text()).get("item", []):
        unknown = set(entry) - {"name", "tests", "control", "coverage"}
        if unknown or not entry.get("name") or not entry.get("tests"):
            raise InputError(f"{path}: an item needs 'name' and 'tests', and knows 'control', 'coverage': {entry}")
        for test in entry["tests"]:
            file, _, function = test.partition("::")
            if not (ROOT / file).is_file() or f"def {function}(" not in (ROOT / file).read_text():
                raise InputError(f"{path}: '{entry['name']}' names the test {test}, which does not exist")
        items.append(Item(**{**entry, "tests": tuple(entry["tests"])}))
    return tuple(items)


def run_plan(items: tuple[Item, ...], jobs: int) -> tuple[list[Verdict], str]:
    """Run every test of the plan once, those that ``make test`` leaves out too.

    Returns:
        A verdict for each item, and what the tests that show coverage printed.
    """
    tests = sorted({test for item in items for test in item.tests})
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "", "-n", str(jobs), f"--junitxml={report}"]
        command += ["-o", "junit_logging=system-out", "-o", "junit_family=xunit1", *tests]
        subprocess.run(command, cwd=ROOT, check=False)
        if not report.exists():
            raise InputError("pytest ended without a report; its messages are above")
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    outcomes: dict[str, list[tuple[str, bool]]] = {test: [] for test in tests}
    coverage = []
    for case in cases:
        name = case.get("name", "")
        test = f"{case.get('file')}::{name.partition('[')[0]}"
        good = all(case.find(tag) is None for tag in ("failure", "error", "skipped"))
        outcomes.setdefault(test, []).append((name, good))
        if any(item.coverage and test in item.tests for item in items):
            coverage.append(case.findtext("system-out") or "")
    verdicts = []
    for item in items:
        results = [result for test in item.tests for result in outcomes[test]]
        missing = tuple(test for test in item.tests if not outcomes[test])
        failed = tuple(name for name, good in results if not good) + missing
        verdicts.append(Verdict(item, sum(good for _, good in results), failed))
    return verdicts, "\n".join(coverage)


def as_data(verdicts: list[Verdict], coverage: str, sources: str) -> dict:
    """The same as plain data, for the report; ``sources`` is the digest of the hardware that was tested."""
    items = [
        {**asdict(verdict.item), "passed": verdict.passed, "failed": list(verdict.failed), "word": verdict.word}
        for verdict in verdicts
    ]
    return {"sources": sources, "items": items, "coverage": coverage.strip()}


def as_text(verdicts: list[Verdict]) -> str:
    """The table."""
    lines = [f"{'result':8} {'tests':>5}  item"]
    for verdict in verdicts:
        kind = " (control)" if verdict.item.control else ""
        lines.append(f"{verdict.word:8} {verdict.passed:>5}  {verdict.item.name}{kind}")
        lines += [f"{'':16}failed: {name}" for name in verdict.failed]
    return "\n".join(lines)
