# SPDX-License-Identifier: Apache-2.0
"""A Python environment of its own for what a peer needs, so that nothing of it meets the project's packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from spec.files import locked, source_digest
from spec.paths import BUILD, ROOT

REQUIREMENTS = ROOT / "requirements-bench.txt"


def run(command: list[str], **options) -> None:
    """Run a program.

    Raises:
        RuntimeError: it failed; the message is the last line that it wrote.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise RuntimeError(lines[-1] if lines else f"{command[0]} ended with {done.returncode}")


def python(directory: Path = BUILD / "bench") -> Path:
    """Python of the environment, which is made when there is none of these requirements.

    Raises:
        RuntimeError: a package cannot be installed.
    """
    place = directory / f"env-{source_digest([REQUIREMENTS])[:16]}"
    with locked(place.with_suffix(".lock")):
        if not (place / "ready").exists():
            run([sys.executable, "-m", "venv", "--clear", str(place)])
            pip = [str(place / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
            run([*pip, "-r", str(REQUIREMENTS)])
            (place / "ready").touch()
    return place / "bin" / "python"
