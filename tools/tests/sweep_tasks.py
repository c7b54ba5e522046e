# SPDX-License-Identifier: Apache-2.0
"""Tasks for the tests of sweeps, in a module that other processes can import."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spec.errors import CheckFailed, InputError
from tools.rows import Row, RowTask

ERRORS = {"input": InputError, "check": CheckFailed, "defect": ZeroDivisionError}


@dataclass(frozen=True)
class Square(RowTask):
    """The square of a number.

    Attributes:
        work: of the rows; ``work.begun`` beside it gets a line whenever one is computed.
        seconds: how long that takes.
        trouble: key of ``ERRORS`` to raise, as long as there is a file ``work.trouble``; ``killed``: the process dies,
            ``killed once``: as long as there is that file, which it removes; ``pid``: the row says who computed it;
            ``other``: the row depends on who asks.
    """

    work: Path
    number: int
    seconds: float = 0.0
    trouble: str = ""

    def __str__(self) -> str:
        return f"square of {self.number}"

    def row(self) -> Row:
        depends_on = {"square of": self.number, "asked by": os.getpid() if self.trouble == "other" else 0}
        return Row(self.work, depends_on, self._compute)

    def _compute(self) -> dict[str, Any]:
        with open(f"{self.work}.begun", "a") as begun:
            begun.write(f"{self.number}\n")
        time.sleep(self.seconds)
        troubled = Path(f"{self.work}.trouble")
        if self.trouble == "killed" or (self.trouble == "killed once" and troubled.exists()):
            troubled.unlink(missing_ok=True)
            os.kill(os.getpid(), signal.SIGKILL)
        if self.trouble in ERRORS and troubled.exists():
            raise ERRORS[self.trouble](f"no square of {self.number}")
        return {"square": self.number**2, "pid": os.getpid() if self.trouble == "pid" else 0}


def begun(work: Path) -> list[int]:
    """Numbers whose squares were computed, sorted."""
    log = Path(f"{work}.begun")
    return sorted(map(int, log.read_text().split())) if log.exists() else []


def files(work: Path) -> dict[str, bytes]:
    """All that was written, by name."""
    return {path.name: path.read_bytes() for path in work.iterdir()} if work.exists() else {}
