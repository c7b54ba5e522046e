# SPDX-License-Identifier: Apache-2.0
"""A failing comparison of long values is explained at once, also where ``CI`` asks pytest for whole differences."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spec.paths import ROOT

_PATIENCE = 6
_LONG = """
from random import Random

def _rows(seed):
    random = Random(seed)
    return [[random.randrange(7), random.randrange(11), random.randrange(13)] for _ in range(5_000)]

def test_lists():
    assert _rows(1) == _rows(2)

def test_texts():
    assert "\\n".join(map(str, _rows(1))) == "\\n".join(map(str, _rows(2)))
"""


def _run(directory: Path, *options: str) -> subprocess.CompletedProcess:
    (directory / "test_long.py").write_text(_LONG)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(directory)]
    environment = os.environ | {"CI": "true", "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=_PATIENCE)


def test_long_differences_end(tmp_path: Path) -> None:
    done = _run(tmp_path, "-p", "conftest")
    assert done.returncode == 1 and "2 failed" in done.stdout, done.stdout + done.stderr


def test_they_do_not_without_our_conftest(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        _run(tmp_path)
