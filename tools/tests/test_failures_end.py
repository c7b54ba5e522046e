# SPDX-License-Identifier: Apache-2.0
"""A failing comparison of long values is explained at once, also where ``CI`` asks pytest for whole differences."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spec.paths import ROOT

_PATIENCE = 60  # seconds, for what ends within a few
_LONG_ENOUGH = 5  # for what does not end, once it has begun
_LONG = """
from random import Random

def _rows(seed):
    random = Random(seed)
    return [[random.randrange(7), random.randrange(11), random.randrange(13)] for _ in range(5_000)]

def test_lists():
    print("compared", flush=True)
    assert _rows(1) == _rows(2)

def test_texts():
    assert "\\n".join(map(str, _rows(1))) == "\\n".join(map(str, _rows(2)))
"""


@contextmanager
def _started(directory: Path, *options: str) -> Iterator[subprocess.Popen]:
    """Pytest on the long values; it ends with the block at the latest."""
    (directory / "test_long.py").write_text(_LONG)
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *options, str(directory)]
    environment = os.environ | {"CI": "true", "PYTHONPATH": str(ROOT)}
    pipe, both = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(command, cwd=directory, env=environment, stdout=pipe, stderr=both, text=True) as run:
        try:
            yield run
        finally:
            run.kill()


def test_long_differences_end(tmp_path: Path) -> None:
    with _started(tmp_path, "-p", "conftest") as run:
        said, _ = run.communicate(timeout=_PATIENCE)
    assert run.returncode == 1 and "2 failed" in said, said


def test_they_do_not_without_our_conftest(tmp_path: Path) -> None:
    with _started(tmp_path) as run:
        assert any("compared" in line for line in run.stdout)  # from here on it is the comparison that takes so long
        with pytest.raises(subprocess.TimeoutExpired):
            run.wait(_LONG_ENOUGH)
