# SPDX-License-Identifier: Apache-2.0
"""What becomes of a result of a table: printed, for machines, and kept."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spec.files import write_json
from training.table_files import keep


def hand_over(given: argparse.Namespace, name: str, text: str, result: dict[str, Any]) -> None:
    """Print a table; write ``--json``, and with ``--keep`` the files ``name`` under docs/results."""
    print(text)
    if given.json:
        write_json(given.json, result)
    if given.keep:
        keep(name, text, result)


def as_typed(file: str, arguments: Sequence[str] | None) -> str:
    """The command line that gives a result again, without what says only where and how fast.

    Args:
        file: ``__file__`` of the command.
        arguments: that it was called with; None takes those of the process.
    """
    words = iter(map(str, sys.argv[1:] if arguments is None else arguments))
    kept = []
    for word in words:
        flag, equals, _ = word.partition("=")
        if flag not in ("--work", "--json", "--jobs", "--dask"):
            kept.append(word)
        elif not equals:
            next(words, None)  # its value
    return shlex.join(["python", f"scripts/{Path(file).name}", *kept])
