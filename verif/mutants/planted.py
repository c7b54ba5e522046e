# SPDX-License-Identifier: Apache-2.0
"""Benches that are no benches, for the tests of campaigns: blind, seeing, hanging, without a simulator."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spec.paths import BUILD
from verif.mutants.cover import Cover

MODULE = "stream_append"
BENCHES = {
    "blind": "pass",
    "sighted": "assert not broken",
    "refusing": "if broken: run.refuse('%Error: no such signal'); raise RuntimeError",
    "hanging": "if broken: subprocess.run(['sleep', '600'])",
    "failing": "assert False, 'always'",
}
_TEXT = f"""
import subprocess
from tools.cocotb_run import RTL, mutate
from tools.mutants import under_test

SOUND = RTL / "{MODULE}.sv"
run = under_test()

def test_bench():
    [met] = run.stand_in([SOUND], RTL)
    broken = met.read_text() != SOUND.read_text()
    BODY

def test_negative_control():
    mutate(SOUND, "a", "b")
    raise AssertionError("a control must not run on a mutant")
"""


@contextmanager
def plantation() -> Iterator[Path]:
    """A directory for planted benches, within the project, as pytest's names of tests are relative to it."""
    BUILD.mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="planted-", dir=BUILD))
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def plant(kind: str, directory: Path) -> Cover:
    """A bench of one of the kinds as all that covers the module."""
    file = directory / f"test_{kind}.py"
    file.write_text(_TEXT.replace("BODY", BENCHES[kind]))
    return Cover({MODULE: file}, {}, {})
