# SPDX-License-Identifier: Apache-2.0
"""Rows of a long table, each kept in a file once it is computed, so that an interrupted table goes on.

A row's file is named by a digest of what the row is said to depend on, so a row of other data, settings or networks is
never read. Code is not part of it: who changes what a row means must change ``depends_on`` too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spec.files import as_json, write_text


def cached_row(directory: Path, depends_on: dict[str, Any], compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The row of ``depends_on``, from ``directory`` when it was computed before.

    A file that cannot be read is computed again.

    Args:
        depends_on: everything that may change the row, as plain values; dataclasses as their ``repr``.
        compute: makes the row, as JSON can hold it.
    """
    key = json.dumps(depends_on, sort_keys=True)
    path = directory / f"row-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
    try:
        stored = json.loads(path.read_text())
        if stored["depends_on"] == json.loads(key):
            return stored["row"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    row = compute()
    write_text(path, as_json({"depends_on": depends_on, "row": row}))
    return row
